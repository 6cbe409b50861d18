"""What an operation moved in the end: its postings with all that was linked to them.

Late facts and names that were resolved amend what an operation posted; what it moved between two
places is the sum of both ways.
"""

from collections.abc import Iterable
from typing import NamedTuple

from sync.ledger import Posting
from sync.stock import key_of


class Net(NamedTuple):
    """The first posting of a flow between two places, and what went its way less what came back."""

    own: Posting
    quantity: int


def nets(postings: Iterable[Posting]) -> list[Net]:
    """Return the flows of one operation's postings, which are in the order of the log.

    Single things are left out: they follow their sightings.
    """
    flows: dict[tuple[int, str, frozenset[str]], Net] = {}
    for posting in postings:
        if key_of(posting.key).serial is not None:
            continue
        pair = (posting.line, posting.key, frozenset((posting.place_from, posting.place_to)))
        own, net = flows.get(pair, (posting, 0))
        same = posting.place_from == own.place_from and posting.goes_back == own.goes_back
        flows[pair] = Net(own, net + (posting.quantity if same else -posting.quantity))
    return list(flows.values())
