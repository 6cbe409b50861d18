"""The demo with the fleet's devices on both databases, founded once for all that is tortured."""

import pytest

from tests.torture import rounds
from tests.torture.__main__ import DURABLE
from tests.world.postgres import Postgres


@pytest.fixture(scope="package")
def sqlite(tmp_path_factory):
    return rounds.Founding(tmp_path_factory.mktemp("torture"))


@pytest.fixture(scope="package")
def postgresql(tmp_path_factory):
    """In a PostgreSQL that writes to the disk as it does outside the tests."""
    server = Postgres(**DURABLE)
    yield rounds.Founding(tmp_path_factory.mktemp("torture"), server)
    server.remove()
