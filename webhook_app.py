"""The page as a WSGI application, for any server: `waitress-serve webhook_app:app`, in the folder of amends.yaml."""

from __future__ import annotations

from pathlib import Path

from plugin.config import load
from plugin.register import open_register
from plugin.web import create_app

app = create_app(open_register(load(Path("amends.yaml"), secrets=False)))
