"""The sidebar of Zendesk's ticket: one page of ours beside it, and the app that puts it there.

pages      what the page and its script ask of us, as a Flask blueprint
bundle     the app to install, as a zip that needs no tools to make

Zendesk signs the first load of the page (keys, gate); everything after that carries a bearer of our own, which lives in
the page's memory, since cookies of other sites do not reach a frame any more.
"""

from integrations.zendesk.sidebar.bundle import bundle
from integrations.zendesk.sidebar.pages import Tickets, pages

__all__ = ["Tickets", "bundle", "pages"]
