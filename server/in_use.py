"""Who works with the data folder: many may read and write the book, one alone may replace it."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from server.refusals import NotReady

FILE: Final = "in-use"


class NoFolderError(NotReady):
    """There is no data folder where one was expected."""


class InUseError(ValueError):
    """Somebody else works with the data folder."""


def check_folder(data: Path) -> None:
    """Raise `NoFolderError` in a wrong place: making a folder there would only hide it."""
    if not data.is_dir():
        raise NoFolderError(
            f"There is no data folder {data}. Let BINCARD_DATA name the one of this installation; "
            "if there is none yet: bincard migrate"
        )


@contextmanager
def sharing(data: Path) -> Generator[None]:
    """Work with the book; a restore cannot begin meanwhile."""
    with _locked(data, fcntl.LOCK_SH):
        yield


@contextmanager
def alone(data: Path) -> Generator[None]:
    """Have the folder alone, or raise `InUseError` at once."""
    with _locked(data, fcntl.LOCK_EX):
        yield


@contextmanager
def _locked(data: Path, how: int) -> Generator[None]:
    # The lock goes with the process, however it ends; the file stays and means nothing.
    data.mkdir(parents=True, exist_ok=True)
    handle = os.open(data / FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise InUseError(
            f"{data} is in use: stop bincard serve (and every other bincard command), "
            "then do it again."
        ) from error
    finally:
        os.close(handle)
