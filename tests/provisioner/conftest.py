"""A site for each test; one podman for all of them."""

import asyncio
import contextlib
import tempfile
from pathlib import Path

import pytest
import pytest_asyncio

from nbh_cli.host.service import podman_service
from nbh_kit import walls
from nbh_proto import FreezeLab
from nbh_proto.course import CommandAnswer
from nbh_provisioner.engine import EngineError
from nbh_provisioner.engines.memory import MemoryEngine
from nbh_provisioner.engines.podman import PodmanEngine
from nbh_provisioner.engines.podman_api import PodmanApi
from tests.provisioner import disks, world
from tests.provisioner.networks import nft


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def podman_socket():
    """Podman's API, for as long as the tests run."""
    with tempfile.TemporaryDirectory(prefix="nbh-podman-") as folder:
        async with podman_service(Path(folder)) as socket:
            yield socket


@pytest.fixture
def data(tmp_path):
    """The site's folder of data."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    return folder


@pytest.fixture
def site(data, nats_url):
    """The configuration of a site with labs in memory."""
    return world.config(data, nats_url)


@pytest.fixture
async def router(bus):
    """The router's side of the bus; the course python is registered."""
    router = world.Router(bus)
    await router.register()
    return router


@pytest.fixture
def course(data):
    """The course python, published."""
    return world.publish(data, {"w1/n1.ipynb": world.NOTEBOOK, "w1/n2.md": "# two\n"})


@pytest.fixture
async def memory(site, course):
    """An engine of labs in memory, with a provisioner that uses it."""
    engine = MemoryEngine({world.IMAGE})
    async with world.running(site, engine):
        yield engine


@pytest.fixture
async def podman_site(podman_socket):
    """Makes a configuration with real labs; what is left of them is gone after the test."""
    names = []

    def make(data, nats_url, **tables):
        provisioner = {"podman_socket": str(podman_socket), **tables.pop("provisioner", {})}
        config = world.config(data, nats_url, provisioner=provisioner, **tables)
        names.append(config.site.name)
        return config

    yield make
    for name in names:
        await clear(podman_socket, name)


@pytest.fixture
async def podman_engine(podman_socket, site):
    """An engine of real labs, which are gone after the test."""
    engine = PodmanEngine(podman_socket, site.site.name)
    yield engine
    await engine.close()
    await clear(podman_socket, site.site.name)


async def clear(podman_socket, name):
    """Take away what a site has left in podman."""
    engine = PodmanEngine(podman_socket, name)
    await asyncio.gather(*(engine.stop(lab.name, within=0) for lab in await engine.labs()))
    await engine.close()
    api = PodmanApi(podman_socket, within=30)
    with contextlib.suppress(EngineError):  # it started nothing, so there is no network
        api.delete(f"/networks/{name}-labs", force="true")
    api.close()
    await asyncio.to_thread(nft, walls.removal(name))


@pytest.fixture
async def ask(bus):
    """Gives a command about Ada's lab and waits for the last word."""
    heard: asyncio.Queue[object] = asyncio.Queue()
    async with bus.inbox(CommandAnswer, heard.put_nowait) as inbox:

        async def ask(type_=FreezeLab, **fields):
            given = {"node": "node1", "course": "python", "student": "ada", **fields}
            await bus.tell(type_(**given, answer_to=inbox))
            return await asyncio.wait_for(heard.get(), 20)

        yield ask


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 2 MiB."""
    with disks.small(tmp_path / "small") as folder:
        yield folder
