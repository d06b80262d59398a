"""Killed at any instant and started again: one lab, every access answered, nothing left (R-2)."""

import asyncio
import shutil
from functools import partial

import pytest

from nbh_kit import bus as buses
from nbh_kit.testing import eventually, free_port, nats_server
from nbh_proto import CommandDone, StopLab
from nbh_proto.course import CommandAnswer
from nbh_provisioner.engine import Refused
from nbh_provisioner.engines.memory import MemoryEngine
from tests.provisioner import labs, world
from tests.provisioner.process import provisioner

pytestmark = pytest.mark.usefixtures("course")


@pytest.fixture
def site(data, nats_url, podman_site):
    """A site whose labs are real."""
    return podman_site(data, nats_url)


async def _leased(router, engine):
    lab = await router.lab()
    return lab is not None and lab.state == "starting"


async def _created(router, engine):
    return await engine.labs()


async def _placed(router, engine):
    lab = await router.lab()
    return lab is not None and lab.address


async def _ready(router, engine):
    lab = await router.lab()
    return lab is not None and lab.state == "ready"


@pytest.mark.podman
@pytest.mark.parametrize("point", [_leased, _created, _placed, _ready])
async def test_an_access_is_answered_though_the_provisioner_dies(
    point, router, podman_engine, site, tmp_path
):
    async with provisioner(site, tmp_path) as process:
        opening = asyncio.create_task(router.opened(within=40))
        await eventually(lambda: point(router, podman_engine), within=20, pause=0.001)
        await process.kill()
        before = [f.container for f in await podman_engine.labs() if f.running]
        await process.start()
        ready = await opening
        (found,) = await podman_engine.labs()
        assert found.labels["nbh.capability"] == ready.capability
        if before and point is not _created:
            assert found.container == before[0], "a lab that ran was not adopted"
        lab = await router.lab()
        assert (lab.state, lab.capability) == ("ready", ready.capability)
        assert int(found.labels["nbh.generation"]) == lab.generation
        assert (await router.opened()).capability == ready.capability


@pytest.mark.podman
async def test_labs_live_on_without_the_provisioner(router, podman_engine, site, tmp_path):
    async with provisioner(site, tmp_path) as process:
        before = await router.opened()
        assert await process.stop() == 0, process.log
        (found,) = await podman_engine.labs()
        assert found.running
        await process.start()
        after = await router.opened()
    assert after.capability == before.capability
    assert after.capability not in process.log


@pytest.mark.podman
async def test_a_stop_is_carried_out_though_the_provisioner_dies(
    router, bus, podman_engine, site, tmp_path
):
    heard: asyncio.Queue[object] = asyncio.Queue()
    async with (
        provisioner(site, tmp_path) as process,
        bus.inbox(CommandAnswer, heard.put_nowait) as inbox,
    ):
        await router.opened()
        await bus.tell(StopLab(node="node1", course="python", student="ada", answer_to=inbox))
        await eventually(lambda: _stopping_or_gone(router), within=10, pause=0.001)
        await process.kill()
        await process.start()
        assert isinstance(await asyncio.wait_for(heard.get(), 30), CommandDone)
        assert await router.lab() is None
        assert await podman_engine.labs() == []
        assert not list((site.site.data / "labs").iterdir())


async def test_a_second_provisioner_waits_until_the_first_has_ended(
    router, data, nats_url, tmp_path
):
    site = world.config(data, nats_url, provisioner={"engine": "memory"})
    async with provisioner(site, tmp_path) as first:
        before = await router.opened()
        async with provisioner(site, tmp_path) as second:
            await eventually(lambda: "waiting for another process" in second.log)
            assert (await router.opened()).capability == before.capability
            assert await first.stop() == 0
            # labs in memory end with their process, so this one is the second's
            assert (await router.opened(within=20)).capability != before.capability


async def test_what_was_begun_is_finished_before_it_leaves(router, bus, data, nats_url, tmp_path):
    site = world.config(data, nats_url, provisioner={"engine": "memory"})
    async with provisioner(site, tmp_path) as process:
        await router.opened()
        opening = [
            asyncio.create_task(router.opened(student=f"s{n}", within=20)) for n in range(20)
        ]
        await eventually(lambda: _starts(bus, 5))
        assert await process.stop() == 0, process.log
        for answer in asyncio.as_completed(opening, timeout=20):
            await answer


@pytest.mark.podman
async def test_leftovers_are_removed_at_a_start(router, podman_engine, site, tmp_path, bus):
    async with provisioner(site, tmp_path) as process:
        await router.opened()
        await router.opened(student="bob")
        await process.stop()
        bob = next(f for f in await podman_engine.labs() if f.labels["nbh.student"] == "bob")
        await podman_engine.stop(bob.name, within=0)
        (site.site.data / "labs" / ("9" * 40)).mkdir()
        ada = await router.lab("ada")
        shutil.rmtree(site.site.data / "labs" / ada.capability)
        await process.start()
        await eventually(lambda: _gone(router, "bob"), within=30)
        await eventually(lambda: _gone(router, "ada"), within=30)
        await eventually(lambda: _no_labs(podman_engine), within=30)
        assert not list((site.site.data / "labs").iterdir())
        stopped = await world.events(bus, "lab.stopped")
        assert {e["student"] for e in stopped} == {"ada", "bob"}
        await router.opened()


class _Busy(MemoryEngine):
    """One that can remove nothing so far."""

    is_busy = True

    async def stop(self, name, *, within):
        if self.is_busy:
            raise Refused(f"{name} is busy")
        await super().stop(name, within=within)


async def test_a_leftover_that_cannot_be_removed_keeps_nobody_waiting(router, data, nats_url):
    site, engine = world.config(data, nats_url), _Busy()
    left = labs.spec(site, await engine.image(world.IMAGE))
    await engine.start(left)
    shutil.rmtree(data / "labs" / labs.capability(left))
    async with world.running(site, engine):
        await router.opened(student="bob")
        assert left.name in {found.name for found in await engine.labs()}
        engine.is_busy = False
        await router.opened(student="ada")


@pytest.mark.podman
async def test_labs_are_adopted_though_nats_has_lost_everything(
    data, podman_site, tmp_path, course
):
    port = free_port()
    store = tmp_path / "jetstream"
    url = f"nats://127.0.0.1:{port}"
    site = podman_site(data, url)
    async with provisioner(site, tmp_path) as process:
        async with nats_server(store, port=port), buses.connect(url, name="test") as bus:
            router = world.Router(bus)
            await router.register()
            students = ("ada", "bob", "cleo")
            before = [await router.opened(student=s) for s in students]
            labs = [await router.lab(s) for s in students]
            await process.kill()
        shutil.rmtree(store)
        async with nats_server(store, port=port), buses.connect(url, name="test") as bus:
            await process.start()
            router = world.Router(bus)
            await router.register()
            after = [await router.opened(student=s) for s in students]
            assert [a.capability for a in after] == [b.capability for b in before]
            again = [await router.lab(s) for s in students]
            assert [(x.container, x.generation, x.commit) for x in again] == [
                (x.container, x.generation, "c1") for x in labs
            ]
            assert await world.events(bus, "lab.starting") == []
            for student in students:
                await bus.tell(StopLab(node="node1", course="python", student=student))
            for student in students:
                await eventually(partial(_gone, router, student), within=20)
            await process.stop()


async def test_leases_are_written_again_when_nats_comes_back_empty(data, tmp_path, course):
    port = free_port()
    store = tmp_path / "jetstream"
    url = f"nats://127.0.0.1:{port}"
    site = world.config(data, url)
    engine = MemoryEngine()
    starting = nats_server(store, port=port)
    await starting.__aenter__()
    async with world.running(site, engine), buses.connect(url, name="test") as bus:
        router = world.Router(bus)
        await router.register()
        before = await router.opened()
        await starting.__aexit__(None, None, None)
        shutil.rmtree(store)
        async with nats_server(store, port=port):
            lab = await eventually(lambda: router.lab())
            assert (lab.state, lab.capability) == ("ready", before.capability)
            await router.register()
            assert (await router.opened(within=20)).capability == before.capability
    assert engine.starts == 1


async def _stopping_or_gone(router):
    lab = await router.lab()
    return lab is None or lab.state == "stopping"


async def _starts(bus, number):
    return len(await world.events(bus, "lab.starting")) >= number


async def _gone(router, student):
    return await router.lab(student) is None


async def _no_labs(engine):
    return not await engine.labs()
