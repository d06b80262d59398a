"""What every test may ask for."""

from pathlib import Path

import pytest

from nbh_kit import bus as buses
from nbh_kit.testing import nats_server

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture
async def nats_url(tmp_path):
    """A nats-server of the test's own."""
    async with nats_server(tmp_path / "nats") as url:
        yield url


@pytest.fixture
async def bus(nats_url):
    """A connection to it."""
    async with buses.connect(nats_url, name="test") as connected:
        yield connected
