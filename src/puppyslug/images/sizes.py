"""Sizes of pictures, (height, width) in pixels, and how they are written. Torch-free."""

Size = tuple[int, int]


def fit(size: Size, longest: int) -> Size:
    """Scale a size down so that its longest edge is at most ``longest``; never up.

    Args:
        size: (height, width) in pixels.
        longest: the longest edge allowed, in pixels.

    Returns:
        (height, width), each at least 1.
    """
    scale = longest / max(size)
    if scale >= 1:
        return size
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def parse_size(text: str) -> Size:
    """(height, width) of a size written as WxH."""
    width, height = text.split("x")
    return int(height), int(width)


def format_size(size: Size) -> str:
    """A (height, width) written as WxH."""
    return f"{size[1]}x{size[0]}"


def display_size(size: Size) -> str:
    """A (height, width) as people write it, such as 640×360."""
    return f"{size[1]}×{size[0]}"


def same_shape(size: Size, full_size: Size) -> bool:
    """Whether ``size`` is ``full_size`` scaled, give or take the rounding of a pixel."""
    return abs(size[0] * full_size[1] - size[1] * full_size[0]) <= max(full_size)
