"""The studio: a local web application for dreaming in the browser.

The server keeps the pages, the queue and the files. Worker processes run the jobs, so that a job
that crashes does not affect the server, which never imports torch.
"""

from puppyslug.studio.app import create_app
from puppyslug.studio.limits import Limits
from puppyslug.studio.services import Services

__all__ = ["Limits", "Services", "create_app"]
