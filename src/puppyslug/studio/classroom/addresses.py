"""The address that pupils open, and its QR code."""

import io
import socket

import segno

_UNREACHED = ("192.0.2.1", 9)  # of a network for documentation; nothing is sent to it
_WHITE_ON_BLACK, _RESET = "\033[97;40m", "\033[0m"  # in terminals of any colours


def find_own_address() -> str:
    """Return the IP address of this machine in its network; its name if it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_UNREACHED)  # chooses a route, and sends no packet
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()


def draw_qr_code(text: str) -> str:
    """Return a QR code in characters, for a terminal."""
    target = io.StringIO()
    segno.make(text, error="m").terminal(target, border=2, compact=True)
    lines = target.getvalue().splitlines()
    return "\n".join(f"{_WHITE_ON_BLACK}{line}{_RESET}" for line in lines if line)


def render_qr_code(text: str) -> bytes:
    """Return a QR code as an SVG picture, dark on white in any mode of the page."""
    target = io.BytesIO()
    segno.make(text, error="m").save(target, kind="svg", border=2, light="#fff", scale=8)
    return target.getvalue()
