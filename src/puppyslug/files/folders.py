"""The user's folders for data and downloads."""

import os
from pathlib import Path

CACHE_VARIABLE = "PUPPYSLUG_CACHE"  # environment variable that overrides the cache folder


def data_folder() -> Path:
    """Return the user's data folder, such as ``~/.local/share/puppyslug``; it may not exist."""
    import platformdirs

    return Path(platformdirs.user_data_dir("puppyslug", appauthor=False))


def cache_folder() -> Path:
    """Return the folder for downloads: ``$PUPPYSLUG_CACHE``, else the user's cache folder."""
    override = os.environ.get(CACHE_VARIABLE)
    if override:
        return Path(override).expanduser()
    import pooch

    return Path(pooch.os_cache("puppyslug"))
