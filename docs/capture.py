"""Makes docs/thread.png, the picture on the README's first screen, from the running demo. Needs chromium.

Usage: .venv/bin/python docs/capture.py
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
SUBJECT = "ORDER LL-10234"
BROWSER = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def main() -> None:
    """Run the demo until the first letter has its draft, and take a picture of its page."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as output:
            command = [str(Path(sys.executable).with_name("amends")), "demo", "--seconds", "60"]
            demo = subprocess.Popen(command, stdout=output)
        try:
            address = wanted_page(log)
            picture(address, Path(folder))
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(timeout=30)


def wanted_page(log: Path) -> str:
    """The address of the case of the first letter, once it has a draft."""
    for _ in range(120):
        time.sleep(0.5)
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
        page = read(f"{found[0]}/?show=all") if found else ""
        case = re.search(rf'href="(/cases/\w+)"[^>]*>[^<]*{SUBJECT}', page)
        if found and case and "Written" in read(found[0] + case[1]):
            return found[0] + case[1]
    raise SystemExit("the demo's first letter got no draft within a minute")


def read(address: str) -> str:
    """The page, as text."""
    with urllib.request.urlopen(address, timeout=10) as answer:
        return str(answer.read().decode())


def picture(address: str, folder: Path) -> None:
    """A screenshot, tall enough for tags, due dates and draft."""
    browser = shutil.which("chromium") or shutil.which("google-chrome") or "chromium"
    target = f"--screenshot={HERE / 'thread.png'}"
    profile = f"--user-data-dir={folder / 'profile'}"
    subprocess.run([browser, *BROWSER, profile, "--window-size=900,1650", target, address], check=True)


main()
