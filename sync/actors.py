"""Who works on a device: known by a sign-in that the server saw, or that the device told (R7).

A worker may sign in without a network wherever the roster lies, so a device may say that one did:
that is a claim with a name on it, not a proof. A person with more rights never can, before the
server has seen them sign in there: for them nothing but that counts.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from sync.arrivals import Arrival
from sync.case import OPERATOR, Case, Odd
from sync.limits import OPENING
from sync.operations import Lost, Receive
from sync.records import Person
from sync.vocabulary import Code

_encode: Final = msgspec.json.Encoder(order="sorted").encode
_decode: Final = msgspec.json.Decoder(dict[str, int]).decode


def actors_of(kept: bytes) -> dict[str, int]:
    """Return who is known on a replica, as its row keeps them: 0, or when it was told."""
    return _decode(kept) if kept else {}


def with_actors(kept: bytes, known: Mapping[str, int]) -> bytes:
    """Return what a replica's row keeps once these are known too; the first word stands."""
    return _encode({**known, **actors_of(kept)}) if known else kept


def named_in(arrivals: Iterable[Arrival], people: Mapping[str, Person | None]) -> set[str]:
    """Return the people of the roster whom operations name; others are R7 as they are.

    What was decided before a restore is not asked again (T5).
    """
    new = (one for one in arrivals if one.sealed is None and not isinstance(one.did, Lost))
    actors = {one.body.actor for one in new if one.body}
    return {actor for actor in actors if people.get(actor) is not None}


def believed(told: Iterable[str], people: Mapping[str, Person | None]) -> set[str]:
    """Return those of whom a device may say that they signed in there without a network."""
    found = ((name, people.get(name)) for name in told)
    return {name for name, person in found if person is not None and person.role == "worker"}


def opens_stock(case: Case) -> bool:
    """Say whether the operator opens stock; brought by a device it may be anybody."""
    return _by_server(case) and case.body.actor == OPERATOR and isinstance(case.did, Receive)


def _by_server(case: Case) -> bool:
    return case.device == OPENING and not case.carrier


def judge(case: Case, strangers: frozenset[tuple[str, str]]) -> None:
    """Flag who never signed in on the device, once for each device and person."""
    who = (case.device, case.body.actor)
    # Who opens stock sits at the server, and signs in nowhere.
    if who in strangers and not _by_server(case):
        name = stranger_name(*who)
        case.join(Code.ACTOR_NOT_SEEN, name, Odd(detail={"device": who[0], "actor": who[1]}))


def stranger_name(device: str, actor: str) -> str:
    """Return the name of the discrepancy that says so."""
    return f"{Code.ACTOR_NOT_SEEN.value}/{device}/{actor}"
