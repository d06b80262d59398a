"""Labs for the tests of the images."""

import asyncio

import pytest
import pytest_asyncio

from nbh_cli import images
from nbh_cli.host import machine, packages, podman
from nbh_cli.host.service import podman_service
from tests.conftest import REPOSITORY
from tests.images import lab as labs


def pytest_collection_modifyitems(items):
    if machine.look().root and not packages.missing():
        return
    missing = ", ".join(need.what for need in packages.missing()) or "root"
    for item in items:
        if item.get_closest_marker("podman"):
            item.add_marker(pytest.mark.skip(reason=f"this machine has no {missing}"))


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
