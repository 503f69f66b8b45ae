"""The web page: the register and its cases, for reading. It is for this machine alone and changes nothing.

create_app
    the WSGI application, for any server.
serve
    the same, in threads of this process.
"""

from plugin.web.app import create_app
from plugin.web.serving import PortTaken, serve

__all__ = ["PortTaken", "create_app", "serve"]
