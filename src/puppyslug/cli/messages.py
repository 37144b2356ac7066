"""Messages to the user on standard error, and the exit status of an interrupted command."""

import sys

EXIT_INTERRUPTED = 130


def print_message(message: str, *, quiet: bool = False) -> None:
    """Print one line on standard error, unless ``quiet``."""
    if not quiet:
        print(escape_control_characters(message), file=sys.stderr)


def escape_control_characters(text: str) -> str:
    """Escape line breaks and other unprintable characters, which file names may contain."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def format_duration(seconds: float) -> str:
    """Format an estimated time, such as 45 s, 12 min or 2.5 h."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
