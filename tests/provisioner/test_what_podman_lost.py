"""Podman says what conmon told it last; the kernel knows better (R-2, R-16, R-17)."""

import asyncio
import contextlib
import tempfile
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from nbh_cli.host.service import podman_service
from nbh_kit import namespaces
from nbh_kit.testing import eventually
from nbh_provisioner.engine import EngineDown
from nbh_provisioner.engines.podman import PodmanEngine
from nbh_provisioner.engines.podman_api import Answered, PodmanApi
from tests.provisioner import labs, world
from tests.provisioner.process import provisioner
from tests.sudden_ends import (
    kill_amid_a_start,
    kill_service,
    kill_unseen,
    somebody_numbered,
    what_runs_of,
)

pytestmark = pytest.mark.podman

_TRIES = 5


@pytest.fixture
def api(podman_socket):
    api = PodmanApi(podman_socket, within=30)
    yield api
    api.close()


@pytest.fixture
async def lab(podman_engine, site):
    """One that runs, and what podman says of it."""
    spec = labs.spec(site, await podman_engine.image(world.IMAGE))
    await podman_engine.start(spec)
    return spec


async def test_a_lab_that_ended_with_its_monitor_does_not_run(podman_engine, lab, api):
    before = await _end_unseen(api, lab.name)
    (found,) = await podman_engine.labs()
    assert found.running is None
    await podman_engine.stop(lab.name, within=5)
    assert await podman_engine.labs() == []
    assert not _namespace(before).exists()


async def test_its_name_is_free_for_the_next(podman_engine, lab, api):
    before = await _end_unseen(api, lab.name)
    after = await podman_engine.start(lab)
    assert after.container != before["Id"]
    assert what_runs_of(after.container)


async def test_whoever_has_its_number_now_is_neither_taken_for_it_nor_touched(
    podman_engine, lab, api
):
    before = await _end_unseen(api, lab.name)
    async with somebody_numbered(before["State"]["Pid"]) as somebody:
        (found,) = await podman_engine.labs()
        assert found.running is None
        await podman_engine.stop(lab.name, within=5)
        assert await podman_engine.labs() == []
        assert psutil.Process(somebody).status() != psutil.STATUS_ZOMBIE
    assert not _namespace(before).exists()


@pytest_asyncio.fixture
async def service():
    """Runs podman's API on a socket of the test's own, again and again."""
    with tempfile.TemporaryDirectory(prefix="nbh-podman-") as folder:
        yield lambda: podman_service(Path(folder))


@pytest.fixture
async def half_started(service, site, podman_engine, api):
    """A lab of which something runs, and podman does not know it: its specification and id."""
    spec = labs.spec(site, await podman_engine.image(world.IMAGE))
    for _ in range(_TRIES):
        container = await _killed_amid_a_start(service, site, spec)
        known = api.get(f"/containers/{spec.name}/json")["State"]
        if known["Status"] == "created" and "crun" in what_runs_of(container):
            return spec, container
        await podman_engine.stop(spec.name, within=0)  # too early, or too late
    raise AssertionError("podman is never killed in between")


async def _killed_amid_a_start(service, site, spec):
    async with service() as socket:
        engine = PodmanEngine(socket, site.site.name)
        starting = asyncio.create_task(engine.start(spec))
        container = await kill_amid_a_start(socket, spec.name)
        with contextlib.suppress(EngineDown):
            await starting
        await engine.close()
    return container


async def test_what_a_killed_podman_had_begun_to_start_ends_with_its_removal(
    half_started, podman_engine
):
    spec, container = half_started
    await podman_engine.stop(spec.name, within=5)
    assert what_runs_of(container) == []
    assert await podman_engine.labs() == []


async def test_what_podman_does_not_know_any_more_is_ended_and_nobody_elses(
    half_started, site, podman_engine, api
):
    spec, container = half_started
    other = labs.spec(site, await podman_engine.image(world.IMAGE), student="bob")
    bobs = await podman_engine.start(other)
    with contextlib.suppress(Answered):  # it finds what runs busy, and removes its container
        api.delete(f"/containers/{spec.name}", force="true")
    assert what_runs_of(container)
    stranger = PodmanEngine(api._address, "another")
    await stranger.remove_leftovers()
    await stranger.close()
    assert what_runs_of(container)
    await podman_engine.remove_leftovers()
    assert what_runs_of(container) == []
    (namespace,) = namespaces.on_bridge(
        api.get(f"/networks/{site.site.name}-labs/json")["network_interface"]
    )
    assert namespace == _namespace(api.get(f"/containers/{other.name}/json"))
    await eventually(lambda: labs.answers(other, bobs), within=20)


async def test_labs_that_ended_with_everything_else_are_told_and_the_next_click_works(
    service, data, nats_url, podman_site, course, router, bus, tmp_path
):
    async with service() as socket:
        site = podman_site(data, nats_url, provisioner={"podman_socket": str(socket)})
        api = PodmanApi(socket, within=30)
        async with provisioner(site, tmp_path) as process:
            before = await router.opened()
            lab = await router.lab()
            inspected = api.get(f"/containers/{lab.container}/json")
            await process.kill()
            await kill_service(socket)
            await kill_unseen(inspected)
            async with service():
                assert api.get(f"/containers/{lab.container}/json")["State"]["Status"] == "running"
                await process.start()
                after = await router.opened(within=30)
                assert after.capability != before.capability
                (stopped,) = await world.events(bus, "lab.stopped")
                assert (stopped["student"], stopped["reason"]) == ("ada", "died")
                engine = PodmanEngine(socket, site.site.name)
                (found,) = await engine.labs()
                assert found.labels["nbh.capability"] == after.capability
                assert not _namespace(inspected).exists()
                await process.stop()
                await engine.stop(found.name, within=0)
                await engine.close()


async def _end_unseen(api, name):
    """Podman goes on saying that it runs; what it says."""
    await kill_unseen(api.get(f"/containers/{name}/json"))
    inspected = api.get(f"/containers/{name}/json")
    assert inspected["State"]["Status"] == "running"
    return inspected


def _namespace(inspected):
    return Path(inspected["NetworkSettings"]["SandboxKey"])
