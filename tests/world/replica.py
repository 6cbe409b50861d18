"""The copy of a site that a phone keeps: a first picture, then page after page, each checked."""

from sync.feed import SCOPE_MODULUS, apply, scope_of
from tests.simulation.client.feed import rows_of, scope_of_all


class Replica:
    """`ask` is an async function that returns the JSON of a path below /sync."""

    def __init__(self, ask):
        self.ask = ask
        self.images, self.scope, self.cursor = {}, 0, ""

    async def begin(self):
        """Take the first picture: every part of a snapshot, and what came since."""
        self.images, told = {}, await self.ask("snapshot")
        for name in told["chunks"]:
            apply(self.images, 0, rows_of(await self.ask(f"snapshot/{name['hash']}")))
        self.scope = scope_of_all(self.images)
        assert str(self.scope) == told["scope"]
        self.cursor = told["cursor"]
        return await self.read_on()

    async def read_on(self):
        """Pull to the head; after each page both sides agree on what there is."""
        more = True
        while more:
            page = await self.ask(f"pull?cursor={self.cursor}")
            self.scope = apply(self.images, self.scope, page["rows"])
            assert str(self.scope) == page["scope"]
            self.cursor, more = page["cursor"], page["more"]
        return self

    def rows(self, kind):
        """Return the live rows of a kind."""
        return [
            image.payload for (name, _), image in self.images.items()
            if name == kind and image.payload is not None
        ]  # fmt: skip

    def stock(self):
        """Return {(place, key): quantity} of what is not zero."""
        return {
            (row["place"], row["key"]): row["quantity"]
            for row in self.rows("holding") if row["quantity"]
        }  # fmt: skip

    def told(self):
        """Return {(kind, key): (version, payload)} of everything that is held."""
        return {name: tuple(image) for name, image in self.images.items() if image.payload}

    def adds_up(self):
        """Whether the scope is that of the rows, added up anew."""
        live = [(*name, row.version) for name, row in self.images.items() if row.payload]
        return sum(scope_of(*one) for one in live) % SCOPE_MODULUS == self.scope
