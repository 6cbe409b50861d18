"""A database of before: its verifiers are nowhere that a device reads, and nobody is shut out."""

import gzip
import sqlite3

from alembic import command
from alembic.config import Config

from server.migrations import HERE, migrate
from server.people import pins
from server.people.tokens import stamp_of

WORKER, SUPERVISOR = (
    "pbkdf2-sha256$210000$c2FsdA==$d29ya2Vy",
    "pbkdf2-sha256$210000$c2FsdA==$Ym9zcw==",
)


def at_first_step(url):
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("sqlalchemy.url", url)
    command.upgrade(config, "0001")


def with_two_people(book):
    """As the first version kept them: in the roster, the feed, and a kept snapshot."""
    for person, role, verifier in (("1001", "worker", WORKER), ("2001", "supervisor", SUPERVISOR)):
        book.execute(
            "INSERT INTO person VALUES ('S', ?, 'Name', ?, ?, 'en', ?, 1, NULL, 1)",
            (person, role, f"B{person}", verifier),
        )
        book.execute("INSERT INTO credential VALUES ('S', ?, ?)", (person, f"hash of {person}"))
        image = f'{{"person":"{person}","verifier":"{verifier}","active":true}}'
        book.execute(
            "INSERT INTO feed VALUES ('S', 1, ?, 'person', ?, ?)",
            (int(person), f'["{person}"]', image.encode()),
        )
    book.execute("INSERT INTO sign_in VALUES ('S', 'd1', '2001', 5, 2, 0)")
    book.execute("INSERT INTO chunk VALUES ('S', 'h', ?)", (gzip.compress(WORKER.encode()),))
    book.execute("INSERT INTO snapshot VALUES ('S', 1, 1, x'00')")


def test_verifiers_leave_the_roster_the_feed_and_the_snapshots(tmp_path):
    url = f"sqlite:///{tmp_path}/bincard.db"
    at_first_step(url)
    with sqlite3.connect(tmp_path / "bincard.db") as book:
        with_two_people(book)
        book.commit()
        migrate(url)
        people = book.execute("SELECT person, role, pin_stamp FROM person ORDER BY 1").fetchall()
        secrets = book.execute("SELECT person, verifier FROM credential ORDER BY 1").fetchall()
        feed = book.execute("SELECT payload FROM feed ORDER BY n").fetchall()
        signed = book.execute(
            "SELECT device, person, proved_at, stamp, wrong FROM sign_in"
        ).fetchall()
        kept = book.execute("SELECT count(*) FROM chunk").fetchone()
    book.close()
    assert people == [
        ("1001", "worker", stamp_of("hash of 1001")),
        ("2001", "supervisor", stamp_of("hash of 2001")),
    ]
    assert secrets == [("1001", WORKER), ("2001", "")]
    assert [row[0] for row in feed] == [
        b'{"person":"1001","active":true}', b'{"person":"2001","active":true}',
    ]  # fmt: skip
    assert signed == [("d1", "2001", 5, "", 2)]
    assert kept == (0,)
    assert pins.iterations_of(WORKER) < pins.VERIFIER_ITERATIONS
