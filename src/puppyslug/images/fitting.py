"""Sizes scaled down to fit. Nothing here imports torch."""


def fit(size: tuple[int, int], longest: int) -> tuple[int, int]:
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
