"""A browser's storage: strict transactions survive a power cut, the last relaxed ones may not.

A process that is killed loses nothing that was committed; eviction takes everything.
"""

from collections import defaultdict

GONE = object()


class DiskError(Exception):
    """The transaction failed; `reopens` when the database only has to be opened again."""

    def __init__(self, name):
        super().__init__(name)
        self.reopens = name in {"UnknownError", "InvalidStateError"}


class Disk:
    """Stores of rows. What a power cut may still take is kept as a list of undos."""

    def __init__(self):
        self.stores = defaultdict(dict)
        self._unflushed = []

    def commit(self, writes, *, strict, again=False):
        """Do all writes (verb, store, key, value) or none. A strict one flushes those before."""
        undo = []
        for verb, store, key, value in writes:
            rows = self.stores[store]
            if verb == "add" and key in rows:
                if again and rows[key] == value:
                    continue
                self._undo(undo)
                raise DiskError("ConstraintError")
            if verb == "clear":
                undo.extend((store, old, row) for old, row in rows.items())
                rows.clear()
                continue
            undo.append((store, key, rows.get(key, GONE)))
            if verb == "delete":
                rows.pop(key, None)
            else:
                rows[key] = value
        if strict:
            self._unflushed.clear()
        else:
            self._unflushed.append(undo)

    def _undo(self, undo):
        for store, key, row in reversed(undo):
            if row is GONE:
                self.stores[store].pop(key, None)
            else:
                self.stores[store][key] = row

    def lose_power(self, dice):
        """Keep a random part of what was not flushed, in its order."""
        for _ in range(dice.randint(0, len(self._unflushed))):
            self._undo(self._unflushed.pop())

    def evict(self):
        self.stores.clear()
        self._unflushed.clear()

    def copy(self):
        other = Disk()
        for name, rows in self.stores.items():
            other.stores[name] = dict(rows)
        return other
