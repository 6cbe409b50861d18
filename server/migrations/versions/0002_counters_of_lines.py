"""Lines have a role and four counters; a work order's product is its line 0 (L10).

The counters are read from the ledger again, and written as ordinary changes of the log: every
replica hears of them at its next pull, and the chain, the feed and the scope hold as ever.
What the rules were at this step stands here; `sync/counters.py` has them as they are.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

from sync.feed import SCOPE_MODULUS, feed_key, scope_of
from sync.hashing import link, sha256_hex

revision = "0002"
down_revision = "0001"

ROWS_AT_ONCE: Final = 500
NEW: Final = ("rejected", "returned", "out")
COUNTERS: Final = ("done", *NEW)
PAPERS: Final = ("ship", "produce", "status", "count")
"""Verbs whose paper the log did not keep, or not always."""

TABLE: Final = {
    ("purchase", "asked", "receive"): "done",
    ("purchase", "asked", "status>reject"): "rejected",
    ("purchase", "asked", "return>supplier"): "returned",
    ("sales", "asked", "pick"): "done",
    ("sales", "asked", "ship"): "out",
    ("sales", "asked", "return<customer"): "returned",
    ("work", "made", "produce"): "done",
    ("work", "made", "produce>reject"): "rejected",
    ("work", "used", "issue"): "done",
    ("work", "used", "return<production"): "returned",
    ("work", "used", "issue>scrap"): "rejected",
    ("move", "asked", "putaway"): "done",
    ("move", "asked", "move"): "done",
    ("count", "asked", "count"): "done",
}
VIRTUAL: Final = frozenset({
    "supplier", "customer", "production", "cost", "scrap", "adjust", "count", "status", "transit",
    "suspense",
})  # fmt: skip

Line = dict[str, Any]
Lines = dict[tuple[str, int], Line]


def upgrade() -> None:
    connection = op.get_bind()
    _add_columns(connection)
    for site in connection.scalars(sa.text("SELECT site FROM site ORDER BY site")).all():
        _recount(connection, site)


def _add_columns(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        text = sa.String(collation="C")
        op.add_column("line", sa.Column("role", text, nullable=False, server_default="asked"))
        for name in NEW:
            op.add_column(
                "line", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
            )
        for name in ("role", *NEW):
            op.alter_column("line", name, server_default=None)
        return
    # SQLite keeps a default for ever; so the table is made anew.
    op.rename_table("line", "line_before")
    op.create_table(
        "line",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("site", "document")),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=True),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("quantity", *COUNTERS)),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "document", "line", name="pk_line"),
    )
    old = "site, document, line, item, quantity, done, place, state, version"
    op.execute(
        f"INSERT INTO line (role, rejected, returned, out, {old})"  # noqa: S608 - names of our own
        f" SELECT 'asked', 0, 0, 0, {old} FROM line_before"
    )
    op.drop_table("line_before")


# --- one site ------------------------------------------------------------------------------------


def _recount(connection: Connection, site: str) -> None:
    papers = {row.document: row for row in _rows(connection, site, "document")}
    before = {(row.document, row.line): dict(row._mapping)  # noqa: SLF001 - its public name is this
              for row in _rows(connection, site, "line")}  # fmt: skip
    lines = {name: _with_role(line, papers) for name, line in before.items()}
    for paper in papers.values():
        if paper.kind == "work" and paper.item is not None:
            lines.setdefault((paper.document, 0), _product(site, paper))
    _keep_papers(connection, site, papers, lines)
    moved = _moved(connection, site, papers, lines)
    for (document, number), line in lines.items():
        line |= {name: moved[document, number, name] for name in COUNTERS}
    changed = [line for name, line in sorted(lines.items()) if line != before.get(name)]
    for start in range(0, len(changed), ROWS_AT_ONCE):
        _write(connection, site, changed[start : start + ROWS_AT_ONCE])


def _rows(connection: Connection, site: str, name: str) -> Sequence[sa.Row[Any]]:
    query = sa.text(f"SELECT * FROM {name} WHERE site = :site")  # noqa: S608 - names of our own
    return connection.execute(query, {"site": site}).all()


def _with_role(line: Line, papers: dict[str, Any]) -> Line:
    paper = papers.get(line["document"])
    kind = paper.kind if paper is not None else ""
    asked = max(line["quantity"], 1) if kind == "count" else line["quantity"]
    return {**line, "role": "used" if kind == "work" else "asked", "quantity": asked}


def _product(site: str, paper: sa.Row[Any]) -> Line:
    return {
        "site": site, "document": paper.document, "line": 0, "role": "made", "item": paper.item,
        "quantity": paper.quantity or 0, "done": 0, "rejected": 0, "returned": 0, "out": 0,
        "place": None, "state": "open", "version": 0,
    }  # fmt: skip


def _keep_papers(
    connection: Connection, site: str, papers: dict[str, Any], lines: Lines
) -> None:  # fmt: skip
    """Tell the log which paper and line its shipments, outputs and counts named."""
    found = connection.execute(
        sa.text(
            "SELECT seq, verb, payload FROM log WHERE site = :site AND document IS NULL"  # noqa: S608
            " AND kind = 'fact' AND outcome <> 'parked' AND verb IN"
            f" ({', '.join(repr(verb) for verb in PAPERS)})"
        ),
        {"site": site},
    ).all()
    named = [(row.seq, *_named(row, papers, lines)) for row in found]
    rows = [{"s": site, "n": seq, "document": document, "line": line}
            for seq, document, line in named if document is not None]  # fmt: skip
    if rows:
        connection.execute(
            sa.text("UPDATE log SET document = :document, line = :line"
                    " WHERE site = :s AND seq = :n"), rows
        )  # fmt: skip


def _named(
    row: sa.Row[Any], papers: dict[str, Any], lines: Lines
) -> tuple[str | None, int | None]:  # fmt: skip
    body = json.loads(bytes(row.payload))["body"]
    task, item = body.get("task") or {}, (body["did"].get("key") or {}).get("item")
    document, number = task.get("document"), task.get("line")
    if document is None or document not in papers:
        return document, None
    if number is not None:
        return document, number if (document, number) in lines else None
    fit = [line["line"] for name, line in lines.items()
           if name[0] == document and item is not None and line["item"] == item
           and any(key[:2] == (papers[document].kind, line["role"]) and _verb(key[2]) == row.verb
                   for key in TABLE)]  # fmt: skip
    return document, min(fit, default=None)


def _verb(way: str) -> str:
    return way.partition("<")[0].partition(">")[0]


# --- counting ------------------------------------------------------------------------------------


def _moved(
    connection: Connection, site: str, papers: dict[str, Any], lines: Lines
) -> Counter[tuple[str, int, str]]:
    moved: Counter[tuple[str, int, str]] = Counter()
    for row, line, way, quantity in _ways(connection, site, lines):
        paper = papers.get(row.document)
        counter = TABLE.get((paper.kind if paper is not None else "", line["role"], way))
        if counter is not None:
            moved[row.document, row.task_line, counter] += quantity
    return moved


def _ways(
    connection: Connection, site: str, lines: Lines
) -> Iterator[tuple[sa.Row[Any], Line, str, int]]:
    """Yield what each operation that names a line moved of its item, and on which way."""
    for several in _groups(connection, site, "posting", "x.of = l.seq", "x.of, x.seq, x.n"):
        line = lines.get((several[0].document, several[0].task_line))
        for own, quantity in _nets(several):
            first = [place.partition("/")[0] for place in (own.place_from, own.place_to)]
            passed = set(first) <= VIRTUAL or first[0] == "status"
            if line is not None and not passed and own.kind != "count" and own.item == line["item"]:
                yield own, line, _way(own, json.loads(own.key)[3]), quantity
    for several in _groups(connection, site, "sighting", "x.of = l.seq", "l.seq"):
        for row in several:
            line, key = lines.get((row.document, row.task_line)), json.loads(row.key)
            seen = not row.gone and row.only_from is None
            if line is not None and seen and key[0] == line["item"]:
                yield row, line, _way(row, key[3]), 1
    for several in _groups(connection, site, "counted", "x.operation = l.id", "l.seq"):
        for row in several:
            line = lines.get((row.document, row.task_line))
            if line is not None and not row.reversed and row.place == line["place"]:
                yield row, line, "count", 1


def _groups(
    connection: Connection, site: str, name: str, same: str, order: str
) -> Iterator[list[sa.Row[Any]]]:
    """Yield the rows of each operation that names a line; a sighting's ends as a posting's."""
    ends = ", x.source AS place_from, x.place AS place_to" if name == "sighting" else ""
    rows = connection.execute(
        sa.text(
            "SELECT l.seq AS logged, l.verb, l.document, l.line AS task_line,"  # noqa: S608 - ours
            f" x.*{ends} FROM log AS l JOIN {name} AS x ON x.site = l.site AND {same}"
            f" WHERE l.site = :site AND l.line IS NOT NULL ORDER BY {order}"
        ),
        {"site": site},
    )
    for _, several in groupby(rows, lambda row: row.logged):
        yield [*several]


def _nets(postings: Sequence[sa.Row[Any]]) -> list[tuple[sa.Row[Any], int]]:
    flows: dict[tuple[Any, ...], tuple[sa.Row[Any], int]] = {}
    for one in postings:
        if json.loads(one.key)[2] is not None:
            continue
        pair = (one.line, one.key, frozenset((one.place_from, one.place_to)))
        own, net = flows.get(pair, (one, 0))
        same = one.place_from == own.place_from and _back(one) == _back(own)
        flows[pair] = (own, net + (one.quantity if same else -one.quantity))
    return list(flows.values())


def _back(one: sa.Row[Any]) -> bool:
    return one.place_from == one.place_to and (one.t_from or 0) > (one.t_to or 0)


def _way(row: sa.Row[Any], status: str) -> str:
    source, (target, _, rest) = row.place_from.partition("/")[0], row.place_to.partition("/")
    match row.verb:
        case "return":
            return "return>supplier" if target == "supplier" else f"return<{source}"
        case "issue" if target in {"scrap", "suspense"}:
            return "issue>scrap"
        case "produce" if status == "reject":
            return "produce>reject"
        case "status":
            return f"status>{rest if target == 'status' else status}"
        case _:
            return str(row.verb)


# --- writing -------------------------------------------------------------------------------------


def _write(connection: Connection, site: str, changed: list[Line]) -> None:
    """Write lines under the next number of the log, as every change is written."""
    head = connection.execute(
        sa.text("SELECT seq, link, scope, clock FROM site WHERE site = :site"), {"site": site}
    ).one()
    seq, scope = head.seq + 1, int(head.scope)
    images = []
    for line in changed:
        key = feed_key(line["document"], line["line"])
        if line["version"]:
            scope -= scope_of("line", key, line["version"])
        scope += scope_of("line", key, seq)
        fields = ("document", "line", "role", "item", "quantity", *COUNTERS, "place", "state")
        images.append((key, {name: line[name] for name in fields}))
        line["version"] = seq
    payload = _json(
        {"by": "server", "why": "counters of lines", "rows": [["line", *one] for one in images]}
    )
    digest, told = sha256_hex(payload), str(scope % SCOPE_MODULUS)
    joined = link(head.link, digest)
    log = {
        "site": site, "seq": seq, "kind": "change", "id": f"change/{seq}",
        "verb": "counters of lines", "actor": "server", "device": "", "carrier": "",
        "accounted": "", "received_at": head.clock, "at": head.clock, "u": 0, "trust": "high",
        "outcome": "posted", "payload": payload, "payload_hash": digest, "content_hash": digest,
        "verdict": b"", "link": joined, "scope": told,
    }  # fmt: skip
    _insert(connection, "log", [log])
    _insert(connection, "feed", [
        {"site": site, "seq": seq, "n": n, "kind": "line", "key": key, "payload": _json(image)}
        for n, (key, image) in enumerate(images)
    ])  # fmt: skip
    connection.execute(
        sa.text("DELETE FROM line WHERE site = :site AND document = :document AND line = :line"),
        changed,
    )
    _insert(connection, "line", changed)
    connection.execute(
        sa.text("UPDATE site SET seq = :seq, link = :link, scope = :scope WHERE site = :site"),
        {"seq": seq, "link": joined, "scope": told, "site": site},
    )


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _insert(connection: Connection, name: str, rows: list[dict[str, Any]]) -> None:
    columns = ", ".join(rows[0])
    values = ", ".join(f":{column}" for column in rows[0])
    connection.execute(sa.text(f"INSERT INTO {name} ({columns}) VALUES ({values})"), rows)  # noqa: S608 - names of our own
