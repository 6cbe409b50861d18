"""What a phone was before it was enrolled again: its row names the device of before (S10)."""

from collections.abc import Iterator

from sync.state import State


def names_of(state: State, device: str) -> Iterator[str]:
    """Yield what the same phone is called, and what it was called before."""
    seen: set[str] = set()
    name: str | None = device
    while name and name not in seen:
        seen.add(name)
        yield name
        row = state.devices.find(name)
        name = row.former if row else None
