"""One operation under decision: what it says, when it happened, and what is odd about it."""

from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from sync.dating import Dated
from sync.ledger import Moment
from sync.messages import Flag
from sync.operations import Body, Decision, Did, Link
from sync.proofs import Session
from sync.records import Discrepancy, Line, Result
from sync.state import State
from sync.vocabulary import POLICIES, Code, Evidence, Severity

OPERATOR: Final = "operator"
"""Who did it, where nobody was signed in: whoever sits at the server's own command line."""

SERVER: Final = "server"
"""The device and the actor of what the server decides itself."""


class Odd(Struct, frozen=True, kw_only=True):
    """What a discrepancy hangs on; all optional. `alone` is not joined to one that is open."""

    place: str | None = None
    key: str | None = None
    item: str | None = None
    at: int | None = None
    until: int | None = None
    waits: str | None = None
    severity: Severity | None = None
    closed: bool = False
    alone: bool = False
    detail: dict[str, object] = {}


class RefusedError(Exception):
    """An intent that cannot be done as things stand; says why, and how they stand."""

    def __init__(self, reason: str, fresh: tuple[Decision, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.fresh = fresh


class Case:
    """The operation at hand.

    `line` is the document line that its task resolved to; `kept` is up to where the counters of
    lines follow what it did.
    """

    def __init__(  # noqa: PLR0913 - the parts of one operation, named
        self, state: State, link: Link, body: Body, did: Did, *, device: str, dated: Dated,
        taken: Dated | None = None, opened: int | None = None, lines: tuple[Dated, ...] = (),
        carrier: str = "", proof: Session | None = None,
    ) -> None:  # fmt: skip
        self.state = state
        self.link = link
        self.body = body
        self.did = did
        self.verb = str(type(did).__struct_config__.tag)
        self.device = device
        self.dated = dated
        self.taken = taken
        self.opened = opened
        self.lines = lines
        self.carrier = carrier
        self.proof = proof
        self.line: Line | None = None
        self.name = body.id
        """Its id in the log: another one where the id was taken by other content (R2)."""
        self.kept = state.mark()
        self.again = False
        """It was accepted before the server was restored: nothing is refused now."""
        self.flags: list[Flag] = []

    @property
    def paper(self) -> tuple[str | None, int | None]:
        """Return the document that it names, and the line as far as there is one."""
        task = self.body.task
        return task.document if task else None, self.line.line if self.line else None

    @property
    def at(self) -> int:
        """Server time at which it was done."""
        return self.dated.at

    @property
    def left_at(self) -> int:
        """Server time at which the goods left where they stood."""
        return self.taken.at if self.taken else self.dated.at

    def moment(self, time: int, line: int = 0) -> Moment:
        """Return the operation's place in the order of everything."""
        return (time, self.link.replica, self.link.seq, line)

    def flag(self, code: Code, odd: Odd | None = None) -> Discrepancy:
        """Open a discrepancy and list it in the verdict.

        One that is open for the same code at the same place and key is joined, not doubled.
        """
        odd = odd or Odd()
        joins = [] if odd.alone or odd.closed else open_at(self.state, code, odd.place, odd.key)
        found = next(iter(joins), None)
        row = found or self._open(code, odd)
        self.flags.append(Flag(code=code.value, discrepancy=row.discrepancy))
        return row

    def join(self, code: Code, name: str, odd: Odd) -> None:
        """List the one discrepancy of a name, and open it when there is none."""
        self.tell(self.row_named(code, name, odd))

    def row_named(self, code: Code, name: str, odd: Odd) -> Discrepancy:
        """Return the one discrepancy of a name; it is made when there is none."""
        return self.state.discrepancies.find(name) or self._open(code, odd, name)

    def tell(self, row: Discrepancy) -> None:
        """List a discrepancy in the verdict."""
        self.flags.append(Flag(code=row.code, discrepancy=row.discrepancy))

    def _open(self, code: Code, odd: Odd, name: str | None = None) -> Discrepancy:
        policy = POLICIES[code]
        severity = odd.severity or policy.severity
        at_once = policy.closes is Evidence.AT_ONCE and severity is Severity.INFORMATION
        at_once = at_once or odd.closed
        base = f"{code.value}/{self.name}"
        number = sum(flag.discrepancy.startswith(base) for flag in self.flags)
        row = Discrepancy(
            discrepancy=name or (f"{base}/{number}" if number else base),
            code=code.value,
            severity=severity.value,
            operation=self.name,
            actor=self.body.actor,
            document=self.body.task.document if self.body.task else None,
            place=odd.place,
            key=odd.key,
            item=odd.item,
            at=self.at if odd.at is None else odd.at,
            until=odd.until,
            waits=odd.waits,
            detail=odd.detail,
            state="evidence" if at_once else "open",
            opened_seq=self.state.seq,
        )
        self.state.discrepancies.put(row.discrepancy, row)
        return row


def open_at(state: State, code: Code, place: str | None, key: str | None) -> list[Discrepancy]:
    """Return the open discrepancies of a code at a place and key; none without a place."""
    if place is None:
        return []
    return [
        row
        for row in state.discrepancies.having(("place", "key"), (place, key))
        if row.state == "open" and row.code == code
    ]


def close(
    state: State, row: Discrepancy, by: str, how: Literal["evidence", "settled"] = "evidence"
) -> None:
    """Close a discrepancy, by evidence that arrived or by a person: what it blocked is free."""
    state.discrepancies.put(row.discrepancy, replace(row, state=how, settled_by=by))
    for lot in state.lots.having("blocked", row.discrepancy):
        name = (lot.item, lot.lot, lot.expires, lot.supplier)
        state.lots.put(name, replace(lot, blocked=None))
    for document in state.documents.having("stopped", row.discrepancy):
        state.documents.put(document.document, replace(document, stopped=None))


def later_result(state: State, operation: str, outcome: str, *, reversed_: bool = False) -> None:
    """Record that an earlier operation stands differently now: a feed row of kind `operation`."""
    row = state.results.find(operation)
    was = row.reversed if row else False
    state.results.put(
        operation,
        Result(operation=operation, outcome=outcome, reversed=was or reversed_),  # type: ignore[arg-type]
    )
