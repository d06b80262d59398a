"""Labs that are booted before anybody wants them: who comes gets one at once, for good (S-56)."""

import msgspec
import pytest
import structlog

from nbh_kit import config as configs
from nbh_kit.testing import eventually
from nbh_proto import Limits, StopLab, names
from nbh_provisioner.engines.memory import MemoryEngine
from tests.provisioner import pooling, world

pytestmark = pytest.mark.usefixtures("course")


async def test_who_comes_gets_a_lab_of_the_pool_with_their_own_files(data, nats_url, router):
    engine = MemoryEngine()
    async with world.running(pooling.with_pool(data, nats_url, 2), engine):
        before = {lab.capability for lab in await pooling.pooled(router, 2)}
        ready = await router.opened()
        assert ready.capability in before
        lab = await eventually(lambda: _ready(router))
        assert (lab.student, lab.capability) == ("ada", ready.capability)
        assert (await pooling.ask(lab, f"files/{ready.notebook}")).text == world.NOTEBOOK
        assert (await router.opened()).capability == ready.capability
        assert [e["way"] for e in await _events(router, "access.opened", 2)] == ["pool", "running"]
        (told,) = await _events(router, "lab.ready", 1)
        assert (told["way"], told["student"]) == ("pool", "ada")
        assert told["generation"] == lab.generation > 0
        (started,) = await world.events(router.bus, "lab.starting")
        assert started["generation"] == lab.generation
        after = await pooling.pooled(router, 2)
        assert ready.capability not in {lab.capability for lab in after}
        assert engine.starts == 3


async def test_a_lab_that_served_somebody_never_comes_back(data, nats_url, router):
    async with world.running(pooling.with_pool(data, nats_url, 1), MemoryEngine()):
        await pooling.pooled(router, 1)
        first = await router.opened()
        await pooling.pooled(router, 1)
        await router.bus.tell(StopLab(node="node1", course="python", student="ada"))
        await eventually(lambda: _gone(router))
        assert not (data / "labs" / first.capability).exists()
        assert (await router.opened(student="bob")).capability != first.capability
        assert (await router.opened()).capability != first.capability


async def test_nobody_hears_of_a_lab_before_it_is_theirs(data, nats_url, router, caplog):
    async with world.running(pooling.with_pool(data, nats_url, 2), MemoryEngine()):
        labs = await pooling.pooled(router, 2)
        info = await router.bus.js.stream_info("EVENTS")
        assert info.state.messages == 0
        for lab in labs:
            assert lab.capability not in lab.key
            assert lab.student == ""
            assert lab.capability not in caplog.text


@pytest.mark.parametrize("what", ["revision", "image", "limits"])
async def test_a_lab_that_is_outdated_is_replaced_and_given_to_nobody(
    what, data, nats_url, router
):
    engine = MemoryEngine()
    async with world.running(pooling.with_pool(data, nats_url, 1), engine):
        (old,) = await pooling.pooled(router, 1)
        held = await router.courses.get(names.token("python"))
        match what:
            case "revision":
                world.publish(data, {"w1/n1.ipynb": world.NOTEBOOK}, commit="c2")
            case "image":
                newer = msgspec.structs.replace(held.value, image="newer")
                await router.courses.update(names.token("python"), newer, held.revision)
            case "limits":
                more = msgspec.structs.replace(held.value, limits=Limits(memory=2**31))
                await router.courses.update(names.token("python"), more, held.revision)
        if what == "revision":
            # at once: a lab of the old revision is not what a click gets now
            assert (await router.opened()).capability != old.capability

        new = await eventually(lambda: _other(router, old))
        assert (new.commit, new.image) == (
            "c2" if what == "revision" else "c1",
            "newer" if what == "image" else world.IMAGE,
        )
        await eventually(lambda: not (data / "labs" / old.capability).exists())


async def test_a_new_image_under_the_same_name_replaces_the_pool(data, nats_url, router):
    class Renewed(MemoryEngine):
        version = 1

        async def image(self, name):
            return f"{await super().image(name)}@{self.version}"

    engine = Renewed()
    async with world.running(pooling.with_pool(data, nats_url, 1), engine):
        (old,) = await pooling.pooled(router, 1)
        engine.version = 2
        await eventually(lambda: _other(router, old))


async def test_what_is_outdated_goes_though_nobody_is_expected_any_more(data, nats_url, router):
    async with world.running(pooling.with_pool(data, nats_url, 0), MemoryEngine()):
        await _wants(router, 1)
        (old,) = await pooling.pooled(router, 1)
        await _wants(router, 0)
        world.publish(data, {"w1/n1.ipynb": world.NOTEBOOK}, commit="c2")
        # at once, where one that is merely too many waits a minute for demand to rise again
        await eventually(lambda: not (data / "labs" / old.capability).exists())
        await eventually(lambda: _has_no_pool(router))


async def test_labs_are_booted_although_the_machine_stays_busy(data, nats_url, router):
    engine, busy = MemoryEngine(), world.Processors(0.5)
    async with world.running(pooling.with_pool(data, nats_url, 1), engine, read_idle=busy):
        await pooling.pooled(router, 1)
        assert busy.looks > 3  # not at once


async def test_a_lab_that_dies_is_replaced(data, nats_url, router):
    engine = MemoryEngine()
    async with world.running(pooling.with_pool(data, nats_url, 1), engine):
        (old,) = await pooling.pooled(router, 1)
        (found,) = await engine.labs()
        engine.crash(found.name)
        new = await eventually(lambda: _other(router, old))
        assert new.capability != old.capability
        await eventually(lambda: not (data / "labs" / old.capability).exists())


async def test_a_lab_that_is_of_no_use_costs_a_student_a_cold_start_and_no_more(
    data, nats_url, router
):
    class Useless(MemoryEngine):
        async def rename(self, running, name):
            self.crash(running.name)
            return await super().rename(running, name)

    engine = Useless()
    async with world.running(pooling.with_pool(data, nats_url, 2), engine):
        before = {lab.capability for lab in await pooling.pooled(router, 2)}
        ready = await router.opened()
        assert ready.capability not in before
        assert [e["way"] for e in await _events(router, "access.opened", 1)] == ["cold"]
        assert await world.events(router.bus, "lab.failed") == []
        lab = await eventually(lambda: _ready(router))
        assert lab.capability == ready.capability


async def test_a_host_that_cannot_mount_into_labs_starts_them_cold_and_says_so_once(
    data, nats_url, router
):
    engine = MemoryEngine()
    engine.attaches = False
    with structlog.testing.capture_logs() as said:
        async with world.running(pooling.with_pool(data, nats_url, 2), engine):
            await eventually(lambda: any("no pool" in s["event"] for s in said))
            await eventually(lambda: _is_empty(engine))
            for student in ("ada", "bob"):
                await router.opened(student=student)
            ways = [e["way"] for e in await _events(router, "access.opened", 2)]
            assert ways == ["cold", "cold"]
            assert len(await engine.labs()) == 2
    assert len([s for s in said if "no pool" in s["event"]]) == 1


async def test_an_image_that_does_not_boot_is_not_tried_again_and_again(data, nats_url, router):
    engine = MemoryEngine(boots_in=None)
    site = pooling.with_pool(data, nats_url, 1, lab={"boot_within": 0.05})
    with structlog.testing.capture_logs() as said:
        async with world.running(site, engine):
            await eventually(lambda: any("no pool for a while" in s["event"] for s in said))
            await eventually(lambda: _is_empty(engine))
            assert engine.starts <= 2
            await eventually(lambda: list((data / "labs").iterdir()) == [])


async def test_a_course_has_numbers_of_its_own(data, nats_url, router):
    site = world.config(data, nats_url, pool={"maximum": 8, "free_memory": 1})
    async with world.running(site, MemoryEngine()):
        await _wants(router, 3)
        await pooling.pooled(router, 3)


async def test_demand_fills_the_pool_of_a_course_nobody_came_to_before(data, nats_url, router):
    site = world.config(data, nats_url, pool={"minimum": 0, "maximum": 1, "free_memory": 1})
    async with world.running(site, MemoryEngine()):
        assert await pooling.all_labs(router) == []
        await router.opened()
        (spare,) = await pooling.pooled(router, 1)
        assert (await router.opened(student="bob")).capability == spare.capability


async def test_a_machine_short_of_memory_has_no_pool(data, nats_url, router):
    pool = {"minimum": 2, "maximum": 2, "free_memory": 2**62}
    async with world.running(world.config(data, nats_url, pool=pool), MemoryEngine()) as _:
        await router.opened()
        assert {lab.state for lab in await pooling.all_labs(router)} == {"ready"}


async def test_who_comes_while_a_lab_boots_for_the_pool_gets_that_one(data, nats_url, router):
    engine = MemoryEngine(boots_in=0.3)
    async with world.running(pooling.with_pool(data, nats_url, 1), engine):
        (booting,) = await eventually(lambda: pooling.all_labs(router))
        assert (await router.opened()).capability == booting.capability
        assert [e["way"] for e in await _events(router, "access.opened", 1)] == ["pool"]


async def test_an_unknown_setting_of_the_pool_is_refused():
    with pytest.raises(configs.BadConfig):
        configs.from_tree({"pool": {"minimum": -1}})


async def _wants(router, number):
    """The course wants so many, even if nobody comes."""
    key = names.token("python")
    held = await router.courses.get(key)
    wants = msgspec.structs.replace(held.value, limits=Limits(pool_min=number))
    await router.courses.update(key, wants, held.revision)


async def _ready(router, student="ada"):
    lab = await router.lab(student)
    return lab if lab and lab.state == "ready" else None


async def _gone(router):
    return await router.lab() is None


async def _other(router, old):
    labs = await pooling.nobodys(router)
    return labs[0] if len(labs) == 1 and labs[0].capability != old.capability else None


async def _has_no_pool(router):
    return not await pooling.nobodys(router)


async def _is_empty(engine):
    return not await engine.labs()


async def _events(router, kind, number):
    async def told():
        found = await world.events(router.bus, kind)
        return found if len(found) >= number else None

    return await eventually(told, within=20)
