"""Places in a picture, such as ``0.3,0.6``. Nothing here imports torch."""


def parse_place(text: str) -> tuple[float, float]:
    """Parse X,Y as shares of the width and height.

    Raises:
        ValueError: it is not two numbers from 0 to 1.
    """
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        x = y = -1.0
    if not (0 <= x <= 1 and 0 <= y <= 1):
        message = "it should be X,Y with numbers from 0 to 1, such as 0.3,0.6"
        raise ValueError(message)
    return x, y


def format_place(place: tuple[float, float]) -> str:
    """Return the text from which ``parse_place`` reads the place."""
    return ",".join(repr(share) for share in place)
