"""podman's API while a block runs; containers outlive it, and its successor knows them."""

import asyncio
import os
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from nbh_cli.host import machine, podman, service
from nbh_cli.host.failures import PodmanSilent
from nbh_cli.host.running import end
from nbh_kit.testing import eventually
from tests.images import lab as labs

pytestmark = pytest.mark.podman


def mounts():
    return Path("/proc/self/mounts").read_text().splitlines()


async def test_it_answers_in_the_block_and_not_after_it(tmp_path):
    async with service.podman_service(tmp_path) as socket:
        assert await service.answers(socket)
    assert not await service.answers(socket)


async def test_the_machines_mounts_are_left_alone(podman_socket, lab_images, tmp_path):
    def cgroups():
        return [line for line in mounts() if "/sys/fs/cgroup" in line]

    before = cgroups()
    async with labs.running(podman_socket, lab_images[1], tmp_path / "lab"):
        assert cgroups() == before
    assert cgroups() == before


async def test_a_lab_survives_the_api_and_is_known_to_the_next_one(lab_images, tmp_path):
    """DESIGN.md: a service can be killed at any instruction, and no kernel is lost."""
    here = podman.prepare(machine.look(), tmp_path)
    socket = tmp_path / "podman.sock"
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(started(here, socket))
        lab = await stack.enter_async_context(
            labs.running(socket, lab_images[1], tmp_path / "lab")
        )
        first.kill()
        await first.wait()
        assert (await lab.get("api/status")).status_code == 200
        async with started(here, socket):
            found = await lab.podman.inspect(lab.container)
            assert found["State"]["Status"] == "running"
            assert f"{found['NetworkSettings']['IPAddress']}:{labs.PORT}" == lab.address
            network = Path(found["NetworkSettings"]["SandboxKey"])
            assert network.exists()
            await stack.aclose()
            assert not await lab.podman.exists(lab.container)
            await eventually(lambda: not network.exists())


@asynccontextmanager
async def started(here, socket):
    process = await asyncio.create_subprocess_exec(
        *here.service(socket), env={**os.environ, **here.environment}, start_new_session=True
    )
    try:
        await eventually(lambda: service.answers(socket))
        yield process
    finally:
        await end(process)


HOLDING = """
import asyncio, pathlib, sys
from nbh_cli.host.service import podman_service

async def main():
    async with podman_service(pathlib.Path(sys.argv[1])):
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_it_does_not_outlive_a_killed_owner(tmp_path):
    owner = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLDING, str(tmp_path))
    socket = tmp_path / "podman.sock"
    try:
        await eventually(lambda: service.answers(socket))
    finally:
        owner.kill()
        await owner.wait()
    await eventually(lambda: gone(socket))


async def gone(socket):
    return not await service.answers(socket)


async def test_what_ends_at_once_is_told_with_what_it_said(tmp_path):
    (tmp_path / "podman.sock").mkdir()
    with pytest.raises(PodmanSilent, match=r"podman's API ended with 125; it said: .*directory"):
        async with service.podman_service(tmp_path):
            pass


async def test_a_folder_too_deep_for_a_socket_is_told(tmp_path):
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    with pytest.raises(ValueError, match="longer than a socket's path"):
        async with service.podman_service(deep):
            pass
