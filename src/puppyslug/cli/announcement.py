"""What ``puppyslug studio`` prints when it is ready: addresses, and in class mode how to join."""

import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from puppyslug.studio.classroom.classroom import Classroom

ALL_INTERFACES = ("0.0.0.0", "::", "[::]")


@dataclass(frozen=True)
class Announcement:
    """What is printed when the studio is ready.

    Attributes:
        text: the text, whose first line is the address.
        address: address to open in the browser of this machine; empty for that of the text.
    """

    text: str
    address: str = ""

    @property
    def browser_address(self) -> str:
        """The address to open in the browser of this machine."""
        return self.address or self.text


def announce_class(classroom: "Classroom", host: str, port: int) -> Announcement:
    """Say how pupils join, and what only the teacher may open; also tell the class its address.

    Args:
        classroom: the class.
        host: address that the studio listens on.
        port: its port.
    """
    from puppyslug.studio.classroom.addresses import draw_qr_code, find_own_address

    is_everywhere = host in ALL_INTERFACES
    classroom.address = f"http://{find_own_address() if is_everywhere else url_host(host)}:{port}/"
    own = "127.0.0.1" if is_everywhere else url_host(host)
    teacher = f"http://{own}:{port}/class?token={classroom.teacher_token}"
    code = f"\n{draw_qr_code(classroom.address)}" if sys.stdout.isatty() else ""
    lines = (
        f"{classroom.address}{code}",
        f"Pass phrase: {classroom.passphrase}",
        f"Teacher, on this computer only: {teacher}",
    )
    return Announcement("\n".join(lines), teacher)


def url_host(host: str) -> str:
    """Return a host as a URL has it; the name of this machine for all of its addresses."""
    if host in ALL_INTERFACES:
        return socket.gethostname()
    return f"[{host.strip('[]')}]" if ":" in host else host
