"""Fixtures that every test may ask for."""

import pytest


@pytest.fixture
def anyio_backend():
    """The server runs on asyncio, so the tests do."""
    return "asyncio"
