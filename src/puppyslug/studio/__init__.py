"""The studio: dream in the browser. A local web application over the one engine.

The server keeps the page, the queue and the files; pictures are dreamt in worker processes, so that
nothing a dream does takes the page down. Nothing in the server imports torch.
"""

from puppyslug.studio.app import create_app
from puppyslug.studio.limits import Limits
from puppyslug.studio.services import Services

__all__ = ["Limits", "Services", "create_app"]
