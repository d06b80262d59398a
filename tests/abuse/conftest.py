"""One running system for all abuses, whose labs are small."""

import pytest_asyncio

from tests.system import running_system

MEMORY, PROCESSES = 512 * 1024**2, 128


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def system(tmp_path_factory, lab_images):
    """`nbh up` with podman and a course."""
    limits = {"lab": {"memory": MEMORY, "processes": PROCESSES}}
    folder = tmp_path_factory.mktemp("abused")
    async with running_system(folder, engine="podman", settings=limits) as running:
        await running.new_course("lesson")
        yield running
