"""Under which names and addresses this machine is reached in its network."""

import socket
from typing import Final

OUTSIDE: Final = ("192.0.2.1", 9)
"""An address of nobody (RFC 5737): the way to it is looked up, and nothing is sent."""


def address() -> str:
    """Return the address of this machine in its network. Raises `OSError` when it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        try:
            way.connect(OUTSIDE)
        except OSError as error:
            raise OSError(
                "This machine is in no network; connect it, or name its address yourself."
            ) from error
        return str(way.getsockname()[0])


def names() -> list[str]:
    """Return what a phone beside this machine may type: its address, and its name under .local."""
    return [address(), f"{socket.gethostname().split('.')[0].lower()}.local"]
