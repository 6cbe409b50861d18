"""What the processes of one server have counted, added up: whoever answers speaks for all.

Each process writes its sums into a folder that they share, once a second. A process that died
has counted what it counted: its file stays until the server ends, so that no sum goes back.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import anyio
import msgspec
from anyio import to_thread
from msgspec import Struct
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.watching.meters import Meters, Tally, added, shown

LOG: Final = logging.getLogger("bincard.server")
OFTEN_S: Final = 1.0
STATM: Final = Path("/proc/self/statm")


class Process(Struct):
    """One process of the server: its sums, what waits in it, and the memory that it holds."""

    process: int
    waiting: int
    resident: int
    tally: Tally


class Together(Collector):
    """Adds this process up with those whose files stand in `folder`, if there are several."""

    def __init__(self, meters: Meters, waiting: Callable[[], int], folder: Path | None) -> None:
        self._meters = meters
        self._waiting = waiting
        self._folder = folder

    async def keep(self) -> None:
        """Tell the others for ever, where there are any."""
        while self._folder is not None:
            try:
                await to_thread.run_sync(self.tell)
            except OSError:
                LOG.exception("the other processes were not told what this one counts")
            await anyio.sleep(OFTEN_S)

    def tell(self) -> None:
        """Write down what this process has counted."""
        if self._folder is not None:
            file = self._folder / f"{os.getpid()}.json"
            draft = file.with_suffix(".draft")
            draft.write_bytes(msgspec.json.encode(self._own()))
            draft.replace(file)

    def collect(self) -> Iterable[Metric]:
        """Show the sums of all, and what those hold that live."""
        own = self._own()
        everybody = [own, *(one for one in self._others() if one.process != own.process)]
        living = [one for one in everybody if _lives(one.process)]
        yield from shown(added(one.tally for one in everybody))
        for name, words, value in (
            ("bincard_processes", "Processes that answer.", len(living)),
            ("bincard_queue_waiting", "Pushes and changes that wait for their turn.",
             sum(one.waiting for one in living)),
            ("bincard_memory_bytes", "Memory that the processes hold.",
             sum(one.resident for one in living)),
        ):  # fmt: skip
            yield GaugeMetricFamily(name, words, value)

    def _own(self) -> Process:
        return Process(os.getpid(), self._waiting(), _resident(), self._meters.tally())

    def _others(self) -> Iterator[Process]:
        for file in self._folder.glob("*.json") if self._folder is not None else ():
            yield msgspec.json.decode(file.read_bytes(), type=Process)


def _resident() -> int:
    """Return the bytes of memory that this process holds; 0 where the system does not say."""
    if not STATM.exists():
        return 0
    return int(STATM.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
