"""The real application over a database of its own, and what may be complained of an answer."""

import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from litestar.testing import AsyncTestClient

from server.app import application
from server.book import Book
from server.book.rows import table
from server.migrations import migrate
from server.people import roster
from server.people.tokens import device_token
from server.settings import Settings
from sync.records import Device
from tests.fuzz.operations import SITE
from tests.world.handheld import KEY
from tests.world.warehouse import ROWS, _see_fang

PIN = "639274"
ANSWERS = {200, 400, 401, 403, 404, 409, 413, 429}
"""429 is a day's budget that is spent (S12): a revoked device spends its own within hours."""

FORESEEN = "InvariantBrokenError"
"""What the rules refuse to do is parked; any other fault in one operation is one of ours."""


class Clock:
    """A clock that only the fuzz moves."""

    def __init__(self, ms):
        self.ms = ms

    def __call__(self):
        return self.ms


@dataclass(frozen=True)
class Sent:
    """One push as it went out: whose token, when, and its bytes."""

    device: str
    now: int
    content: bytes


class Errors(logging.Handler):
    """Keeps what the server complained of in its log."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.said = []

    def emit(self, record):
        error = record.exc_info[1] if record.exc_info else ""
        self.said.append(f"{record.getMessage()} {error!r}")


@dataclass
class Stage:
    """An application that answers, and everything needed to look behind it."""

    client: AsyncTestClient
    book: Book
    clock: Clock
    errors: Errors
    refusals: list = field(default_factory=list)

    def headers(self, device, site=SITE):
        return {"Authorization": f"Bearer {device_token(KEY, device, site)}"}

    async def push(self, sent):
        """Send one; return the answer and what there is to complain of, or None."""
        self.clock.ms = sent.now
        answer = await self.client.post(
            "/sync/push", content=sent.content, headers=self.headers(sent.device)
        )
        return answer, await self._complaint(answer)

    async def _complaint(self, answer):
        said, self.errors.said = self.errors.said, []
        if said:
            return f"the log says: {said[0]}"
        if answer.status_code not in ANSWERS:
            return f"{answer.status_code} {answer.text[:200]}"
        if answer.status_code == 200 and b'"INVARIANT"' in answer.content:
            return await self._surprise(answer.json())
        return None

    async def _surprise(self, answer):
        """Return the fault behind a parked operation, unless a rule has foreseen it."""
        row = table("discrepancy").c
        for verdict in answer["verdicts"]:
            for flag in verdict["flags"]:
                if flag["code"] == "INVARIANT":
                    detail = await self.book.read(
                        lambda book, id_=flag["discrepancy"]: book.execute(
                            row.detail.table.select().where(row.discrepancy == id_)
                        ).one().detail
                    )  # fmt: skip
                    self.refusals.append(detail["error"])
                    if not detail["error"].startswith(FORESEEN):
                        return f"{verdict['id']} broke off: {detail['error']}"
        return None


@asynccontextmanager
async def staged(data, now):
    """Open the application over a data folder, as the server does."""
    settings = Settings(
        data=data, database=f"sqlite:///{data / 'bincard.db'}", web=data,
        push_per_second=10**9, sign_in_per_minute=10**9,
    )  # fmt: skip
    clock, errors = Clock(now), Errors()
    book = Book(settings.database, KEY, clock)
    logging.getLogger("bincard").addHandler(errors)
    try:
        async with AsyncTestClient(
            application(settings, book, clock), base_url="http://testserver.local"
        ) as client:
            yield Stage(client, book, clock, errors)
    finally:
        logging.getLogger("bincard").removeHandler(errors)


async def found(data, now):
    """Make a data folder with the warehouse of the text tables in it."""
    data.mkdir()
    (data / "index.html").write_text("<!doctype html>", encoding="utf-8")
    (data / "token.key").write_bytes(KEY)
    (data / "token.key").chmod(0o600)
    migrate(f"sqlite:///{data / 'bincard.db'}")
    async with staged(data, now) as stage:
        await stage.book.change(SITE, "test", ROWS, "founded")
        gone = [Device(device="G", name="G", revoked=True)]
        await stage.book.change(SITE, "test", gone, "revoked")
        await roster.set_pin(stage.book, SITE, "fang", PIN, "supervisor")
        await stage.book.write(_see_fang)
