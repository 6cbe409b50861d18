"""What a role may do beyond a worker: one question, wherever more than a worker's word counts.

Who may do no more than a worker may sign in on any device of the site without a network, because
any worker must. Everybody else proves who they are to the server itself (E8).
"""

from sync.vocabulary import ALLOWED


def decides(role: str) -> bool:
    """Say whether a role has more than a worker's rights; an unknown one is taken to have them."""
    return not ALLOWED.get(role, frozenset({"?"})) <= ALLOWED["worker"]
