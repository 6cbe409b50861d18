"""Whose a replica is, and who works on its device: what one may say of another, and of people.

Only the device of a replica speaks for it, or the same phone once it was enrolled again (S10), or
whoever brings what that device has signed (S7).
"""

from collections.abc import Sequence

import sqlalchemy as sa
from msgspec.structs import replace

from server.book.arriving import Job, Turn
from server.book.rows import fetch_in, table
from server.book.session import Session
from sync.actors import actors_of, believed, named_in, stranger_name, with_actors
from sync.formers import names_of
from sync.limits import OPENING
from sync.records import Discrepancy


def may_speak(session: Session, job: Job, owner: str) -> bool:
    """Say whether a push may speak for a replica of this device."""
    if not job.carrier:
        return owner in names_of(session.state, job.device)
    if job.signed:
        return owner in names_of(session.state, job.push.device or "")
    # Nobody knows whose it is: its chain is the carrier's own, and all in it is parked.
    return owner == job.device and job.push.device is None


def know_actors(session: Session, turns: Sequence[Turn]) -> None:
    """Find out who signed in where; a query only for those of whom a replica does not know yet."""
    state, asked = session.state, dict[tuple[str, str], list[Turn]]()
    for turn in turns:
        # What the operator imports is of no device.
        actors = named_in(turn.arrivals, state.people.rows) if turn.device != OPENING else set()
        if not turn.job.carrier or turn.job.signed:
            _keep(turn, dict.fromkeys(believed(turn.job.push.signed, state.people.rows), state.now))
        for actor in actors - {*actors_of(turn.replica.actors)}:
            asked.setdefault((turn.device, actor), []).append(turn)
    if not asked:
        return
    seen = _signed_in(session, {actor for _, actor in asked})
    strangers = set[tuple[str, str]]()
    for (device, actor), of in asked.items():
        names = {*names_of(session.state, device)}
        for turn in of:
            # Who carries it for another device is not where they signed in.
            names |= set() if turn.job.carrier else {*names_of(session.state, turn.job.device)}
        if any((name, actor) in seen for name in names):
            for turn in of:
                _keep(turn, {actor: 0})
        else:
            strangers.add((device, actor))
    state.strangers = frozenset(strangers - _looked_at(session, strangers))


def _keep(turn: Turn, known: dict[str, int]) -> None:
    turn.replica = replace(turn.replica, actors=with_actors(turn.replica.actors, known))


def _signed_in(session: Session, people: set[str]) -> set[tuple[str, str]]:
    """Return where the server itself has seen these people sign in."""
    row = table("sign_in").c
    found = session.connection.execute(
        sa.select(row.device, row.person).where(
            row.site == session.head.site, row.person.in_(people), row.proved_at.is_not(None)
        )
    )
    return {(device, person) for device, person in found}


def _looked_at(session: Session, strangers: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those of whom somebody has said that it is as it should be; know what is listed."""
    names = {stranger_name(*who): who for who in strangers}
    if not names:
        return set()
    rows = fetch_in(session.connection, "discrepancy", Discrepancy, session.head.site,
                    "discrepancy", names)  # fmt: skip
    for row in rows:
        session.state.discrepancies.load(row.discrepancy, row)
    return {names[row.discrepancy] for row in rows if row.state == "settled"}
