"""The three rounds of `sync/needs.py` and `sync/histories.py`, each in a few set-based queries."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from server.book.closing import reasons
from server.book.counts import load_counts, load_parts
from server.book.packing import fetch_logged
from server.book.rows import as_read, columns_of, fetch, fetch_in, fetch_listed, table
from server.book.session import Session
from server.book.suspense import load_held
from server.book.things import load_chains, load_containers, load_things
from sync import histories, limits, needs, periods
from sync.arrivals import Arrival
from sync.feed import feed_key
from sync.formers import names_of
from sync.histories import History
from sync.ledger import Posting, TrackName, track_of
from sync.needs import Named, Standing
from sync.records import (
    Counted,
    Discrepancy,
    Document,
    Holding,
    Line,
    LotRow,
    Reservation,
    Result,
    Sighting,
    Variance,
)
from sync.sightings import thing_of
from sync.state import Signed, State
from sync.stock import is_virtual, key_of
from sync.tasks import tasks_at
from sync.vocabulary import Code

_holding = table("holding").c
_counted, _variance = table("counted").c, table("variance").c
_doubt, _log = table("discrepancy").c, table("log").c
_sign_in = table("sign_in").c
POSTING: Final = columns_of(Posting, "p")
HELD: Final = f"SELECT {columns_of(Holding, 'h')} FROM {{n}} CROSS JOIN holding AS h"  # noqa: S608 - names of our own
HELD_OF_KEY: Final = f"{HELD} WHERE h.place = n.place AND h.key = n.key AND h.site = ?"
HELD_OF_ITEM: Final = (
    f"{HELD} INDEXED BY ix_holding_item WHERE h.place = n.place AND h.item = n.item AND h.site = ?"
)
OPEN_OF_ITEM: Final = (
    f"SELECT {columns_of(Discrepancy, 'd')} FROM {{n}}"  # noqa: S608 - names of our own
    " CROSS JOIN discrepancy AS d INDEXED BY ix_discrepancy_item"
    " WHERE d.place = n.place AND d.item = n.item AND d.site = ? AND d.state = 'open'"
)
UNSEEN: Final = (
    "SELECT n.item, n.replica, n.seq, p.place_from, p.place_to, p.key,"
    " CAST(sum(p.quantity) AS bigint) FROM {n}"
    " CROSS JOIN posting AS p INDEXED BY ix_posting_item"
    " WHERE p.item = n.item AND p.seq > n.seq AND p.replica <> n.replica AND p.site = ?"
    " GROUP BY n.item, n.replica, n.seq, p.place_from, p.place_to, p.key"
)

SIGNED: Final = (
    "SELECT n.device, n.person, s.stamp FROM {n} CROSS JOIN sign_in AS s"
    " WHERE s.device = n.device AND s.person = n.person AND s.site = ? AND s.proved_at IS NOT NULL"
)


def load(session: Session, pushes: Sequence[tuple[str, Sequence[Arrival]]]) -> None:
    """Load in three rounds what the operations of several devices need."""
    site, state, connection = session.head.site, session.state, session.connection
    asked = needs.named(pushes)
    for device, arrivals in pushes:
        asked.discrepancies |= limits.sums(state, device, arrivals)
    load_named(connection, site, state, asked)
    new = [
        arrival
        for _, arrivals in pushes
        for arrival in arrivals
        if state.operations.find(arrival.id) is None
    ]
    standing = needs.standing(state, new)
    load_standing(connection, site, state, standing)
    history = histories.history(state, new)
    # Where a thing or an unknown code stood is known only now, and so is what was counted there.
    known = _beside(standing)
    further = {name for name in _names(history) - known if name[0] not in standing.near}
    if further:
        _load_near(connection, site, state, set(), further)
        histories.reach_doubts(history, state)
    while history.since:
        _load_held(connection, site, state, history.since)
        load_history(connection, site, state, history)
        history = histories.far_ends(state)
        _load_near(connection, site, state, set(), _names(history))
        histories.reach_doubts(history, state)
    load_held(connection, site, state)
    _load_named(connection, site, state)
    for day in periods.closing(new):
        found = reasons(connection, site, day, session.now)
        state.unready[day] = tuple(one.reason for one in found)
    counted = {row.place for row in state.variances.all() if row.state == "open"}
    _load_papers(connection, site, state, {name for place in counted for name in tasks_at(place)})


def load_named(connection: Connection, site: str, state: State, asked: Named) -> None:
    """Round one: operations, counts and discrepancies by their ids."""
    ids = set(asked.operations)
    for row in fetch_in(connection, "discrepancy", Discrepancy, site, "waits", asked.waits):
        state.discrepancies.load(row.discrepancy, row)
        ids.add(row.operation)
    for row in fetch_in(
        connection, "discrepancy", Discrepancy, site, "discrepancy", asked.discrepancies
    ):
        state.discrepancies.load(row.discrepancy, row)
        ids.add(row.operation)
    undone = [row.detail["undo"] for row in state.discrepancies.all() if "undo" in row.detail]
    for logged in fetch_logged(connection, site, "seq", undone):
        state.operations.load(logged.id, logged)
    for logged in fetch_logged(connection, site, "id", ids):
        state.operations.load(logged.id, logged)
    # What settles a doubt of a count may take it back.
    counts = asked.counts | {row.operation for row in state.discrepancies.all()}
    for counted in fetch_in(connection, "counted", Counted, site, "operation", counts):
        state.counted.load(counted.operation, counted)
    count_ids = asked.count_ids | {counted.count_id for counted in state.counted.all()}
    load_parts(connection, site, state, count_ids)
    for variance in fetch_in(connection, "variance", Variance, site, "count_id", count_ids):
        state.variances.load((variance.operation, variance.line), variance)
    if any(thing_of(key_of(row.key)) for row in state.variances.all()):
        # A thing that is counted is found, wherever somebody was asked to look for it.
        doubt = table("discrepancy").c
        open_ = (doubt.site == site, doubt.state == "open", doubt.code == Code.LOCATION_DOUBT.value)
        for row in fetch(connection, "discrepancy", Discrepancy, *open_):
            state.discrepancies.load(row.discrepancy, row)
    proved = [(name, person) for device, person in asked.proved for name in names_of(state, device)]
    signed = fetch_listed(connection, SIGNED, proved, site,
                          like=(_sign_in.device, _sign_in.person))  # fmt: skip
    for device, person, stamp in signed:
        state.proved.load((device, person), Signed(stamp))


def load_standing(connection: Connection, site: str, state: State, asked: Standing) -> None:
    """Round two: documents, lots, holdings, and what is open where the operations act."""
    _load_papers(connection, site, state, asked.documents)
    for document in fetch_in(connection, "document", Document, site, "stopped", asked.settled):
        state.documents.load(document.document, document)
    for lot in fetch_in(connection, "lot", LotRow, site, "item", asked.lots):
        state.lots.load((lot.item, lot.lot, lot.expires, lot.supplier), lot)
    _load_reservations(connection, site, state, asked)
    _load_holdings(connection, site, state, asked)
    _load_targets(connection, site, state, asked)
    load_chains(connection, site, state, asked)
    _load_near(connection, site, state, asked.near, _beside(asked), asked.beside)
    load_containers(connection, site, state, asked)
    for kind, raw, code in asked.renamed:
        _load_renamed(connection, site, state, kind, raw)
        _load_renamed_things(connection, site, state, kind, raw, code)
    _load_since(connection, site, state, asked)
    _load_unseen(connection, site, state, asked)


def _load_papers(connection: Connection, site: str, state: State, names: Iterable[str]) -> None:
    """Documents with their lines."""
    wanted = list(names)
    for document in fetch_in(connection, "document", Document, site, "document", wanted):
        state.documents.load(document.document, document)
    for line in fetch_in(connection, "line", Line, site, "document", wanted):
        state.lines.load((line.document, line.line), line)


def _load_named(connection: Connection, site: str, state: State) -> None:
    """What operations work for, and all that they posted, when what they did may be amended."""
    ofs = needs.amended(state)
    if not ofs:
        return
    log = table("log").c
    rows = connection.execute(
        sa.select(log.seq, log.verb, log.document, log.line)
        .where(log.site == site, log.seq.in_(ofs), log.line.is_not(None))
    ).all()  # fmt: skip
    for seq, verb, document, line in rows:
        state.named[seq] = (verb, document, line)
    for posting in _postings_of(connection, site, set(state.named) - set(state.made)):
        state.made.setdefault(posting.of, []).append(posting)
    _load_papers(connection, site, state, {document for _, document, _ in state.named.values()})


def _load_reservations(connection: Connection, site: str, state: State, asked: Standing) -> None:
    """What is kept for others, and then all of the item: a promise that is broken moves on."""
    for column, values in (
        ("item", asked.reserved), ("place", asked.places), ("document", asked.freed),
    ):  # fmt: skip
        for row in fetch_in(connection, "reservation", Reservation, site, column, values):
            state.reservations.load((row.document, row.line, row.place, row.key), row)
    kept = {row.item for row in state.reservations.all() if row.quantity} & asked.reserved
    asked.items |= kept
    for lot in fetch_in(connection, "lot", LotRow, site, "item", kept):
        state.lots.load((lot.item, lot.lot, lot.expires, lot.supplier), lot)


def _load_holdings(connection: Connection, site: str, state: State, asked: Standing) -> None:
    found = fetch_in(connection, "holding", Holding, site, "place", asked.places)
    found += fetch_in(connection, "holding", Holding, site, "item", asked.items)
    found += as_read(connection, "holding", Holding, fetch_listed(
        connection, HELD_OF_ITEM, [
            (place, item) for place, item in asked.beside
            if place not in asked.places and item not in asked.items
        ], site, like=(_holding.place, _holding.item),
    ))  # fmt: skip
    for row in found:
        state.holdings.load((row.place, row.key), row)
    _load_held(connection, site, state, asked.names)


def _load_held(connection: Connection, site: str, state: State, names: Iterable[TrackName]) -> None:
    """What stands there of the keys that are named, as far as it is not known yet."""
    unknown = [name for name in names if name not in state.holdings.rows]
    rows = fetch_listed(connection, HELD_OF_KEY, unknown, site,
                        like=(_holding.place, _holding.key))  # fmt: skip
    for row in as_read(connection, "holding", Holding, rows):
        state.holdings.load((row.place, row.key), row)
    for name in unknown:
        state.holdings.load(name, None)


def _beside(asked: Standing) -> set[TrackName]:
    """Return the keys that move at places where something may be open."""
    places = {place for place, _ in asked.beside}
    return {name for name in asked.names if name[0] in places}


def _names(asked: History) -> set[TrackName]:
    """Return the keys at places whose history must be known."""
    return {name for name in asked.since if not is_virtual(name[0])}


def _load_near(  # noqa: PLR0913, PLR0917 - a query in words
    connection: Connection, site: str, state: State, near: set[str], names: set[TrackName],
    beside: set[tuple[str, str]] | None = None,
) -> None:  # fmt: skip
    """What is open at a place: shortages that may be covered, counts that may be explained.

    Doubts are those of an item: goods may cover for others of their kind.
    """
    if beside is None:
        beside = {(place, key_of(key).item) for place, key in names}
    doubts = fetch_in(connection, "discrepancy", Discrepancy, site, "place", near, "state = 'open'")
    doubts += as_read(connection, "discrepancy", Discrepancy, fetch_listed(
        connection, OPEN_OF_ITEM, list(beside), site, like=(_doubt.place, _doubt.item),
    ))  # fmt: skip
    places = near | {place for place, _ in beside}
    doubts += fetch_in(connection, "discrepancy", Discrepancy, site, "place", places - near,
                       "state = 'open' AND key IS NULL")  # fmt: skip
    for doubt in doubts:
        state.discrepancies.load(doubt.discrepancy, doubt)
    load_counts(connection, site, state, near, names)


def _load_targets(connection: Connection, site: str, state: State, asked: Standing) -> None:
    """What a reverse takes back: postings, doubts, variances, earlier results."""
    targets = list(asked.targets)
    if not targets:
        return
    for result in fetch_in(connection, "result", Result, site, "operation", targets):
        state.results.load(result.operation, result)
    for doubt in fetch_in(connection, "discrepancy", Discrepancy, site, "operation", targets):
        state.discrepancies.load(doubt.discrepancy, doubt)
    counts = fetch_in(connection, "variance", Variance, site, "operation", targets)
    count_ids = {row.count_id for row in counts}
    for row in fetch_in(connection, "variance", Variance, site, "count_id", count_ids):
        state.variances.load((row.operation, row.line), row)
    for posting in _postings_of(connection, site, asked.targets.values()):
        state.made.setdefault(posting.of, []).append(posting)


def _load_renamed(connection: Connection, site: str, state: State, kind: str, raw: str) -> None:
    """Everything that was posted and counted under an unknown code."""
    posting, variance = table("posting").c, table("variance").c
    item = kind == "item"
    postings = posting.item == raw if item else sa.or_(
        posting.place_from == raw, posting.place_to == raw
    )  # fmt: skip
    state.renaming += fetch(connection, "posting", Posting, posting.site == site, postings)
    variances = variance.item == raw if item else variance.place == raw
    for row in fetch(connection, "variance", Variance, variance.site == site, variances):
        state.variances.load((row.operation, row.line), row)
    doubt = table("discrepancy").c
    doubts = sa.or_(doubt.place == raw, doubt.item == raw)
    for found in fetch(connection, "discrepancy", Discrepancy, doubt.site == site,
                       doubt.state == "open", doubts):  # fmt: skip
        state.discrepancies.load(found.discrepancy, found)


def _load_renamed_things(  # noqa: PLR0913, PLR0917 - a query in words
    connection: Connection, site: str, state: State, kind: str, raw: str, code: str
) -> None:
    """The chains of things under an unknown code, and those that they become part of."""
    seen = table("sighting").c
    unknown = seen.thing.startswith(feed_key(raw)[:-1] + ",", autoescape=True)
    if kind != "item":
        unknown = sa.or_(seen.place == raw, seen.source == raw, seen.only_from == raw)
    rows = fetch(connection, "sighting", Sighting, seen.site == site, unknown)
    keys = {key_of(row.key) for row in rows}
    things = {row.thing for row in rows}
    things |= {feed_key(code, key.serial) for key in keys if kind == "item"}
    load_things(connection, site, state, things)


def _postings_of(connection: Connection, site: str, seqs: Iterable[int]) -> list[Posting]:
    """Return what operations posted and what was linked to it since, in the order of the log."""
    wanted = list(seqs)
    if not wanted:
        return []
    posting = table("posting").c
    columns = [posting[name] for name in Posting.__struct_fields__]
    found = []
    for which in (
        sa.and_(posting.seq.in_(wanted), posting.of == posting.seq),
        sa.and_(posting.of.in_(wanted), posting.of != posting.seq),
    ):
        rows = sa.select(*columns).where(posting.site == site, which)
        ordered = connection.execute(rows.order_by(posting.seq, posting.n))
        found += [Posting(*row) for row in ordered]
    return found


def _load_since(connection: Connection, site: str, state: State, asked: Standing) -> None:
    """What was posted of each item after the picture that each operation was based on."""
    if not asked.since_base:
        return
    oldest = min(cursor for _, cursor in asked.since_base.values())
    rows = fetch_listed(
        connection,
        f"SELECT p.seq, {POSTING} FROM posting AS p"  # noqa: S608 - no input in it
        " WHERE p.item IN (SELECT n.item FROM {n}) AND p.site = ? AND p.seq > ?"
        " ORDER BY p.seq, p.n",
        [(item,) for item in {item for item, _ in asked.since_base.values()}],
        site, oldest, like=(_holding.item,),
    )  # fmt: skip
    found: dict[str, list[tuple[int, Posting]]] = {}
    for seq, *fields in rows:
        posting = Posting(*fields)
        found.setdefault(posting.item, []).append((seq, posting))
    for operation, (item, cursor) in asked.since_base.items():
        later = found.get(item, [])
        after = bisect_right(later, cursor, key=itemgetter(0))
        state.since_base[operation] = [posting for _, posting in later[after:]]


def _load_unseen(connection: Connection, site: str, state: State, asked: Standing) -> None:
    """What others did to the holdings of each item after the picture of each operation.

    Added up by the database: a device that was away for a month has missed a month of everybody.
    """
    rows = fetch_listed(connection, UNSEEN, {*asked.unseen.values()}, site,
                        like=(_holding.item, _log.replica, _log.seq))  # fmt: skip
    found: dict[tuple[str, str, int], dict[TrackName, int]] = {}
    for *one, place_from, place_to, key, quantity in rows:
        sums = found.setdefault((one[0], one[1], one[2]), {})
        for name, change in (((place_from, key), -quantity), ((place_to, key), quantity)):
            sums[name] = sums.get(name, 0) + change
    for operation, one in asked.unseen.items():
        state.unseen[operation] = found.get(one, {})


def load_history(connection: Connection, site: str, state: State, asked: History) -> None:
    """Round three: the postings of each key at each place from a time on, as tracks."""
    wanted = {name: since for name, since in asked.since.items() if not is_virtual(name[0])}
    ends: dict[TrackName, list[tuple[int, int, Posting]]] = {name: [] for name in wanted}
    given = [(*name, since) for name, since in wanted.items()]
    for end in ("from", "to"):
        rows = fetch_listed(
            connection,
            f"SELECT p.seq, p.n, {POSTING} FROM {{n}}"  # noqa: S608 - no input in it
            f" CROSS JOIN posting AS p WHERE p.place_{end} = n.place AND p.key = n.key"
            f" AND p.t_{end} >= n.at AND p.site = ?",
            given, site, like=(_counted.place, _variance.key, _counted.at),
        )  # fmt: skip
        for seq, n, *row in rows:
            posting = Posting(*row)
            name = (posting.place_from if end == "from" else posting.place_to, posting.key)
            # What was put back where it stood has both ends here, and came with the first.
            same = posting.place_from == posting.place_to
            if end == "from" or not same or (posting.t_from or 0) < wanted[name]:
                ends[name].append((seq, n, posting))
    for name, found in ends.items():
        known = state.tracks.find(name)
        if known is not None and known.since <= wanted[name]:
            continue
        # What was loaded before does not reach back far enough: a far end is asked for again.
        made = [p for p in state.postings if name in {(p.place_from, p.key), (p.place_to, p.key)}]
        holding = state.holdings.find(name)
        balance = holding.quantity if holding else 0
        stored = [posting for _, _, posting in sorted(found, key=itemgetter(0, 1))]
        track = track_of(balance, wanted[name], name[0], stored + made)
        state.tracks.rows[name] = track
