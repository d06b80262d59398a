"""A container that does one thing: it ends, and nothing is left of it (`Engine.run`)."""

import asyncio

import msgspec
import pytest

from nbh_kit import conditions
from nbh_kit.conditions import Contained
from nbh_kit.testing import eventually
from nbh_provisioner.engine import Refused
from nbh_provisioner.engines import errands
from nbh_provisioner.engines.memory import MemoryEngine
from nbh_provisioner.engines.podman_api import PodmanApi
from tests.provisioner import world

pytestmark = pytest.mark.podman


@pytest.fixture
async def errand(podman_engine, site):
    """Makes one of a command."""
    image = await podman_engine.image(world.IMAGE)

    def made(*command):
        return Contained(
            name=f"{site.site.name}-errand",
            image=image,
            command=command,
            environment={},
            labels=conditions.NO_LAB,
            mounts=(),
            user=1000,
            group=100,
            folder="/tmp",
            memory=256 * 1024**2,
            cpus=1,
            processes=16,
            open_files=64,
            tmp=8 * 1024**2,
            file_bytes=1024**2,
        )

    return made


@pytest.fixture
def api(podman_socket):
    api = PodmanApi(podman_socket, within=30)
    yield api
    api.close()


async def test_its_exit_status_is_told(podman_engine, errand, api, site):
    for code in (0, 7):
        ending = await podman_engine.run(errand("sh", "-c", f"exit {code}"), within=20)
        assert ending.code == code
    assert _left(api, site) == []


async def test_one_that_takes_too_long_is_ended(podman_engine, errand, api, site):
    with pytest.raises(TimeoutError):
        await podman_engine.run(errand("sleep", "600"), within=0.5)
    assert _left(api, site) == []


async def test_one_that_nobody_waits_for_any_more_is_ended(podman_engine, errand, api, site):
    running = asyncio.create_task(podman_engine.run(errand("sleep", "600"), within=60))
    await eventually(lambda: _left(api, site), within=20)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await eventually(lambda: _left(api, site) == [], within=20)


async def test_what_an_earlier_process_left_is_ended(podman_engine, errand, api, site):
    await asyncio.to_thread(errands.start, errand("sleep", "600"), site.site.name, api)
    assert len(_left(api, site)) == 1
    assert await podman_engine.labs() == []
    await podman_engine.remove_leftovers()
    assert _left(api, site) == []


async def test_a_file_becomes_no_larger_than_it_may(podman_engine, errand):
    too_large = errand("sh", "-c", "head -c 2000000 /dev/zero > /tmp/x")
    assert (await podman_engine.run(too_large, within=20)).code != 0
    small = errand("sh", "-c", "head -c 1000000 /dev/zero > /tmp/x")
    assert (await podman_engine.run(small, within=20)).code == 0


async def test_what_cannot_be_run_is_refused(podman_engine, errand, api, site):
    assert (await podman_engine.run(errand("/no/such/program"), within=20)).code != 0
    nothing = msgspec.structs.replace(errand("true"), image="0" * 64)
    with pytest.raises(Refused):
        await podman_engine.run(nothing, within=20)
    assert _left(api, site) == []
    with pytest.raises(Refused):
        await MemoryEngine().run(errand("true"), within=20)


def _left(api, site):
    ours = f'{{"label": ["{errands.OURS}={site.site.name}"]}}'
    return api.get("/containers/json", all="true", filters=ours) or []
