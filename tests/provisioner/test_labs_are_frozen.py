"""A lab that nobody is connected to stands still when asked, and goes on for who comes."""

import asyncio
from contextlib import asynccontextmanager
from functools import partial

import httpx2
import msgspec
import pytest

from nbh_kit.testing import eventually
from nbh_proto import CommandDone, CommandFailed, StopLab, lab_key
from nbh_provisioner.engine import Deaf
from nbh_provisioner.engines.memory import MemoryEngine
from nbh_provisioner.engines.podman import PodmanEngine
from tests.provisioner import world


@pytest.fixture(params=["memory", pytest.param("podman", marks=pytest.mark.podman)])
def place(request, data, nats_url, course):
    """A site and how its engine is made, each engine in turn."""
    if request.param == "memory":
        return world.config(data, nats_url), lambda: MemoryEngine({world.IMAGE})
    make = request.getfixturevalue("podman_site")
    config = make(data, nats_url)
    return config, lambda: _podman(config)


@pytest.fixture
async def engine(place):
    """Its engine, with a provisioner that uses it."""
    config, make = place
    engine = make()
    async with world.running(config, engine):
        yield engine


@pytest.fixture
def frozen(router, ask):
    """Opens Ada's lab and freezes it; returns it as the bucket has it."""

    async def frozen():
        await router.opened()
        assert isinstance(await eventually(lambda: _done(ask)), CommandDone)
        return await router.lab()

    return frozen


async def test_a_lab_is_frozen_when_asked(engine, frozen, bus):
    lab = await frozen()
    assert lab.state == "frozen"
    (found,) = await engine.labs()
    assert found.frozen
    (told,) = await world.events(bus, "lab.frozen")
    assert (told["reason"], told["generation"]) == ("asked", lab.generation)
    assert 0 < told["seconds"] < 5


async def test_a_click_thaws_it_and_says_so(engine, frozen, router, bus):
    lab = await frozen()
    answer = await router.opened()
    assert answer.capability == lab.capability
    await eventually(lambda: _count(bus, "access.opened", 2))
    assert [e["way"] for e in await world.events(bus, "access.opened")] == ["cold", "thawed"]
    # podman is asked, and the rest is told, after the answer
    (told,) = await eventually(lambda: world.events(bus, "lab.thawed"))
    assert told["by"] == "click"
    await eventually(lambda: _state_is(router, "ready"))
    assert (await _get(lab)).status_code == 200


async def test_a_request_thaws_it_and_is_answered(engine, frozen, router, bus):
    lab = await frozen()
    assert (await _get(lab)).status_code == 200
    (told,) = await eventually(lambda: world.events(bus, "lab.thawed"))
    assert told["by"] == "request"
    assert await eventually(lambda: _state_is(router, "ready"))


async def test_a_lab_freezes_and_thaws_many_times(engine, frozen, bus):
    for count in range(1, 4):
        lab = await frozen()
        assert (await _get(lab)).status_code == 200
        assert len(await world.events(bus, "lab.frozen")) == count
        assert await eventually(partial(_count, bus, "lab.thawed", count))


async def test_a_lab_that_somebody_is_connected_to_is_not_frozen(engine, router, ask, bus):
    await router.opened()
    lab = await router.lab()
    async with _connected(lab):
        answer = await ask()
        assert isinstance(answer, CommandFailed)
        assert answer.reason == "in-use"
        assert (await _get(lab)).status_code == 200
    assert (await router.lab()).state == "ready"
    assert await world.events(bus, "lab.frozen") == []


async def test_another_generation_is_not_frozen(engine, router, ask):
    await router.opened()
    lab = await router.lab()
    assert (await ask(generation=lab.generation + 1)).line == "there is no such lab"
    assert (await router.lab()).state == "ready"
    done = await eventually(lambda: _done(ask, generation=lab.generation))
    assert isinstance(done, CommandDone)
    assert (await router.lab()).state == "frozen"


async def test_freezing_what_is_not_there_is_done(engine, ask):
    assert (await ask()).line == "there is no such lab"


async def test_freezing_a_frozen_lab_is_done(engine, frozen, ask, bus):
    await frozen()
    assert isinstance(await ask(), CommandDone)
    assert len(await world.events(bus, "lab.frozen")) == 1


async def test_a_frozen_lab_is_stopped_when_asked(engine, frozen, router, ask, bus):
    await frozen()
    assert isinstance(await ask(StopLab), CommandDone)
    assert await router.lab() is None
    assert await engine.labs() == []
    (stopped,) = await world.events(bus, "lab.stopped")
    assert stopped["reason"] == "asked"


@pytest.mark.podman
async def test_a_frozen_lab_stays_so_when_the_service_starts_again(
    podman_site, data, nats_url, course, router, ask, frozen, bus
):
    config = podman_site(data, nats_url)
    async with world.running(config, _podman(config)):
        lab = await frozen()
    async with world.running(config, _podman(config)):
        assert (await ask()).line == "the lab is frozen"
        assert await router.lab() == lab
        assert (await _get(lab)).status_code == 200
        (told,) = await eventually(lambda: world.events(bus, "lab.thawed"))
        assert told["by"] == "request"


@pytest.mark.podman
async def test_a_full_disk_keeps_nobody_from_a_frozen_lab(
    podman_site, data, nats_url, course, router, frozen
):
    config = podman_site(data, nats_url)
    async with world.running(config, _podman(config)):
        lab = await frozen()
    provisioner = msgspec.structs.replace(config.provisioner, free_bytes=2**60)
    full = msgspec.structs.replace(config, provisioner=provisioner)
    async with world.running(full, _podman(full)):
        assert (await router.opened()).capability == lab.capability
        assert await router.denied(student="bea") == "disk-full"


async def test_a_reboot_leaves_no_entry_of_a_frozen_lab(site, course, router, frozen, bus):
    async with world.running(site, MemoryEngine()):
        lab = await frozen()
    async with world.running(site, MemoryEngine()):  # what was in memory is gone
        assert await eventually(lambda: _count(bus, "lab.stopped", 1))
        assert (await router.opened()).capability != lab.capability
    (stopped,) = await world.events(bus, "lab.stopped")
    assert (stopped["reason"], stopped["generation"]) == ("died", lab.generation)


@pytest.mark.podman
async def test_who_waits_while_no_service_runs_is_answered_when_one_starts(
    podman_site, data, nats_url, course, router, frozen, bus
):
    config = podman_site(data, nats_url)
    async with world.running(config, _podman(config)):
        lab = await frozen()
    engine = _podman(config)
    waiting = asyncio.create_task(_get(lab))
    (found,) = await engine.labs()
    await eventually(lambda: engine.is_used(found.running))
    assert not waiting.done()
    async with world.running(config, engine):
        assert (await waiting).status_code == 200
        assert (await eventually(lambda: world.events(bus, "lab.thawed")))[0]["by"] == "request"


@pytest.mark.podman
async def test_a_frozen_lab_is_adopted_when_the_bucket_is_lost(
    podman_site, data, nats_url, course, router, frozen
):
    config = podman_site(data, nats_url)
    async with world.running(config, _podman(config)):
        lab = await frozen()
    held = await router.labs.get(lab_key("python", "ada"))
    await router.labs.delete(lab_key("python", "ada"), held.revision)
    async with world.running(config, _podman(config)):
        assert await eventually(lambda: _state_is(router, "frozen"))
        again = await router.lab()
        assert (again.capability, again.container) == (lab.capability, lab.container)
        assert (await _get(again)).status_code == 200


@pytest.mark.podman
async def test_a_lab_that_was_half_frozen_or_half_thawed_goes_on(
    podman_site, data, nats_url, course, router, frozen, bus
):
    config = podman_site(data, nats_url)
    engine = _podman(config)
    async with world.running(config, engine):
        lab = await frozen()
    outside = _podman(config)
    (found,) = await outside.labs()
    await outside.thaw(found.running)  # thawed, and then killed before that was written
    async with world.running(config, _podman(config)):
        assert await eventually(lambda: _state_is(router, "ready"))
    await outside.freeze(found.running)  # frozen, and then killed before that was written
    async with world.running(config, _podman(config)):
        assert await eventually(lambda: _count(bus, "lab.thawed", 2))
        assert (await _get(lab)).status_code == 200
        await eventually(lambda: _state_is(router, "ready"))
    await outside.close()
    assert [e["by"] for e in await world.events(bus, "lab.thawed")] == ["restart", "restart"]


async def test_where_nobody_can_be_heard_no_lab_is_frozen(site, course, router, ask, bus):
    async with world.running(site, _DeafEngine()):
        await router.opened()
        answer = await ask()
        assert (answer.reason, answer.detail) == ("impossible", "may not listen")
        assert (await _get(await router.lab())).status_code == 200
    assert await world.events(bus, "lab.frozen") == []


class _DeafEngine(MemoryEngine):
    """A machine on which we may not open a packet socket."""

    async def hear(self, hearing):
        raise Deaf("may not listen")


def _podman(config):
    return PodmanEngine(config.podman_socket, config.site.name)


@asynccontextmanager
async def _connected(lab):
    host, _, port = lab.address.rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    try:
        yield
    finally:
        writer.close()


async def _get(lab):
    headers = {"Authorization": f"token {lab.token}"}
    limits = httpx2.Limits(max_keepalive_connections=0)
    async with httpx2.AsyncClient(timeout=20, limits=limits) as client:
        return await client.get(f"http://{lab.address}/{lab.capability}/api", headers=headers)


async def _done(ask, **fields):
    """A connection that is just being closed may still count: then it is asked again."""
    answer = await ask(**fields)
    return answer if isinstance(answer, CommandDone) else None


async def _state_is(router, state):
    lab = await router.lab()
    return lab is not None and lab.state == state


async def _count(bus, kind, count):
    return len(await world.events(bus, kind)) == count
