"""`bincard verify`: the ledger replayed from its first posting, and compared with what is kept.

Checks the chain, the numbers without a hole, that every item sums to zero, that holdings are the
sum of the postings *and* the fold of the facts in time, the progress of documents, and the scope.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby, takewhile
from operator import attrgetter

import sqlalchemy as sa
from sqlalchemy import Connection

from server.book.rows import ROWS_AT_ONCE, fetch, key_of_row, replicated, stream, table
from server.book.save import is_private
from sync.editing import RECALL
from sync.feed import SCOPE_MODULUS, scope_of
from sync.hashing import ZERO, link, sha256_hex
from sync.ledger import Posting, Track, TrackName, least_held, track_of
from sync.limits import SUSPENSE
from sync.records import FEED, Discrepancy, Document, Holding, Line, LotRow, Sighting
from sync.sightings import Flow, flows, moment_of
from sync.stock import is_virtual
from sync.vocabulary import Code


def verify_site(connection: Connection, site: str) -> list[str]:
    """Return every difference found in a site, in words; empty when the book is true."""
    holdings = fetch(connection, "holding", Holding, table("holding").c.site == site)
    kept = {(row.place, row.key): row.quantity for row in holdings}
    return [
        *_chain(connection, site),
        *_tracks(connection, site, kept),
        *_progress(connection, site),
        *unexplained(connection, site),
        *_things(connection, site, kept),
        *_blocks(connection, site),
        *_scope(connection, site),
    ]


def _chain(connection: Connection, site: str) -> Iterator[str]:
    log = table("log").c
    rows = connection.execute(
        sa.select(log.seq, log.payload, log.payload_hash, log.link)
        .where(log.site == site).order_by(log.seq),
        execution_options={"yield_per": ROWS_AT_ONCE},
    )  # fmt: skip
    before, seq = ZERO, 0
    for seq, row in enumerate(rows, start=1):
        if row.seq != seq:
            yield f"log: {row.seq} stands where {seq} belongs"
            return
        if sha256_hex(row.payload) != row.payload_hash:
            yield f"log {seq}: the stored bytes were changed"
        before = link(before, row.payload_hash)
        if row.link != before:
            yield f"log {seq}: the chain is broken"
            return
    head = connection.execute(
        sa.select(table("site").c.seq, table("site").c.link).where(table("site").c.site == site)
    ).one()
    if (head.seq, head.link) != (seq, before):
        yield f"site: the head says {head.seq}, the log ends at {seq}"


def _tracks(connection: Connection, site: str, kept: dict[TrackName, int]) -> Iterator[str]:
    """Compare key by key: a ledger is read from end to end, and only one key is in memory."""
    of = table("posting").c
    rest = dict(kept)
    every = stream(connection, "posting", Posting, of.site == site, order=("key", "seq", "n"))
    for _, several in groupby(every, attrgetter("key")):
        postings = [*several]
        names = {(place, p.key) for p in postings for place in (p.place_from, p.place_to)}
        there = {name: rest.pop(name, 0) for name in names}
        yield from _sums(postings, there)
        yield from _folds(postings, there)
    yield from _sums((), rest)


def _sums(postings: Iterable[Posting], kept: dict[TrackName, int]) -> Iterator[str]:
    sums: dict[TrackName, int] = defaultdict(int)
    for posting in postings:
        sums[posting.place_from, posting.key] -= posting.quantity
        sums[posting.place_to, posting.key] += posting.quantity
    for name in sorted(sums.keys() | kept.keys()):
        if sums[name] != kept.get(name, 0):
            yield f"holding {name}: kept {kept.get(name, 0)}, the postings give {sums[name]}"


def _folds(postings: Iterable[Posting], kept: dict[TrackName, int]) -> Iterator[str]:
    """Fold every track in the order of time and compare where it ends."""
    ends: dict[TrackName, list[Posting]] = defaultdict(list)
    for posting in postings:
        for place in {posting.place_from, posting.place_to}:
            if not is_virtual(place):
                ends[place, posting.key].append(posting)
    for name, part in sorted(ends.items()):
        folded = fold(track_of(0, 0, name[0], part))
        if folded != kept.get(name, 0):
            yield f"holding {name}: kept {kept.get(name, 0)}, the facts in time give {folded}"


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


def _progress(connection: Connection, site: str) -> Iterator[str]:
    """A line's progress is what the postings of its operations moved, reversals taken off."""
    log, posting = table("log").c, table("posting").c
    moved = sa.case(
        (posting.kind.in_(("move", "all")), posting.quantity),
        (posting.kind == "reverse", -posting.quantity),
        else_=0,
    ) * sa.case((log.verb == "return", -1), else_=1)
    rows = connection.execute(
        sa.select(log.document, log.line, sa.func.sum(moved))
        .join(table("log"), sa.and_(log.site == posting.site, log.seq == posting.of))
        .where(posting.site == site, log.line.is_not(None))
        .group_by(log.document, log.line)
    )
    done = {(row[0], row[1]): int(row[2]) for row in rows}
    for line in fetch(connection, "line", Line, table("line").c.site == site):
        name = (line.document, line.line)
        if line.item is not None and line.done != done.get(name, 0):
            yield f"line {name}: kept {line.done}, the postings give {done.get(name, 0)}"


def _blocks(connection: Connection, site: str) -> Iterator[str]:
    """What is blocked or stopped is so by a recall, or by a discrepancy that is open (D2)."""
    row = table("discrepancy").c
    doubts = fetch(connection, "discrepancy", Discrepancy, row.site == site, row.state == "open")
    causes = {one.discrepancy for one in doubts}
    lot = table("lot").c
    for found in fetch(connection, "lot", LotRow, lot.site == site, lot.blocked.is_not(None)):
        if found.blocked not in causes and not str(found.blocked).startswith(RECALL):
            yield f"lot {found.item}/{found.lot}: blocked by {found.blocked}, which is not open"
    document = table("document").c
    stopped = (document.site == site, document.stopped.is_not(None))
    for paper in fetch(connection, "document", Document, *stopped):
        if paper.stopped not in causes:
            yield f"document {paper.document}: stopped by {paper.stopped}, which is not open"


def unexplained(connection: Connection, site: str) -> Iterator[str]:
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
            yield f"suspense of {key}: {held.quantity}, and {-waits[key]} waits for a decision"
        explained = {(place, key), (place, None)} & places or held.item in items & set(nameless)
        if held.quantity and nameless and not explained:
            yield f"holding {(place, key)}: {held.quantity}, and nothing open explains it"


def _things(connection: Connection, site: str, kept: dict[TrackName, int]) -> Iterator[str]:
    """Every single thing stands where the chain of its sightings ends."""
    every = stream(connection, "sighting", Sighting, table("sighting").c.site == site,
                   order=("thing",))  # fmt: skip
    for thing, chain in groupby(every, attrgetter("thing")):
        rows = sorted(chain, key=moment_of)
        derived = flows(rows)
        told = [Flow(*row.posted) if row.posted else None for row in rows]
        if derived != told:
            yield f"thing {thing}: its sightings give {derived}, posted is {told}"
        last = next((flow for flow in reversed(derived) if flow is not None), None)
        if last is None or is_virtual(last.place_to):
            continue
        if kept.get((last.place_to, last.key_to)) != 1:
            yield f"thing {thing}: it is not where it was seen last, {last.place_to}"


def _scope(connection: Connection, site: str) -> Iterator[str]:
    total = 0
    for kind, (struct, _) in FEED.items():
        name = replicated(kind)
        every = stream(connection, name, struct, table(name).c.site == site)
        for row in every:
            if row.version and not is_private(row):
                total += scope_of(kind, key_of_row(kind, row), row.version)
    kept = connection.execute(
        sa.select(table("site").c.scope).where(table("site").c.site == site)
    ).scalar()
    if str(total % SCOPE_MODULUS) != kept:
        yield f"feed: the site's scope is {kept}, its rows give {total % SCOPE_MODULUS}"
