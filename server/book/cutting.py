"""Cutting connections whose other side neither answers nor breaks, from outside of who waits."""

import os
import socket
from contextlib import suppress
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.pool import ConnectionPoolEntry


class Connections:
    """The open connections of an engine, so that all of them can be cut at once."""

    def __init__(self, engine: Engine) -> None:
        self._open: dict[int, tuple[Any, ConnectionPoolEntry]] = {}
        if engine.dialect.name == "postgresql":
            event.listen(engine, "connect", self._opened)
            event.listen(engine, "close", self._closed)

    def _opened(self, connection: Any, entry: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's own
        self._open[id(connection)] = connection, entry

    def _closed(self, connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's own
        self._open.pop(id(connection), None)

    def cut(self) -> None:
        """Cut all, whoever uses them: who waits for an answer is told that it is lost.

        The sockets are shut down and not closed, so that their numbers stay taken until their
        owners let go; no entry of the pool is used again without a new connection.
        """
        for connection, entry in list(self._open.values()):
            entry.invalidate(soft=True)
            with suppress(Exception), socket.socket(fileno=os.dup(connection.fileno())) as same:
                same.shutdown(socket.SHUT_RDWR)
