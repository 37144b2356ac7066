"""Where puppyslug keeps what is the user's."""

from pathlib import Path


def data_folder() -> Path:
    """The user's folder for data, which need not exist (on Linux in ``$XDG_DATA_HOME``)."""
    import platformdirs

    return Path(platformdirs.user_data_dir("puppyslug", appauthor=False))
