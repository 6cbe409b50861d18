"""Where the authority and the server's certificate lie: two files in the data folder, 0600.

Each holds certificate and key together, so that a power cut never leaves a pair that does not fit.
"""

import os
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from server.tls.authority import Pair, is_due, make_authority, make_leaf, names_of

AUTHORITY: Final = "authority.pem"
SERVER: Final = "server.pem"

_BLOCK: Final = re.compile(rb"-----BEGIN ([A-Z ]+)-----.*?-----END \1-----\n?", re.DOTALL)


class NoCertificateError(ValueError):
    """There is nothing to speak https with."""


class TlsStore:
    """The certificates of one installation, in `DATA/tls`."""

    def __init__(self, data: Path) -> None:
        self.folder = data / "tls"

    @property
    def server_file(self) -> Path:
        """Certificate, the authority's, and key, as OpenSSL reads them."""
        return self.folder / SERVER

    @property
    def exists(self) -> bool:
        return self.server_file.is_file()

    def authority(self) -> Pair:
        return self._read(AUTHORITY)

    def server(self) -> Pair:
        return self._read(SERVER)

    def make(self, names: Sequence[str], now: datetime, *, new_authority: bool = False) -> None:
        """Make the server's certificate for these names, and the authority where there is none.

        Raises `NameOutsideError` when the authority that phones trust may not speak for one.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if new_authority or not (self.folder / AUTHORITY).is_file():
            authority = make_authority(names, now)
            leaf = make_leaf(authority, names, now)
            self._write(AUTHORITY, authority)
        else:
            leaf = make_leaf(self.authority(), names, now)
        self._write(SERVER, leaf)

    def renew(self, now: datetime) -> bool:
        """Make the server's certificate anew, for the same names, when it is due."""
        leaf = self.server()
        if not is_due(leaf, now):
            return False
        self.make(names_of(leaf), now)
        return True

    def _read(self, name: str) -> Pair:
        try:
            text = (self.folder / name).read_bytes()
        except FileNotFoundError as error:
            raise NoCertificateError(
                f"There is no {self.folder / name} yet. Run: bincard tls make NAME, with the name "
                "or address under which phones reach this server."
            ) from error
        blocks = [(match[1], match[0]) for match in _BLOCK.finditer(text)]
        return Pair(
            b"".join(block for kind, block in blocks if kind == b"CERTIFICATE"),
            b"".join(block for kind, block in blocks if kind != b"CERTIFICATE"),
        )

    def _write(self, name: str, pair: Pair) -> None:
        draft = self.folder / f"{name}.{secrets.token_hex(4)}"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(pair.certificate + pair.key)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / name)
