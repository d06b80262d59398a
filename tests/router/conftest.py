"""What the router's tests may ask for."""

import pytest

from tests.router.upstream import upstream
from tests.router.world import Provisioner, World


@pytest.fixture
async def provisioner(bus):
    """It publishes the course and hears accesses."""
    told = Provisioner(bus)
    await told.publish()
    async with told.working():
        yield told


@pytest.fixture
def world(tmp_path, nats_url):
    """A site whose processes are not running yet."""
    return World(tmp_path / "site", nats_url)


@pytest.fixture
async def router(world, provisioner):
    """A router with its provisioner, without Traefik."""
    async with world.router() as service:
        yield service


@pytest.fixture
async def site(world, provisioner):
    """Router and Traefik, ready."""
    async with world.traefik(), world.router():
        await world.ready()
        yield world


@pytest.fixture
async def lab_server():
    """An HTTP server where a lab would be; it tells what reached it."""
    async with upstream("lab") as server:
        yield server
