"""`bincard verify`: the ledger replayed from its first posting, and compared with what is kept.

Checks the chain, the numbers without a hole, that every item sums to zero, that holdings are the
sum of the postings *and* the fold of the facts in time, what open counts expect, the progress of
documents, and the scope. A fault knows the row that would be right, where the ledger tells it:
`bincard repair` writes exactly these (`repair.py`).
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, takewhile
from operator import attrgetter

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from server.book.cells import unreadable
from server.book.lines import moved_by_lines
from server.book.packing import unpacked
from server.book.rows import ROWS_AT_ONCE, fetch, key_of_row, replicated, stream, table
from server.book.save import is_private
from sync.balances import moment_of as counted_at
from sync.editing import RECALL
from sync.feed import SCOPE_MODULUS, scope_of
from sync.hashing import ZERO, link, sha256_hex
from sync.ledger import Posting, Track, TrackName, least_held, track_of
from sync.limits import SUSPENSE
from sync.papers import COUNTER_NAMES
from sync.records import (
    FEED,
    Discrepancy,
    Document,
    Holding,
    Line,
    LotRow,
    Row,
    Sighting,
    Variance,
)
from sync.sightings import Flow, flows, moment_of
from sync.stock import is_virtual
from sync.vocabulary import Code

LOG = logging.getLogger("bincard.book")


class Fault(Struct, frozen=True):
    """One difference: in words, and as the row of a kind that stands there and the right one.

    `right` is None where the ledger itself is wrong, or does not say what would be right.
    """

    words: str
    kind: str = ""
    row: Row | None = None
    right: Row | None = None


class Torn(Fault, frozen=True):
    """The ledger itself is broken: the log, or postings that contradict each other."""


class Unexplained(Fault, frozen=True):
    """What stands where nobody can name it, or in suspense, and nothing open says why."""

    held: Holding | None = None


class ScopeWrong(Fault, frozen=True):
    """The sum over all rows is another one than the site's; every device would start anew."""


def verify_site(connection: Connection, site: str) -> list[str]:
    """Return every difference found in a site, in words; empty when the book is true.

    What cannot even be replayed is a difference, too; but a file that is damaged is raised.
    """
    found: list[str] = []
    try:
        found.extend(fault.words for fault in faults_of(connection, site))
    except sa.exc.DatabaseError:
        raise
    except Exception as error:
        LOG.exception("the replay of %s broke off", site)
        found.append(f"the replay broke off: {error!r}")
    return found


def faults_of(connection: Connection, site: str) -> Iterator[Fault]:
    """Yield every difference found in a site."""
    yield from ledger_faults(connection, site)
    # What follows cannot be looked at where some of it cannot be read.
    if next(unreadable(connection, site), None) is None:
        yield from derived_faults(connection, site)


def ledger_faults(connection: Connection, site: str) -> Iterator[Fault]:
    """Yield what nobody can derive again: cells that cannot be read, and what is wrong in the log
    from which all else follows.
    """  # noqa: D205 - one sentence on two lines
    yield from map(Torn, unreadable(connection, site))
    yield from _chain(connection, site)


def derived_faults(connection: Connection, site: str) -> Iterator[Fault]:
    """Yield what does not follow from log and postings, and postings that contradict each other."""
    holdings = fetch(connection, "holding", Holding, table("holding").c.site == site)
    kept = {(row.place, row.key): row for row in holdings}
    yield from _tracks(connection, site, kept)
    yield from _progress(connection, site)
    yield from unexplained(connection, site)
    yield from _things(connection, site, kept)
    yield from _blocks(connection, site)
    yield from _scope(connection, site)


def _chain(connection: Connection, site: str) -> Iterator[Fault]:
    log = table("log").c
    rows = connection.execute(
        sa.select(log.seq, log.payload, log.payload_hash, log.link)
        .where(log.site == site).order_by(log.seq),
        execution_options={"yield_per": ROWS_AT_ONCE},
    )  # fmt: skip
    before, seq = ZERO, 0
    for seq, row in enumerate(rows, start=1):
        if row.seq != seq:
            yield Torn(f"log: {row.seq} stands where {seq} belongs")
            return
        if sha256_hex(unpacked(row.payload)) != row.payload_hash:
            yield Torn(f"log {seq}: the stored bytes were changed")
        before = link(before, row.payload_hash)
        if row.link != before:
            yield Torn(f"log {seq}: the chain is broken")
            return
    head = connection.execute(
        sa.select(table("site").c.seq, table("site").c.link).where(table("site").c.site == site)
    ).one()
    if (head.seq, head.link) != (seq, before):
        yield Torn(f"site: the head says {head.seq}, the log ends at {seq}")


def _tracks(
    connection: Connection, site: str, kept: dict[TrackName, Holding]
) -> Iterator[Fault]:  # fmt: skip
    """Compare key by key: a ledger is read from end to end, and only one key is in memory."""
    of = table("posting").c
    rest, waiting = dict(kept), _open_counts(connection, site)
    every = stream(connection, "posting", Posting, of.site == site, order=("key", "seq", "n"))
    for _, several in groupby(every, attrgetter("key")):
        postings = [*several]
        names = {(place, p.key) for p in postings for place in (p.place_from, p.place_to)}
        there = {name: rest.pop(name, None) for name in names}
        sums = _sums(postings)
        yield from _held(postings[0].item, sums, there)
        ends = _ends(postings)
        yield from _folds(ends, sums)
        for name in sorted(ends.keys() & waiting.keys()):
            track = track_of(sums[name], 0, name[0], ends[name])
            yield from _expected(track, waiting.pop(name))
    yield from _held("", {}, rest)
    for _, rows in sorted(waiting.items()):
        yield from _expected(Track(0), rows)


def _sums(postings: Iterable[Posting]) -> dict[TrackName, int]:
    sums: dict[TrackName, int] = defaultdict(int)
    for posting in postings:
        sums[posting.place_from, posting.key] -= posting.quantity
        sums[posting.place_to, posting.key] += posting.quantity
    return sums


def _held(
    item: str, sums: dict[TrackName, int], there: Mapping[TrackName, Holding | None]
) -> Iterator[Fault]:
    for name in sorted(sums.keys() | there.keys()):
        row, right = there.get(name), sums.get(name, 0)
        if (row.quantity if row else 0) != right:
            words = f"holding {name}: kept {row.quantity if row else 0}, the postings give {right}"
            blank = row or Holding(place=name[0], key=name[1], item=item)
            yield Fault(words, "holding", row, replace(blank, quantity=right))


def _ends(postings: Iterable[Posting]) -> dict[TrackName, list[Posting]]:
    """Return the postings of each track that has a history."""
    ends: dict[TrackName, list[Posting]] = defaultdict(list)
    for posting in postings:
        for place in {posting.place_from, posting.place_to}:
            if not is_virtual(place):
                ends[place, posting.key].append(posting)
    return ends


def _folds(
    ends: dict[TrackName, list[Posting]], sums: dict[TrackName, int]
) -> Iterator[Fault]:  # fmt: skip
    """Fold every track in the order of time and compare where it ends."""
    for name, part in sorted(ends.items()):
        folded = fold(track_of(0, 0, name[0], part))
        if folded != sums[name]:
            yield Torn(
                f"postings of {name}: they come to {sums[name]}, the facts in time give {folded}"
            )


def _open_counts(connection: Connection, site: str) -> dict[TrackName, list[Variance]]:
    of = table("variance").c
    rows = fetch(
        connection, "variance", Variance, of.site == site, of.state == "open", of.line >= 0
    )
    waiting: dict[TrackName, list[Variance]] = defaultdict(list)
    for row in rows:
        waiting[row.place, row.key].append(row)
    return waiting


def _expected(track: Track, rows: Iterable[Variance]) -> Iterator[Fault]:
    """Compare what open counts of a key were held against with the fold before their moments."""
    for row in rows:
        right = track.before(counted_at(row))
        if row.expected != right:
            words = f"variance {(row.operation, row.line)}: expects {row.expected}, "
            mended = replace(row, expected=right)
            yield Fault(f"{words}the facts in time give {right}", "variance", row, mended)


def fold(track: Track) -> int:
    """Return the balance that a track's facts give in time: counts set it, movements add.

    What a movement moved is fixed; counts, absences and "all that stands there" depend on the rest.
    """
    balance = 0
    moved: list[tuple[int, int]] = []
    for effect in track.effects:
        if effect.kind == "count":
            balance = effect.counted or 0
        elif effect.kind == "gone":
            balance -= least_held(balance, _since(moved, effect.t_other or 0))
        else:
            amount = -max(balance, 0) if effect.kind == "all" else effect.amount
            balance += amount
            moved.append((effect.at[0], amount))
    return balance


def _since(moved: list[tuple[int, int]], opened: int) -> Iterator[int]:
    """Yield what moved after a time, newest first."""
    return (amount for _, amount in takewhile(lambda one: one[0] > opened, reversed(moved)))


def _progress(connection: Connection, site: str) -> Iterator[Fault]:
    """The counters of a line are what the operations that name it moved (L10)."""
    moved = moved_by_lines(connection, site)
    for line in fetch(connection, "line", Line, table("line").c.site == site):
        right = replace(line, **{name: moved[line.document, line.line, name]
                                 for name in COUNTER_NAMES})  # fmt: skip
        wrong = [name for name in COUNTER_NAMES if getattr(line, name) != getattr(right, name)]
        if wrong:
            told = ", ".join(
                f"{name} is kept as {getattr(line, name)}, the ledger gives {getattr(right, name)}"
                for name in wrong
            )
            yield Fault(f"line {line.document}/{line.line}: {told}", "line", line, right)


def _blocks(connection: Connection, site: str) -> Iterator[Fault]:
    """What is blocked or stopped is so by a recall, or by a discrepancy that is open (D2)."""
    row = table("discrepancy").c
    doubts = fetch(connection, "discrepancy", Discrepancy, row.site == site, row.state == "open")
    causes = {one.discrepancy for one in doubts}
    lot = table("lot").c
    for found in fetch(connection, "lot", LotRow, lot.site == site, lot.blocked.is_not(None)):
        if found.blocked not in causes and not str(found.blocked).startswith(RECALL):
            words = f"lot {found.item}/{found.lot}: blocked by {found.blocked}, which is not open"
            yield Fault(words, "lot", found, replace(found, blocked=None))
    document = table("document").c
    stopped = (document.site == site, document.stopped.is_not(None))
    for paper in fetch(connection, "document", Document, *stopped):
        if paper.stopped not in causes:
            words = f"document {paper.document}: stopped by {paper.stopped}, which is not open"
            yield Fault(words, "document", paper, replace(paper, stopped=None))


def unexplained(connection: Connection, site: str) -> Iterator[Unexplained]:
    """What nobody can name, and what waits in suspense, is explained by something open.

    Of suspense to the unit: it is what the corrections beyond a limit ask to agree to (R37).
    """
    held_at = table("holding").c
    holdings = fetch(connection, "holding", Holding, held_at.site == site, held_at.quantity != 0)
    row = table("discrepancy").c
    doubts = fetch(connection, "discrepancy", Discrepancy, row.site == site, row.state == "open")
    places = {(one.place, one.key) for one in doubts}
    items = {one.item for one in doubts}
    waits = Counter[str]()
    for one in doubts:
        if one.code == Code.OVER_LIMIT:
            waits[str(one.key)] += int(str(one.detail["quantity"]))
    for held in holdings:
        place, key = held.place, held.key
        nameless = [part for part in (place, held.item) if part.startswith("unidentified/")]
        if place == SUSPENSE and held.quantity != -waits[key]:
            words = f"suspense of {key}: {held.quantity}, and {-waits[key]} waits for a decision"
            yield Unexplained(words, held=held)
        explained = {(place, key), (place, None)} & places or held.item in items & set(nameless)
        if held.quantity and nameless and not explained:
            words = f"holding {(place, key)}: {held.quantity}, and nothing open explains it"
            yield Unexplained(words, held=held)


def _things(
    connection: Connection, site: str, kept: dict[TrackName, Holding]
) -> Iterator[Fault]:  # fmt: skip
    """Every single thing stands where the chain of its sightings ends."""
    every = stream(connection, "sighting", Sighting, table("sighting").c.site == site,
                   order=("thing",))  # fmt: skip
    for thing, chain in groupby(every, attrgetter("thing")):
        rows = sorted(chain, key=moment_of)
        derived = flows(rows)
        told = [Flow(*row.posted) if row.posted else None for row in rows]
        for row, flow, said in zip(rows, derived, told, strict=True):
            if flow != said:
                words = f"thing {thing}: its sightings give {flow}, posted is {said}"
                yield Fault(words, "sighting", row, replace(row, posted=flow or ()))
        last = next((flow for flow in reversed(derived) if flow is not None), None)
        if last is None or is_virtual(last.place_to):
            continue
        held = kept.get((last.place_to, last.key_to))
        if held is None or held.quantity != 1:
            yield Fault(f"thing {thing}: it is not where it was seen last, {last.place_to}")


def _scope(connection: Connection, site: str) -> Iterator[Fault]:
    total = scope_now(connection, site)
    kept = connection.execute(
        sa.select(table("site").c.scope).where(table("site").c.site == site)
    ).scalar()
    if str(total) != kept:
        yield ScopeWrong(f"feed: the site's scope is {kept}, its rows give {total}")


def scope_now(connection: Connection, site: str) -> int:
    """Return the scope that the rows of a site add up to."""
    total = 0
    for kind, (struct, _) in FEED.items():
        name = replicated(kind)
        every = stream(connection, name, struct, table(name).c.site == site)
        for row in every:
            if row.version and not is_private(row):
                total += scope_of(kind, key_of_row(kind, row), row.version)
    return total % SCOPE_MODULUS
