"""YAML made to run code, to grow without end or to be too large: refused at once, in one sentence, with its place."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from plugin.config import load
from plugin.source import Problems
from tests.faults.house import PASSWORD, Forks, QuickShop
from tests.faults.liar import closed_port
from tests.faults.table import record
from tests.shop import open_shop

WITNESS = "amends-was-made-to-run-this"
_LEVELS = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 10))
HOSTILE = {
    "an object of Python's": "a: !!python/object/apply:os.system ['touch amends-was-made-to-run-this']\n",
    "a name of Python's": "a: !!python/name:os.system\n",
    "a tag of its own": "a: !run touch\n",
    "10^9 aliases": f"l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n{_LEVELS}\n",
    "an alias of itself": "a: &a [*a]\n",
    "a merge of itself": "a: &a {<<: *a}\n",
    "brackets without end": "a: " + "[" * 100_000 + "\n",
    "indents without end": "".join(" " * depth + "a:\n" for depth in range(3_000)),
    "20 MB": "# " + "x" * 20_000_000 + "\n",
    "two million keys": "".join(f"k{number}: x\n" for number in range(400_000)),
    "controls": "a: \x00\x07\n",
    "no text": "a: \udcff\udcfe\n",
}


@pytest.fixture
def shop(tmp_path: Path, forks: Forks) -> QuickShop:
    return QuickShop(open_shop(tmp_path / "shop", closed_port(), PASSWORD).folder, forks=forks)


@pytest.mark.parametrize("where", ["amends.yaml", "my-playbooks/house.yaml"])
def test_x08_hostile_yaml_is_refused_within_a_second_and_runs_nothing(
    shop: QuickShop, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.folder)
    file, cost = shop.folder / where, 0.0
    for name, text in HOSTILE.items():
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
        ran = shop.amends("check")
        assert ran.returncode == 2, name
        said = ran.stdout.decode() + ran.stderr.decode()
        assert "Traceback" not in said
        assert re.match(rf"\S*{Path(where).name}:\d+:\d+: \S", said), (name, said[:300])
        if where == "amends.yaml":
            begun = time.process_time()
            with pytest.raises(Problems):
                load(file)
            cost = max(cost, time.process_time() - begun)
    assert not list(shop.folder.rglob(WITNESS))
    record("X08", f"{len(HOSTILE)} of {len(HOSTILE)} refused, each within 1 s", cost <= 1)
    assert cost <= 1
