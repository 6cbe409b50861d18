"""Work that the ledger asks for by itself: bins to count, goods to take elsewhere.

Each place has one list of each kind, an ordinary document whose line grows with what is asked.
"""

from msgspec.structs import replace

from sync.records import Document, Line
from sync.state import State


def ask_recount(state: State, place: str) -> None:
    """Put the bin on the list of bins to count."""
    name = f"RC-{place}"
    document = state.documents.find(name) or Document(document=name, kind="count")
    state.documents.put(name, replace(document, state="open"))
    line = state.lines.find((name, 1)) or Line(document=name, line=1, place=place)
    state.lines.put((name, 1), replace(line, quantity=line.done + 1, state="open"))


def ask_move(state: State, place: str, item: str, quantity: int) -> None:
    """Put goods on the list of what must go elsewhere: out of a bin, or back into one."""
    name = f"MV-{place}"
    lines = [row for row in state.lines.having("document", name) if row.item == item]
    document = state.documents.find(name) or Document(document=name, kind="move")
    state.documents.put(name, replace(document, state="open"))
    row = lines[0] if lines else Line(
        document=name, line=len(state.lines.having("document", name)) + 1, item=item, place=place
    )  # fmt: skip
    # A line that was worked off, or closed at less, asks only for what is new.
    asked = max(row.quantity, row.done) if row.state == "open" else row.done
    state.lines.put((name, row.line), replace(row, quantity=asked + quantity, state="open"))


def tasks_at(place: str) -> set[str]:
    """Return the documents that may ask for a count or a move at a place."""
    return {f"RC-{place}", f"MV-{place}"}
