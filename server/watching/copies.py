"""Whether the newest copy of the database is a proved one: asked by machines, and by the desk."""

import time
from collections.abc import Callable
from typing import Final

from anyio import to_thread

from server.backups.shelf import Backup, unproved_now
from server.settings import Settings

KEPT_S: Final = 10.0


class Copies:
    """Looks at the shelf, at most once in a few seconds: a command may have made one."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._at = -KEPT_S
        self._last: Backup | None = None

    async def unproved(self) -> Backup | None:
        """Return the newest copy when it does not replay, None when all is well."""
        if self._clock() - self._at >= KEPT_S:
            self._at = self._clock()
            self._last = await to_thread.run_sync(unproved_now, self._settings.backup_folder)
        return self._last
