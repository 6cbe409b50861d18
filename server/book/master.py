"""Master data of a site in memory: what every decision needs and what seldom changes.

The site row says at which seq master data changed last. It is read under the site's lock
anyway, so a copy that is out of date, also by another process, is never used.
"""

from typing import Final, TypeVar

from msgspec import Struct
from sqlalchemy import Connection

from server.book.rows import fetch, table
from sync.records import Alias, Device, Item, Location, Person, Site
from sync.state import State

R = TypeVar("R", bound=Struct)
KINDS: Final = frozenset({"site", "item", "location", "alias", "person", "device"})


class Master(Struct):
    """The rows by their code, as of `seq`."""

    seq: int
    site: Site
    items: dict[str, Item | None]
    locations: dict[str, Location | None]
    aliases: dict[str, Alias | None]
    people: dict[str, Person | None]
    devices: dict[str, Device | None]

    def lend(self, state: State) -> None:
        """Let a state read them; rules never write master data."""
        state.items.rows = self.items
        state.locations.rows = self.locations
        state.aliases.rows = self.aliases
        state.people.rows = self.people
        state.devices.rows = self.devices


def read_master(connection: Connection, site: str, seq: int) -> Master:
    """Read a site's master data."""
    return Master(
        seq=seq,
        site=_all(connection, site, "site", Site)[0],
        items={row.item: row for row in _all(connection, site, "item", Item)},
        locations={row.location: row for row in _all(connection, site, "location", Location)},
        aliases={row.raw: row for row in _all(connection, site, "alias", Alias)},
        people={row.person: row for row in _all(connection, site, "person", Person)},
        devices={row.device: row for row in _all(connection, site, "device", Device)},
    )


def _all(connection: Connection, site: str, name: str, struct: type[R]) -> list[R]:
    return fetch(connection, name, struct, table(name).c.site == site)
