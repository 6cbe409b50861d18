"""What an installation decides: where data live, on which address to listen, and the limits.

Only `server/app.py` and `server/cli.py` hand the environment to this module. Each setting is
described once, here: `bincard settings` and docs/settings.md are written from it.
"""

import contextlib
import difflib
import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple, get_args, get_type_hints

TOKEN_KEY_BYTES: Final = 32
PREFIX: Final = "BINCARD_"
FROM_FILE: Final = "_FILE"
TRACES_PATH: Final = "/v1/traces"


_HERE: Final = Path(__file__).parent
_INSTALLED: Final = _HERE / "web"
_BUILT: Final = _INSTALLED if _INSTALLED.is_dir() else _HERE.parent / "pwa" / "dist"
"""The app that was packed with the program (`make wheel`), else the one that a checkout built."""


class SettingsInvalid(Exception):  # noqa: N818 - named by what is wrong, as all refusals are
    """A setting that cannot work, with a sentence that says what to change."""


class About(NamedTuple):
    """What is known of a setting: its name, its meaning, and what it may be.

    `shown` is the default in words, where it follows from others. Nobody is shown a secret.
    """

    name: str
    words: str
    shown: str | None = None
    least: int = 1
    most: int = 10**9
    choices: tuple[str, ...] = ()
    secret: bool = False
    pattern: str = ""
    example: str = ""

    @property
    def variable(self) -> str:
        return PREFIX + self.name


@dataclass(frozen=True)
class Settings:
    data: Annotated[
        Path, About("DATA", "The folder of the database and the token key.", shown="data")
    ] = Path("data")
    database: Annotated[
        str,
        About(
            "DATABASE",
            "The database: sqlite:///PATH, or postgresql://USER:PASSWORD@HOST/NAME (with "
            "?prepared=off behind a pooler that shares connections between transactions).",
            shown="bincard.db in the data folder",
            secret=True,
        ),
    ] = "sqlite:///data/bincard.db"
    host: Annotated[str, About("HOST", "The address to listen on.")] = "127.0.0.1"
    port: Annotated[int, About("PORT", "The port to listen on.", least=0, most=65_535)] = 8000
    workers: Annotated[
        int,
        About(
            "WORKERS",
            "Processes that answer; several need PostgreSQL. The limits per minute and second "
            "hold for each.",
            most=256,
        ),
    ] = 1
    origin: Annotated[
        str,
        About(
            "ORIGIN",
            "The address that devices open; it stands in the enrolment QR.",
            shown="http:// with host and port",
            pattern=r"https?://[^\s/?#@]+/?",
            example="https://NAME, or http://NAME:PORT for browsers on this machine",
        ),
    ] = "http://127.0.0.1:8000"
    proxies: Annotated[
        str, About("PROXIES", "Addresses of reverse proxies whose X-Forwarded-For is believed.")
    ] = ""
    web: Annotated[
        Path,
        About("WEB", "The built web app.", shown="the one that is installed, else pwa/dist"),
    ] = _BUILT
    tls: Annotated[
        bool,
        About("TLS", "1 speaks https, with the certificate that bincard tls made; no proxy then."),
    ] = False
    trust_port: Annotated[
        int,
        About(
            "TRUST_PORT",
            "Where phones learn to trust that certificate, without https: 80, so that the bare "
            "name leads there; 0 for nowhere.",
            least=0, most=65_535,
        ),
    ] = 0  # fmt: skip
    enrol_per_minute: Annotated[
        int, About("ENROL_PER_MINUTE", "Tries with an enrolment code from one address.")
    ] = 20
    sign_in_per_minute: Annotated[
        int,
        About("SIGN_IN_PER_MINUTE", "Sign-ins from one address; a site may share one address."),
    ] = 60
    push_per_second: Annotated[
        int,
        About("PUSH_PER_SECOND", "Pushes of one device; far above what a healthy one sends."),
    ] = 1_000
    day_operations: Annotated[
        int,
        About(
            "DAY_OPERATIONS",
            "Operations that one device may bring in a day. Each day on which it was not heard "
            "adds as many (30 days at most); a revoked device has a tenth. What is beyond stays on "
            "the device and is taken later.",
        ),
    ] = 20_000
    day_mb: Annotated[int, About("DAY_MB", "The same in MB of operations, as they are stored.")] = (
        32
    )
    day_discrepancies: Annotated[
        int, About("DAY_DISCREPANCIES", "The same in discrepancies that a device leaves open.")
    ] = 1_000
    day_blocks: Annotated[
        int,
        About("DAY_BLOCKS", "Blocks of 1,000 lot numbers that one device is given in a day."),
    ] = 10
    revoked_days: Annotated[
        int,
        About(
            "REVOKED_DAYS",
            "For how many days from its first contact on a revoked device may bring what it "
            "holds; after these nothing is taken from it.",
            least=0,
        ),
    ] = 30
    head_seconds: Annotated[
        int,
        About("HEAD_SECONDS", "How long the header of a request may take to come.", most=3_600),
    ] = 10
    body_seconds: Annotated[
        int,
        About(
            "BODY_SECONDS",
            "How long the body of a request may take, and how long an answer may lie unread: a "
            "full push over a poor radio needs a minute.",
            most=3_600,
        ),
    ] = 120
    connections: Annotated[
        int,
        About(
            "CONNECTIONS",
            "Open connections of one process, two for each device that is awake. When there are "
            "more, one that asks nothing gives way to the newest.",
        ),
    ] = 4_000
    streams: Annotated[
        int,
        About(
            "STREAMS_PER_DEVICE",
            "Open streams (/sync/poke) of one device in one process; the oldest gives way.",
        ),
    ] = 4
    backups: Annotated[
        Path | None,
        About(
            "BACKUP_DIR",
            "Where the daily backups go; on another disk, so that devices may forget what two of "
            "them have. Without it they go to the data folder and only help against mistakes, and "
            "devices keep everything for 30 days.",
            shown="backups in the data folder",
        ),
    ] = None
    access_log: Annotated[bool, About("ACCESS_LOG", "1 writes one line per request.")] = False
    log_format: Annotated[
        str,
        About(
            "LOG_FORMAT",
            "Lines for people (text), or one JSON object per line (json).",
            choices=("text", "json"),
        ),
    ] = "text"
    metrics_token: Annotated[
        str,
        About(
            "METRICS_TOKEN",
            "Who shows it as bearer token may read /metrics; without it only this machine may.",
            secret=True,
        ),
    ] = ""
    traces: Annotated[
        str,
        About(
            "TRACES_URL",
            "Where traces go (OTLP over HTTP), such as http://127.0.0.1:4318/v1/traces. The "
            "standard OTEL_EXPORTER_OTLP_ENDPOINT is understood too. Nothing is traced without.",
        ),
    ] = ""
    drain_s: Annotated[
        int,
        About(
            "DRAIN_SECONDS",
            "How long a server that was told to stop goes on answering while /ready says 503, "
            "so that a balancer notices.",
            least=0, most=300,
        ),
    ] = 0  # fmt: skip
    disk_free_mb: Annotated[
        int,
        About("DISK_FREE_MB", "/ready says 503 when the data folder has less room.", least=0),
    ] = 200

    @property
    def token_key_file(self) -> Path:
        return self.data / "token.key"

    @property
    def is_file(self) -> bool:
        """Whether the database is a file of this machine."""
        return self.database.startswith("sqlite:")

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
        _check_names(environment)
        given: dict[str, Any] = {}
        for one, (kind, about) in abouts().items():
            text = _text(environment, about.variable)
            if text:
                given[one] = _read(text, kind, about)
        data = given["data"] = Path(given.get("data", cls.data)).absolute()
        if "backups" in given:
            given["backups"] = given["backups"].absolute()
        given.setdefault("database", f"sqlite:///{data / 'bincard.db'}")
        host, port = given.get("host", cls.host), given.get("port", cls.port)
        scheme = "https" if given.get("tls") else "http"
        given["origin"] = given.get("origin", f"{scheme}://{_shown(host)}:{port}").rstrip("/")
        given.setdefault("traces", _traces(environment))
        return cls(**given)


def abouts() -> dict[str, tuple[Any, About]]:
    """Return every setting by the name of its field: what it is, and what is known of it."""
    hints = get_type_hints(Settings, include_extras=True)
    return {name: get_args(hint) for name, hint in hints.items()}


def _check_names(environment: Mapping[str, str]) -> None:
    """Refuse a name that means nothing: it would be a setting that is silently not made."""
    names = [about.variable for _, about in abouts().values()]
    known = {*names, *(name + FROM_FILE for name in names)}
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, sorted(known), 1, 0)[0]
            raise SettingsInvalid(
                f"There is no setting {name}. Did you mean {near}? bincard settings lists them all."
            )


def _text(environment: Mapping[str, str], name: str) -> str:
    """Return what a variable says, or the file that another names: for secrets."""
    text, file = environment.get(name, ""), environment.get(name + FROM_FILE, "")
    if text and file:
        raise SettingsInvalid(f"Give {name} or {name}{FROM_FILE}, not both.")
    if not file:
        return text
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{name}{FROM_FILE}: {file} cannot be read ({error}).") from error


def _read(text: str, kind: Any, about: About) -> Any:  # noqa: ANN401 - whatever the field is
    """Read one setting as what its field is."""
    if kind is bool and text in {"0", "1"}:
        return text == "1"
    if kind is bool:
        raise SettingsInvalid(f"{about.variable} is {text!r}; give 1 or 0.")
    if kind is int:
        return _number(text, about)
    if about.pattern and not re.fullmatch(about.pattern, text):
        raise SettingsInvalid(f"{about.variable} is {text!r}; give {about.example}.")
    if about.choices and text not in about.choices:
        raise SettingsInvalid(
            f"{about.variable} is {text!r}; give one of: {', '.join(about.choices)}."
        )
    return text if kind is str else Path(text)


def _number(text: str, about: About) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text) or not about.least <= int(text) <= about.most:
        raise SettingsInvalid(
            f"{about.variable} is {text!r}; give a whole number from {about.least} to {about.most}."
        )
    return int(text)


def _shown(host: str) -> str:
    """Return a host as it stands in an address that a browser on this machine opens."""
    shown = here(host)
    return f"[{shown}]" if ":" in shown else shown


def here(host: str) -> str:
    """Return where a server that listens on a host is found from this machine."""
    return "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared only


def _traces(environment: Mapping[str, str]) -> str:
    """Return what the standard variables of OpenTelemetry say about where traces go."""
    whole = environment.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")
    base = environment.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
    return whole or (base.rstrip("/") + TRACES_PATH if base else "")


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
