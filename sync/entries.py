"""What a decision leaves behind: the verdict for the device, and the entry for the log."""

from collections.abc import Hashable
from typing import Final, Literal, NamedTuple

import msgspec
from msgspec import Struct

from sync import periods
from sync.arrivals import Arrival
from sync.case import Case
from sync.ledger import Posting
from sync.messages import Verdict
from sync.operations import Decision
from sync.records import Row
from sync.sealing import Seal, parts_of, sealed_outcome, why_of
from sync.state import Logged
from sync.vocabulary import Code, Outcome

Change = tuple[str, Hashable, Row, Row | None]

ORDER: Final = {code.value: number for number, code in enumerate(Code)}
encode: Final = msgspec.json.Encoder().encode


class Entry(Struct, frozen=True):
    """One new change of the site, ready to be written: the log row, its rows and postings."""

    logged: Logged
    kind: Literal["fact", "intent"]
    device: str
    carrier: str
    postings: tuple[Posting, ...]
    changes: tuple[Change, ...]


class Decided(Struct, frozen=True):
    """A verdict, and the entry that it made; None for a repeat, which changes nothing."""

    verdict: bytes
    entry: Entry | None = None


class Finding(NamedTuple):
    """What came of an operation; a refusal has a reason and shows how things stand."""

    outcome: Outcome
    reason: str | None = None
    fresh: tuple[Decision, ...] = ()


def verdict_of(case: Case, arrival: Arrival, finding: Finding, seal: Seal) -> Verdict:
    """Return the answer to an operation, sealed for the day after a restore."""
    found = {flag.discrepancy: flag for flag in case.flags}
    flags = tuple(sorted(found.values(), key=lambda flag: ORDER[flag.code]))
    parts = parts_of(arrival, case.link, sealed_outcome(finding.outcome),
                     why_of(finding.outcome, finding.reason, flags))  # fmt: skip
    return Verdict(
        id=arrival.id, outcome=finding.outcome.value, ledger_seq=case.state.seq,
        times=arrival.times(), u=arrival.dated.u, trust=arrival.dated.trust, seal=seal(parts),
        flags=flags, reason=finding.reason, fresh=finding.fresh,
    )  # fmt: skip


def entry_of(case: Case, arrival: Arrival, verdict: Verdict, mark: tuple[int, int]) -> Decided:
    """Return what an operation has done since the mark, ready to be written."""
    state = case.state
    encoded = encode(verdict)
    document, line = case.paper
    logged = Logged(
        id=case.name, seq=state.seq, verb=case.verb if arrival.did else "?", actor=case.body.actor,
        replica=arrival.link.replica, rseq=arrival.link.seq, at=arrival.dated.at,
        u=arrival.dated.u, trust=arrival.dated.trust, outcome=verdict.outcome,
        content_hash=arrival.content_hash, payload_hash=arrival.payload_hash,
        payload=arrival.payload, verdict=encoded, document=document,
        line=line,
        accounted=periods.accounted(state, arrival.dated.at),
    )  # fmt: skip
    postings = tuple(state.postings[mark[1] :])
    changes = tuple(state.changed_since(mark))
    state.operations.put(case.name, logged)
    kind: Literal["fact", "intent"] = "intent" if case.body.class_ == "intent" else "fact"
    return Decided(
        encoded, Entry(logged, kind, case.device, case.carrier, postings, changes)
    )  # fmt: skip
