"""Image sizes as (height, width) in pixels, and their text form. Nothing here imports torch."""

Size = tuple[int, int]


def fit_size(size: Size, longest: int, *, enlarge: bool = False) -> Size:
    """Scale a size down to a maximum side length; smaller sizes stay as they are.

    Args:
        size: (height, width) in pixels.
        longest: maximum length of the longest side, in pixels.
        enlarge: whether smaller sizes are scaled up to that length.

    Returns:
        (height, width), each at least 1.
    """
    scale = longest / max(size)
    if scale >= 1 and not enlarge:
        return size
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def parse_size(text: str) -> Size:
    """Parse a size written as WxH into (height, width)."""
    width, height = text.split("x")
    return int(height), int(width)


def format_size(size: Size) -> str:
    """Format a (height, width) as WxH, such as ``640x360``."""
    return f"{size[1]}x{size[0]}"


def display_size(size: Size) -> str:
    """Format a (height, width) for messages, such as 640×360."""
    return f"{size[1]}×{size[0]}"


def same_aspect_ratio(size: Size, original: Size) -> bool:
    """Return whether ``size`` is ``original`` scaled, up to rounding to whole pixels."""
    return abs(size[0] * original[1] - size[1] * original[0]) <= max(original)
