"""File names, also those that are too long for a file system."""

import hashlib
import os
import unicodedata
from pathlib import Path

MAX_NAME_BYTES = 255  # of a file's name, on nearly all file systems
CHECKPOINT_ENDING = ".checkpoint"  # of the folder beside an unfinished picture
_MAX_KEPT_BYTES = 200  # of a long name, in the name of a folder that belongs to the file
_JOINERS = frozenset("\u200d\ufe0e\ufe0f")  # belong to the character before them


def shorten_name(name: str, max_bytes: int, ending: str = "") -> str:
    """Shorten a file name to a number of bytes, without cutting a character in two.

    Args:
        name: the name.
        max_bytes: limit of the result's length in the file system's encoding.
        ending: what the result ends with if ``name`` does, such as ``.dream``.

    Returns:
        The name itself if it is short enough; otherwise its beginning, and ``ending``.
    """
    if len(os.fsencode(name)) <= max_bytes:
        return name
    ending = ending if name.endswith(ending) else ""
    kept = name.removesuffix(ending)
    room = max_bytes - len(os.fsencode(ending))
    while kept and len(os.fsencode(kept)) > room:
        last, kept = kept[-1], kept[:-1]
        while kept and (unicodedata.combining(last) or last in _JOINERS or kept[-1] == "\u200d"):
            last, kept = kept[-1], kept[:-1]
    return kept.rstrip(" .") + ending  # some file systems refuse a name that ends with these


def is_folder(path: Path) -> bool:
    """Return whether a path is a folder; ``Path.is_dir`` raises where a name is too long."""
    try:
        return path.is_dir()
    except OSError:
        return False


def companion_name(name: str, ending: str) -> str:
    """Return the name of a folder that belongs to a file, such as ``film.mp4.frames``.

    Args:
        name: name of the file; long names are shortened, and differ by a hash.
        ending: what is added, such as ``.frames``.
    """
    if len(os.fsencode(name + ending)) <= MAX_NAME_BYTES:
        return name + ending
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:8]
    return f"{shorten_name(name, _MAX_KEPT_BYTES)}.{digest}{ending}"
