"""What an installation decides: where data live, on which address to listen, and the limits.

Only `server/app.py` and `server/cli.py` hand the environment to this module.
"""

import contextlib
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TOKEN_KEY_BYTES: Final = 32


class SettingsInvalid(Exception):  # noqa: N818 - named by what is wrong, as all refusals are
    """A setting that cannot work, with a sentence that says what to change."""


@dataclass(frozen=True)
class Settings:
    data: Path = Path("data")
    """BINCARD_DATA: the folder of the database and the token key."""

    database: str = "sqlite:///data/bincard.db"
    """BINCARD_DATABASE: an SQLAlchemy URL; bincard.db in the data folder unless told."""

    host: str = "127.0.0.1"
    """BINCARD_HOST: the address to listen on."""

    port: int = 8000
    """BINCARD_PORT: the port to listen on."""

    origin: str = "http://127.0.0.1:8000"
    """BINCARD_ORIGIN: the address that devices open; it stands in the enrolment QR."""

    proxies: str = ""
    """BINCARD_PROXIES: addresses of reverse proxies whose X-Forwarded-For is believed."""

    web: Path = Path(__file__).parents[1] / "pwa" / "dist"
    """BINCARD_WEB: the built web app."""

    enrol_per_minute: int = 20
    """BINCARD_ENROL_PER_MINUTE: tries with an enrolment code from one address."""

    sign_in_per_minute: int = 60
    """BINCARD_SIGN_IN_PER_MINUTE: sign-ins from one address; a site may share one address."""

    push_per_second: int = 1_000
    """BINCARD_PUSH_PER_SECOND: pushes of one device; far above what a healthy one sends."""

    backups: Path | None = None
    """BINCARD_BACKUP_DIR: where the daily backups go; on another disk, so that devices may
    forget what two of them have. Else they go to `backups` in the data folder and only help
    against mistakes, so that devices keep everything for 30 days."""

    access_log: bool = False
    """BINCARD_ACCESS_LOG: 1 writes one JSON line per request to standard error."""

    @property
    def token_key_file(self) -> Path:
        return self.data / "token.key"

    @property
    def database_file(self) -> Path:
        """The file of the database. Raises `SettingsInvalid` where it is no file."""
        scheme, _, path = self.database.partition(":///")
        if scheme != "sqlite" or not path or path == ":memory:":
            raise SettingsInvalid(
                f"BINCARD_DATABASE is not a file: give sqlite:///PATH, not {scheme}"
            )
        return Path(path).absolute()

    @property
    def backup_folder(self) -> Path:
        """Where backups go unless told otherwise."""
        return self.backups or self.data / "backups"

    @property
    def enrolment_url(self) -> str:
        """The start of the address in the QR; the code follows."""
        return f"{self.origin}/#/enrol/"

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Settings":
        """Read what the environment says. Raises `SettingsInvalid`."""
        data = Path(environment.get("BINCARD_DATA") or "data").absolute()
        host = environment.get("BINCARD_HOST") or cls.host
        port = _number(environment, "BINCARD_PORT", cls.port, least=0, most=65_535)
        backups = environment.get("BINCARD_BACKUP_DIR")
        shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared only
        shown = f"[{shown}]" if ":" in shown else shown
        return cls(
            data=data,
            database=environment.get("BINCARD_DATABASE") or f"sqlite:///{data / 'bincard.db'}",
            host=host,
            port=port,
            origin=(environment.get("BINCARD_ORIGIN") or f"http://{shown}:{port}").rstrip("/"),
            proxies=environment.get("BINCARD_PROXIES", cls.proxies),
            web=Path(environment.get("BINCARD_WEB") or cls.web),
            enrol_per_minute=_number(environment, "BINCARD_ENROL_PER_MINUTE", cls.enrol_per_minute),
            sign_in_per_minute=_number(
                environment, "BINCARD_SIGN_IN_PER_MINUTE", cls.sign_in_per_minute
            ),
            push_per_second=_number(environment, "BINCARD_PUSH_PER_SECOND", cls.push_per_second),
            backups=Path(backups).absolute() if backups else None,
            access_log=environment.get("BINCARD_ACCESS_LOG", "0") not in {"", "0"},
        )


def _number(
    environment: Mapping[str, str], name: str, default: int, *, least: int = 1, most: int = 10**9
) -> int:
    text = environment.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise SettingsInvalid(f"{name} is {text!r}; give a whole number from {least} to {most}.")
    return int(text)


def token_key(path: Path) -> bytes:
    """Return the key that signs device tokens and sessions; make it at the first start.

    It stands beside the database, not in it: a restored database still knows its devices.
    Raises `SettingsInvalid` when others may read it, or when it is damaged.
    """
    with contextlib.suppress(FileExistsError):
        _create(path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SettingsInvalid(f"Others may read {path}. Run: chmod 600 {path}")
    key = path.read_bytes()
    if len(key) != TOKEN_KEY_BYTES:
        raise SettingsInvalid(
            f"{path} holds {len(key)} bytes instead of {TOKEN_KEY_BYTES}. Restore it from the "
            "backup; without it every device must be enrolled again."
        )
    return key


def _create(path: Path) -> None:
    """Write a new key whole or not at all, never over an old one."""
    if path.exists():
        raise FileExistsError(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(TOKEN_KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    finally:
        draft.unlink()
