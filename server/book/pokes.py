"""Telling who listens that something changed, in whatever process it was written.

The truth is asked of the database, once a second for a whole process and only while somebody
listens. PostgreSQL also carries hints between processes; losing one costs that second.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final

import psycopg

LOG: Final = logging.getLogger("bincard.pokes")
CHANNEL: Final = "bincard"
LOOK_S: Final = 1.0
PAUSE_S: Final = 0.05
"""Hints of many pushes are one: nobody looks more often than this."""

AGAIN_S: Final = 5.0

Heads = Callable[[], Awaitable[Mapping[str, int]]]


class Pokes:
    """Wakes listeners when the head of their site is another one than before."""

    def __init__(self, heads: Heads, hints_by: Mapping[str, Any] | None) -> None:
        """`hints_by` says how to connect for hints; None where none come through."""
        self._heads = heads
        self._hints_by = hints_by
        self._listeners: dict[str, set[asyncio.Event]] = {}
        self._seen: dict[str, int] = {}
        self._hinted = asyncio.Event()
        self._wrote = asyncio.Event()

    async def subscribe(self, site: str) -> AsyncIterator[None]:
        """Yield whenever something changed; missing one is harmless."""
        event = asyncio.Event()
        listeners = self._listeners.setdefault(site, set())
        listeners.add(event)
        try:
            while True:
                await event.wait()
                event.clear()
                yield None
        finally:
            listeners.discard(event)

    def written(self, site: str, head: int | None) -> None:
        """Wake who listens, unless nothing is new: an idle device's push says nothing to others."""
        if head is not None and self._look_at(site, head):
            self._wrote.set()

    def _look_at(self, site: str, head: int) -> bool:
        if self._seen.get(site) == head:
            return False
        self._seen[site] = head
        for event in self._listeners.get(site, ()):
            event.set()
        return True

    async def watch(self) -> None:
        """Look for what other processes have written, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._look())
            if self._hints_by is not None:
                tasks.create_task(self._again(self._hints_by, self._listen))
                tasks.create_task(self._again(self._hints_by, self._hint))

    async def _look(self) -> None:
        while True:
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._hinted.wait()
            except TimeoutError:
                pass
            self._hinted.clear()
            if any(self._listeners.values()):
                await self._ask()
            await asyncio.sleep(PAUSE_S)

    async def _ask(self) -> None:
        try:
            heads = await self._heads()
        except Exception as error:  # noqa: BLE001 - the next look may reach the database again
            LOG.warning("nobody can be told of changes for now: %s", error)
            return
        for site, head in heads.items():
            self._look_at(site, head)

    async def _again(
        self,
        how: Mapping[str, Any],
        work: Callable[[psycopg.AsyncConnection[Any]], Awaitable[None]],
    ) -> None:
        """Work on a connection of its own, and on a new one whenever that is lost."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    **how, autocommit=True
                ) as connection:
                    await work(connection)
            except psycopg.Error as error:
                LOG.warning("hints of changes are lost for now: %s", error)
            await asyncio.sleep(AGAIN_S)

    async def _listen(self, connection: psycopg.AsyncConnection[Any]) -> None:
        await connection.execute(f"LISTEN {CHANNEL}")
        async for _ in connection.notifies():
            self._hinted.set()

    async def _hint(self, connection: psycopg.AsyncConnection[Any]) -> None:
        while True:
            await self._wrote.wait()
            self._wrote.clear()
            await connection.execute(f"NOTIFY {CHANNEL}")
            await asyncio.sleep(PAUSE_S)
