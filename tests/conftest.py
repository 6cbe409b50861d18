"""Fixtures that every test may ask for."""

import pytest

from tests.world.postgres import Postgres


@pytest.fixture
def anyio_backend():
    """The server runs on asyncio, so the tests do."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL of our own, for as long as the tests run."""
    server = Postgres()
    yield server
    server.remove()


@pytest.fixture
def postgres_book(postgres):
    """The address of a fresh database with its tables."""
    url = postgres.migrated()
    yield url
    postgres.drop(url)
