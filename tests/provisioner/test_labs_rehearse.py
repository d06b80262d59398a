"""Labs of the pool rehearse their first page while the machine is idle (ADR 43)."""

import os
from collections import Counter

import pytest

from nbh_kit.testing import eventually
from nbh_provisioner.engines.memory import MemoryEngine
from nbh_provisioner.engines.podman import PodmanEngine
from nbh_provisioner.idleness import Idleness, read
from tests.images.lab import Podman
from tests.provisioner import pooling, world
from tests.provisioner.notebook_server import Jupyter

pytestmark = pytest.mark.usefixtures("course")

REHEARSAL = "api/nbh/rehearsal"


async def rehearsals(engine):
    """How often each lab was asked to."""
    return {
        lab.name: (await engine.log(lab.name)).count("rehearsed") for lab in await engine.labs()
    }


async def test_each_lab_of_the_pool_does_once(data, nats_url, router):
    engine, processors = MemoryEngine(), world.Processors(8.0)
    site = pooling.with_pool(data, nats_url, 3)
    async with world.running(site, engine, read_idle=processors):
        await pooling.pooled(router, 3)
        await eventually(lambda: _is(engine, [1, 1, 1]))
        looks = processors.looks
        await eventually(lambda: processors.looks > looks + 2)
        assert await _is(engine, [1, 1, 1])


async def test_none_does_while_the_machine_is_busy(data, nats_url, router):
    engine, processors = MemoryEngine(), world.Processors(1.4)
    site = pooling.with_pool(data, nats_url, 2)
    async with world.running(site, engine, read_idle=processors):
        await pooling.pooled(router, 2)
        looks = processors.looks
        await eventually(lambda: processors.looks > looks + 4)
        assert await _is(engine, [0, 0])
        processors.idle = 1.6
        await eventually(lambda: _is(engine, [1, 1]))


async def test_a_lab_that_was_started_for_somebody_does_not(data, nats_url, router):
    engine, processors = MemoryEngine(), world.Processors(8.0)
    async with world.running(pooling.with_pool(data, nats_url, 0), engine, read_idle=processors):
        await router.opened()
        looks = processors.looks
        await eventually(lambda: processors.looks > looks + 2)
        assert await _is(engine, [0])


async def test_who_takes_a_lab_ends_its_rehearsal(data, nats_url, router):
    engine, processors = MemoryEngine(rehearses=False), world.Processors(1.6)
    site = pooling.with_pool(data, nats_url, 2)
    async with world.running(site, engine, read_idle=processors):
        await pooling.pooled(router, 2)
        await eventually(lambda: _is(engine, [1, 0]))
        looks = processors.looks
        await router.opened()
        # one at a time: the others would wait for the first one for ever
        await eventually(lambda: _is(engine, [1, 1, 0]))
        assert processors.looks > looks


@pytest.mark.podman
async def test_who_comes_finds_a_kernel(data, nats_url, podman_site, podman_socket, router):
    site = podman_site(data, nats_url, pool={"minimum": 1, "maximum": 1, "free_memory": 1})
    processors = world.Processors(8.0)
    engine = PodmanEngine(podman_socket, site.site.name)
    async with world.running(site, engine, read_idle=processors):
        (slot,) = await pooling.pooled(router, 1)
        await eventually(lambda: _has_rehearsed(slot), within=60)
        processors.idle = 0.0
        ready = await router.opened("w1/n1")
        assert ready.capability == slot.capability
        jupyter = Jupyter(await router.lab())
        # it is nobody's yet, also for the policy of idleness
        assert (await jupyter.ask("GET", "api/kernels")).json() == []
        assert await _kernels(podman_socket, slot) == 1
        asked = {"path": ready.notebook, "name": "n1", "type": "notebook"}
        python = {"kernel": {"name": "python3"}}
        began = await jupyter.ask("POST", "api/sessions", json=asked | python)
        assert began.status_code == 201
        assert len((await jupyter.ask("GET", "api/kernels")).json()) == 1
        assert await _kernels(podman_socket, slot) == 1


async def test_what_a_machine_leaves_idle_is_seen():
    idleness = Idleness(read)
    await eventually(lambda: idleness.lately() > 0)
    assert idleness.lately() <= (os.cpu_count() or 1) + 0.1  # ticks are counted late


async def _is(engine, counts):
    return Counter((await rehearsals(engine)).values()) == Counter(counts)


async def _kernels(podman_socket, lab):
    """How many run, whoever knows of them."""
    count = ("sh", "-c", "pgrep --full --count [i]pykernel_launcher || true")
    return int(await Podman(podman_socket).run(lab.container, count))


async def _has_rehearsed(lab):
    return (await pooling.ask(lab, REHEARSAL)).json()["rehearsed"]
