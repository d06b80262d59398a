"""What every test may ask for."""

from pathlib import Path

import pytest
import pytest_asyncio

from nbh_cli import images
from nbh_cli.host import machine, packages, podman
from nbh_cli.host.service import podman_service
from nbh_kit import bus as buses
from nbh_kit.testing import nats_server
from tests import memory
from tests.e2e.browser import CHROMIUM

REPOSITORY = Path(__file__).parent.parent


def pytest_collection_modifyitems(items):
    """Skip what this machine cannot run, with the reason."""
    reasons = {
        "podman": _why_no_podman(),
        "browser": "" if CHROMIUM else "Chromium is not installed",
    }
    for item in items:
        for mark, reason in reasons.items():
            if reason and item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=reason))


def _why_no_podman() -> str:
    missing = [need.what for need in packages.missing()]
    if not machine.look().root:
        missing.append("root")
    return f"this machine has no {', '.join(missing)}" if missing else ""


@pytest.fixture
def in_memory():
    """A folder in memory, for what syncs each write."""
    with memory.folder() as folder:
        yield folder


@pytest.fixture
async def nats_url(in_memory):
    """A nats-server of the test's own."""
    async with nats_server(in_memory / "nats") as url:
        yield url


@pytest.fixture
async def bus(nats_url):
    """A connection to it."""
    async with buses.connect(nats_url, name="test") as connected:
        yield connected


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def podman_socket(tmp_path_factory):
    """podman's API, running for all tests."""
    async with podman_service(tmp_path_factory.mktemp("podman")) as socket:
        yield socket


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def lab_images(tmp_path_factory):
    """The images of labs, built once if they are out of date."""
    here = podman.prepare(machine.look(), tmp_path_factory.mktemp("images"))
    await images.build_all(here, REPOSITORY, say=print)
    return [image.repository for image in images.IMAGES]
