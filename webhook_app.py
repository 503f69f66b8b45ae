"""Page and webhooks as a WSGI application, for any server: `waitress-serve webhook_app:app`, beside amends.yaml."""

from __future__ import annotations

from pathlib import Path

from plugin.config import load
from plugin.web import open_app

app = open_app(load(Path("amends.yaml"), secrets=False))
