"""A warehouse whose server is backed up, thrown away and put back, and devices that refill it."""

import json
import shutil
import sqlite3

from server.book import Book
from server.book.rows import table
from sync.messages import Conflict
from tests.world.warehouse import Warehouse


class Restored(Warehouse):
    """Devices here do as the phone does: on 409 epoch they send again all that they kept."""

    def __init__(self, path):
        super().__init__(path)
        self.path = path
        self.kept = path.with_suffix(".kept")
        self.vouches = True
        """Whether devices let the watermark pass: then the server decides on its own."""

    def backup(self):
        with sqlite3.connect(self.path) as source, sqlite3.connect(self.kept) as target:
            source.backup(target)
        source.close()
        target.close()

    async def restore(self, *, by_command=True):
        """Throw the database away and put the backup in its place."""
        self.book.close()
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        shutil.copy(self.kept, self.path)
        self.book = Book(f"sqlite:///{self.path}", b"k" * 32, lambda: self.now)
        self.book.start()
        if by_command:
            await self.book.restored(least=0)

    async def push(self, name, at=None, *, body=None, **how):
        device = self.device(name)
        acked = device.acked
        how.setdefault("epoch", device.epoch)
        answer = await super().push(name, at, body=body, **how)
        if not self.vouches:
            device.echo = 0
        if isinstance(answer, Conflict) and answer.code == "epoch" and body is None:
            device.had = device.acked
            device.epoch, device.acked = answer.epoch, answer.have.seq
            return await self.push(name, at, had=device.had, decided=how.get("decided", []))
        if not isinstance(answer, Conflict):
            for raw in answer.verdicts:
                verdict = json.loads(bytes(raw))
                device.verdicts[verdict["id"]] = verdict
            if body is None and device.acked < acked:
                # It has lost what it had acknowledged: the device sends that again at once.
                return await self.push(name, at)
        return answer

    async def refill(self, *names):
        """Let devices come back, in this order."""
        for name in names:
            await self.push(name)

    async def gap(self):
        """The newest discrepancy of a restore: its state and what it lists."""
        rows = await self.book.read(
            lambda c: c.execute(
                table("discrepancy").select().where(table("discrepancy").c.code == "RESTORE_GAP")
            ).all()
        )
        row = max(rows, key=lambda row: row.opened_seq)
        return row.state, {key: value for key, value in row.detail.items() if value}

    async def picture(self):
        """What must be the same as if nothing had happened: stock and what counts came to.

        Everybody is heard first, so that what waits for that is done in both worlds.
        """
        await self.heartbeat(self.now)
        rows = await self.variances()
        return await self.stock(), [row for row in rows if "reversed" not in row]

    async def epoch(self):
        return await self.book.read(
            lambda c: c.execute(table("site").select()).one()._mapping["epoch"]
        )
