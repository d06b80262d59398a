"""What the router's tests may ask for."""

import pytest

from nbh_kit.testing import eventually
from tests.router.upstream import upstream
from tests.router.world import PLATFORM, Provisioner, World


@pytest.fixture
async def provisioner(bus):
    """It publishes the course and hears accesses."""
    told = Provisioner(bus)
    await told.publish()
    async with told.working():
        yield told


@pytest.fixture
def platforms():
    """Those of the site's configuration."""
    return PLATFORM


@pytest.fixture
def world(tmp_path, nats_url, platforms):
    """A site whose processes are not running yet."""
    return World(tmp_path / "site", nats_url, platforms)


@pytest.fixture
async def router(world, provisioner):
    """A router with its provisioner, without Traefik."""
    async with world.router() as service:
        yield service


@pytest.fixture
async def lab(world, router, provisioner):
    """One of Ada's that the router knows of."""
    await world.ready(but=("traefik",))
    made = await provisioner.lab("127.0.0.1:9")
    await eventually(lambda: router.routes.capability_of("py", "ada"))
    return made


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
