"""The working memory of one batch: rows loaded by the book, changed in memory, written back.

Every table is journalled, so that one operation can be taken back alone (R44) and so that the
rows an operation changed are known afterwards: they are its feed. Reading a row that was not
loaded is a bug in `needs` and fails loudly instead of deciding on missing facts.
"""

from collections.abc import Callable, Hashable, Iterator
from datetime import date
from operator import attrgetter
from typing import Final, Generic, NamedTuple, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from sync.ledger import Moment, Posting, Track, TrackName, end_of, next_amendment
from sync.operations import Hash
from sync.records import (
    ROWS,
    Alias,
    Counted,
    Device,
    Discrepancy,
    Document,
    Holding,
    Item,
    Line,
    Location,
    LotRow,
    Person,
    Reservation,
    Result,
    Row,
    Sighting,
    Site,
    Variance,
)
from sync.verbs import Movement, restated

K = TypeVar("K", bound=Hashable)
R = TypeVar("R", bound=Struct)

LATEST_MS: Final = 2**53 - 1
"""Later than anything."""

BALANCE_MAX: Final = 2**53 - 1


class InvariantBrokenError(Exception):
    """An operation would break an invariant: it alone is taken back and parked (R44)."""


class Logged(Struct, frozen=True):
    """An operation that is in the log: what idempotence, reverse and approval need of it."""

    id: str
    seq: int
    verb: str
    actor: str
    replica: str | None
    rseq: int | None
    at: int
    u: int
    trust: str
    outcome: str
    content_hash: str
    payload_hash: str
    payload: bytes
    verdict: bytes
    document: str | None = None
    line: int | None = None
    accounted: str = ""


class Replica(Struct, frozen=True):
    """What the server knows of one storage incarnation of a device."""

    replica: str
    device: str
    acked: int = 0
    hash: Hash | None = None
    seen_at: int = 0
    watermark: int = 0
    at: int = 0
    unsent: int = 0
    active: bool = True
    contacts: bytes = b""
    blocks: int = 0
    holes: bytes = b""
    """What it lost and may still be found (`sync/losses.py`)."""
    actors: bytes = b""
    """Who is known to have signed in there (`sync/actors.py`)."""


class Undo(NamedTuple):
    """One change of a table, as it was before."""

    table: "Table"  # type: ignore[type-arg]  # a journal holds changes of every table
    key: Hashable
    before: object


class Index(Generic[K]):
    """The keys of rows by the value of a field, or by the tuple of several."""

    def __init__(self, fields: str | tuple[str, ...]) -> None:
        self.value = attrgetter(*((fields,) if isinstance(fields, str) else fields))
        self.keys: dict[object, dict[K, None]] = {}

    def enter(self, key: K, row: object) -> None:
        """Note a row; one that stood elsewhere stays there too, and is left out when asked."""
        self.keys.setdefault(self.value(row), {})[key] = None


class Table(Generic[K, R]):
    """Rows by key, with a journal shared by all tables of a state."""

    def __init__(self, kind: str, journal: list[Undo]) -> None:
        self.kind = kind
        self.rows: dict[K, R | None] = {}
        self._journal = journal
        self._indexes: dict[str | tuple[str, ...], Index[K]] = {}

    def load(self, key: K, row: R | None) -> None:
        """Put a row as it is at rest; a later load of the same key changes nothing."""
        if key not in self.rows:
            self.rows[key] = row
            if self._indexes:
                self._enter(key, row)

    def get(self, key: K) -> R | None:
        """Return the row, or None when the site has none; never loaded is a KeyError."""
        return self.rows[key]

    def find(self, key: K) -> R | None:
        """Return the row when it was loaded and exists."""
        return self.rows.get(key)

    def put(self, key: K, row: R) -> None:
        """Change a row."""
        self._journal.append(Undo(self, key, self.rows.get(key)))
        self.rows[key] = row
        if self._indexes:
            self._enter(key, row)

    def all(self) -> Iterator[R]:
        """Yield the rows that exist."""
        return (row for row in self.rows.values() if row is not None)

    def having(self, fields: str | tuple[str, ...], value: object) -> list[R]:
        """Return the rows whose field has this value, without looking at all the others.

        With several fields the value is a tuple.
        """
        if not self.rows:
            return []
        index = self._indexes.get(fields)
        if index is None:
            index = self._indexes[fields] = Index(fields)
            for key, row in self.rows.items():
                if row is not None:
                    index.enter(key, row)
        found = (self.rows[key] for key in index.keys.get(value, ()))
        # A row that was changed or taken back may stand here still.
        return [row for row in found if row is not None and index.value(row) == value]

    def _enter(self, key: K, row: R | None) -> None:
        if row is not None:
            for index in self._indexes.values():
                index.enter(key, row)


_DAY_MS: Final = 86_400_000
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


def utc_day(ms: int) -> str:
    """Return the day of a time where the site's clocks show UTC."""
    return date.fromordinal(_EPOCH_DAY + ms // _DAY_MS).isoformat()


class Signed(Struct, frozen=True):
    """That the server saw a person sign in on a device, with the PIN that the stamp names."""

    stamp: str


class State:
    """Everything that the rules may read and write while a batch is decided."""

    strangers: frozenset[tuple[str, str]] = frozenset()
    """Devices and people of whom nobody has heard that they signed in there (R7)."""

    def __init__(self, site: Site, seq: int, now: int = 0) -> None:
        self.seq = seq
        self.began = seq
        """Where the log ended before the batch: what is from before was loaded as it stands."""
        self.edits = False
        """Whether the batch edits master data: then no rule may be left out beforehand."""
        self.now = now
        self.epoch = 1
        self.day_of: Callable[[int], str] = utc_day
        """The day of a time in the site's time zone; the book knows the zones."""
        self.journal: list[Undo] = []
        self.postings: list[Posting] = []
        journal = self.journal
        self.sites: Table[str, Site] = Table("site", journal)
        self.sites.load(site.site, site)
        self._site = site.site
        self.operations: Table[str, Logged] = Table("log", journal)
        self.replicas: Table[str, Replica] = Table("replica", journal)
        self.items: Table[str, Item] = Table("item", journal)
        self.locations: Table[str, Location] = Table("location", journal)
        self.aliases: Table[str, Alias] = Table("alias", journal)
        self.people: Table[str, Person] = Table("person", journal)
        self.devices: Table[str, Device] = Table("device", journal)
        self.proved: Table[tuple[str, str], Signed] = Table("sign_in", journal)
        self.documents: Table[str, Document] = Table("document", journal)
        self.lines: Table[tuple[str, int], Line] = Table("line", journal)
        self.reservations: Table[tuple[str, int, str, str], Reservation] = Table(
            "reservation", journal
        )
        self.lots: Table[tuple[str, str, str, str], LotRow] = Table("lot", journal)
        self.holdings: Table[TrackName, Holding] = Table("holding", journal)
        self.tracks: Table[TrackName, Track] = Table("track", journal)
        self.counted: Table[str, Counted] = Table("counted", journal)
        self.variances: Table[tuple[str, int], Variance] = Table("variance", journal)
        self.discrepancies: Table[str, Discrepancy] = Table("discrepancy", journal)
        self.sightings: Table[tuple[str, int, int], Sighting] = Table("sighting", journal)
        self.results: Table[str, Result] = Table("operation", journal)
        self._know_nothing()

    def _know_nothing(self) -> None:
        """Begin without what the rules need beside the rows."""
        self.made: dict[int, list[Posting]] = {}
        """Postings by the seq of the operation they belong to, for what may be reversed."""
        self.named: dict[int, tuple[str, str, int]] = {}
        """Verb, document and line of the operations that name one, by their seq (L10)."""
        self.unready: dict[str, tuple[str, ...]] = {}
        """What keeps the site from closing its books through a day that an edit names (R47)."""
        self.moves: dict[tuple[str, bool], list[Movement]] = {}
        """Movements of the batch's operations, resolved once for all rounds of needs."""
        self.gap: str | None = None
        """The discrepancy of the last restore (R11)."""
        self.renaming: list[Posting] = []
        """Every posting under an unknown code that is being resolved (R6)."""
        self.stood: dict[str, tuple[str, str, str, str]] = {}
        """The flow that brought a single thing to where it stood before its loaded sightings."""
        self.seen_since = LATEST_MS
        """From which time on the sightings of the named things are known."""
        self.since_base: dict[str, list[Posting]] = {}
        """Postings that were stored after the picture that an operation was based on."""
        self.unseen: dict[str, dict[TrackName, int]] = {}
        """What others had done to an item's holdings since that picture (R26), as stored."""

    @property
    def site(self) -> Site:
        """The site's settings, as an edit before in the batch left them."""
        site = self.sites.rows[self._site]
        assert site is not None
        return site

    # --- stock -------------------------------------------------------------------------------

    def held(self, place: str) -> list[Holding]:
        """Return what the ledger has at a place, zero balances left out."""
        return [row for row in self.holdings.having("place", place) if row.quantity]

    def apply(self, posting: Posting) -> None:
        """Write one posting: both holdings, both tracks."""
        if posting.quantity < 0:
            message = f"negative posting of operation {posting.of}"
            raise InvariantBrokenError(message)
        self.postings.append(posting)
        self.made.setdefault(posting.of, []).append(posting)
        for place, sign in ((posting.place_from, -1), (posting.place_to, 1)):
            self._shift(place, posting, sign * posting.quantity)
        for place in {posting.place_from, posting.place_to}:
            track = self.tracks.find((place, posting.key))
            if track is not None:
                self.tracks.put((place, posting.key), track.with_posting(posting, place))

    def _shift(self, place: str, posting: Posting, amount: int) -> None:
        name = (place, posting.key)
        row = self.holdings.get(name) or Holding(place=place, key=posting.key, item=posting.item)
        quantity = row.quantity + amount
        if abs(quantity) > BALANCE_MAX:
            message = f"balance of {posting.key} at {place} leaves the whole numbers"
            raise InvariantBrokenError(message)
        if amount or not row.version:
            self.holdings.put(name, replace(row, quantity=quantity))

    def run_forward(self, name: TrackName, after: Moment, change: int) -> list[Posting]:
        """Let a late change run along its track until all stands; return what it made (L6)."""
        made: list[Posting] = []
        track = self.tracks.find(name) if change else None
        while track is not None and (step := next_amendment(track, name, after)) is not None:
            after, posting = step
            self.apply(posting)
            made += [posting, *self._run_on(posting, name[0])]
            track = self.tracks.find(name)
        return made

    def _run_on(self, posting: Posting, place: str) -> list[Posting]:
        """Let the change run on at the far end of what it ran into."""
        arrives = posting.arrives(place)
        far = posting.place_from if arrives else posting.place_to
        time = posting.t_from if arrives else posting.t_to
        if time is not None:
            amount = -posting.quantity if arrives else posting.quantity
            at = (time, posting.replica, posting.rseq, posting.line)
            return self.run_forward((far, posting.key), at, amount)
        if (key := restated(posting.key, far)) is not None:
            return self._restate(posting, place, far, key)
        return []

    def _restate(self, posting: Posting, place: str, way: str, key: str) -> list[Posting]:
        """What a change took more or less of stands there under its new status (L7)."""
        gains = posting.place_from == place
        twin = replace(
            posting, line=posting.line + 1, key=key,
            place_from=way if gains else place, place_to=place if gains else way,
            t_from=posting.t_to, t_to=posting.t_from,
        )  # fmt: skip
        self.apply(twin)
        time = posting.t_from if gains else posting.t_to
        moment = (time or 0, posting.replica, posting.rseq, twin.line)
        change = posting.quantity if gains else -posting.quantity
        return [twin, *self.run_forward((place, twin.key), moment, change)]

    def posted_since(self, operation: str) -> list[Posting]:
        """Return what was posted after an operation's picture: no screen showed this batch."""
        return [*self.since_base.get(operation, ()), *self.postings]

    def balance_at(self, name: TrackName, time: int) -> int:
        """Return the fold of a track to a time, everything at that time included."""
        track = self.tracks.get(name)
        return track.upto(end_of(time)) if track else 0

    # --- one operation -----------------------------------------------------------------------

    def mark(self) -> tuple[int, int]:
        """Return where the journal stands, to come back to or to read from."""
        return len(self.journal), len(self.postings)

    def roll_back(self, mark: tuple[int, int]) -> None:
        """Take back everything since the mark."""
        while len(self.journal) > mark[0]:
            undo = self.journal.pop()
            undo.table.rows[undo.key] = undo.before
        for posting in self.postings[mark[1] :]:
            self.made[posting.of].remove(posting)
        del self.postings[mark[1] :]

    def changed_since(self, mark: tuple[int, int]) -> list[tuple[str, Hashable, Row, Row | None]]:
        """Return (kind, key, row, row before) of every replicated row changed since the mark.

        The rows take the current seq as their version.
        """
        first: dict[tuple[str, Hashable], Undo] = {}
        for undo in self.journal[mark[0] :]:
            if undo.table.kind in ROWS:
                first.setdefault((undo.table.kind, undo.key), undo)
        changes = []
        for (kind, key), undo in first.items():
            row = replace(cast("Row", undo.table.rows[key]), version=self.seq)
            undo.table.rows[key] = row
            before = undo.before if isinstance(undo.before, Row) else None
            changes.append((kind, key, row, before))
        return changes
