"""The server's log: lines for people, or one JSON object per line for programs.

A line holds what was done, by ids: never a token, a PIN, a name, a body or a query.
"""

import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from server.settings import Settings

request_id: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
"""The request that is being answered; its id stands in every line that it causes."""

DETAIL: Final = re.compile(r"^(DETAIL|CONTEXT):.*\n?", re.MULTILINE)

ACCESS: Final = logging.getLogger("bincard.access")


class Plain(logging.Formatter):
    """Writes down a fault without the row that a database shows beside its complaint."""

    def formatException(self, ei: Any) -> str:  # noqa: ANN401, N802 - as logging has it
        """Leave out what PostgreSQL adds: the detail holds what was to be written."""
        return DETAIL.sub("", super().formatException(ei))


class ForPeople(Plain):
    """`2026-11-22T03:45:01.123Z WARNING bincard.backup: no backup was made`."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - the name of logging
        """Say when, in UTC: a log is read beside those of other machines."""
        del datefmt
        return moment_of(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name of logging
        """Add what is known of the line behind its words."""
        line = super().formatMessage(record)
        known = " ".join(f"{name}={value}" for name, value in facts_of(record).items())
        return f"{line} {known}" if known else line


class ForPrograms(Plain):
    """One JSON object; whatever a line says, it stays one line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": moment_of(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "said": record.getMessage(),
            **facts_of(record),
        }
        if record.exc_info:
            line["fault"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


def moment_of(record: logging.LogRecord) -> str:
    """Return when a line was written, in UTC."""
    at = datetime.fromtimestamp(record.created, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def facts_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return what is known of a line, the request that caused it first."""
    request = request_id.get()
    known: dict[str, Any] = {"request": request} if request else {}
    return known | getattr(record, "facts", {})


def set_up(settings: Settings) -> None:
    """Send every line of this process to standard error, in the form that was asked for."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(ForPrograms() if settings.log_format == "json" else ForPeople())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    ACCESS.setLevel(logging.INFO if settings.access_log else logging.WARNING)
