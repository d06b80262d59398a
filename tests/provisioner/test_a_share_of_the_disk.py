"""A student's share of the disk, where nothing but being watched keeps them within it (S-35)."""

import asyncio
import os

import msgspec
import pytest

from nbh_kit.testing import eventually
from nbh_proto import Limits, names
from nbh_provisioner.engines.memory import MemoryEngine
from nbh_provisioner.engines.podman import PodmanEngine
from tests.provisioner import world
from tests.provisioner.notebook_server import Jupyter

MIB = 1024**2
_LOOKS = 45.0
"""Seconds, within which the watchdog has looked more than once, whatever else the disk does."""


@pytest.fixture
async def small(memory, router):
    """The course python, with a share of 2 MiB and 50 files for each student."""
    await limit(router, disk=2 * MIB, files=50)


async def limit(router, **limits):
    held = await router.courses.get(names.token("python"))
    value = msgspec.structs.replace(held.value, limits=Limits(**limits))
    await router.courses.update(names.token("python"), value, held.revision)


@pytest.fixture
def work(data):
    return data / "students/ada/python"


async def test_who_has_no_room_left_is_told_and_keeps_the_lab(small, router, bus, work):
    first = await router.opened()
    (work / "big").write_bytes(b"x" * 2 * MIB)
    (told,) = await eventually(lambda: _told(bus, "workspace.full"), within=_LOOKS)
    assert (told["student"], told["of"], told["limit"]) == ("ada", "bytes", 2 * MIB)
    assert told["taken"] >= 2 * MIB
    ready = await router.opened()
    assert ready.capability == first.capability
    assert ready.full.of == "bytes"
    assert await world.events(bus, "lab.stopped") == []


async def test_who_deletes_is_not_told_any_more(small, router, bus, work):
    await router.opened()
    (work / "big").write_bytes(b"x" * 2 * MIB)
    await eventually(lambda: _told(bus, "workspace.full"), within=_LOOKS)
    (work / "big").unlink()
    assert (await router.opened()).full is None
    await eventually(lambda: _told(bus, "workspace.has-room"), within=_LOOKS)
    await asyncio.gather(*(router.opened() for _ in range(3)))
    assert len(await world.events(bus, "workspace.full")) == 1


async def test_who_has_little_room_left_is_told_before_it_is_too_late(small, router, bus, work):
    await router.opened()
    (work / "big").write_bytes(b"x" * (2 * MIB - 128 * 1024))
    (told,) = await eventually(lambda: _told(bus, "workspace.nearly-full"), within=_LOOKS)
    assert (told["student"], told["of"], told["limit"]) == ("ada", "bytes", 2 * MIB)
    assert told["taken"] < 2 * MIB
    assert await world.events(bus, "workspace.full") == []


async def test_many_small_files_are_too_many(small, router, bus, work):
    await router.opened()
    for number in range(50):
        (work / f"{number}").touch()
    (told,) = await eventually(lambda: _told(bus, "workspace.full"), within=_LOOKS)
    assert (told["of"], told["limit"]) == ("files", 50)


async def test_a_lab_that_writes_far_more_is_stopped_and_the_next_click_opens(
    small, router, bus, work, data
):
    await router.opened()
    (work / "big").write_bytes(b"x" * 3 * MIB)
    (stopped,) = await eventually(lambda: _told(bus, "lab.stopped"), within=_LOOKS)
    assert stopped["reason"] == "disk-quota"
    # nothing is lost, and nobody is locked out
    assert (work / "big").stat().st_size == 3 * MIB
    ready = await router.opened()
    assert ready.full.of == "bytes"
    (work / "little").write_bytes(b"x" * 4096)
    await _a_look_later(router, bus, data)
    assert (await router.lab()).capability == ready.capability
    (work / "big").write_bytes(b"x" * 4 * MIB)
    await eventually(lambda: _told(bus, "lab.stopped", 2), within=_LOOKS)


async def test_a_students_neighbour_is_left_alone(small, router, bus, work):
    await router.opened()
    bob = await router.opened(student="bob")
    (work / "big").write_bytes(b"x" * 3 * MIB)
    await eventually(lambda: _told(bus, "lab.stopped"), within=_LOOKS)
    again = await router.opened(student="bob")
    assert (again.capability, again.full) == (bob.capability, None)


async def test_a_share_that_becomes_larger_holds_for_labs_that_run(small, router, bus, work):
    await router.opened()
    (work / "big").write_bytes(b"x" * 2 * MIB)
    await eventually(lambda: _told(bus, "workspace.full"), within=_LOOKS)
    await limit(router, disk=100 * MIB)
    await eventually(lambda: _told(bus, "workspace.has-room"), within=_LOOKS)
    assert (await router.opened()).full is None


async def test_without_a_quota_nobody_is_watched(data, nats_url, course, router, bus, work):
    given = {"lab": {"disk": MIB}, "provisioner": {"disk_quota": "off", "free_bytes": 1}}
    async with world.running(world.config(data, nats_url, **given), MemoryEngine()):
        await router.opened()
        (work / "big").write_bytes(b"x" * 3 * MIB)
        await router.opened()
        assert (await router.opened()).full is None


@pytest.mark.podman
@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
async def test_a_real_lab_that_writes_without_end_is_stopped(
    podman_site, data, nats_url, course, router, bus, work
):
    site = podman_site(data, nats_url, lab={"memory": 2**30, "disk": 64 * MIB})
    engine = PodmanEngine(site.podman_socket, site.site.name)
    async with world.running(site, engine):
        bob = await router.opened(student="bob")
        await router.opened()
        (lab,) = [f for f in await engine.labs() if f.labels["nbh.student"] == "ada"]
        process = await asyncio.create_subprocess_exec(
            *("podman", "--url", f"unix://{site.podman_socket}", "exec", "--detach", lab.name),
            *("sh", "-c", "while true; do head -c 1M /dev/zero >> endless; sleep 0.01; done"),
        )
        await process.wait()
        (told,) = await eventually(lambda: _told(bus, "workspace.full"), within=30)
        assert told["student"] == "ada"
        (stopped,) = await eventually(lambda: _told(bus, "lab.stopped"), within=30)
        assert (stopped["student"], stopped["reason"]) == ("ada", "disk-quota")
        written = (work / "endless").stat().st_size
        ready = await router.opened()
        ada = Jupyter(await router.lab())
        assert (await ada.ask("GET", f"api/contents/{ready.notebook}")).status_code == 200
        assert (work / "endless").stat().st_size == written
        assert ready.full.taken >= written
        assert (await ada.ask("DELETE", "api/contents/endless")).status_code == 204
        assert (await router.opened()).full is None
        assert (await router.opened(student="bob")).capability == bob.capability


async def _told(bus, kind, number=1):
    found = await world.events(bus, kind)
    return found if len(found) >= number else None


async def _a_look_later(router, bus, data):
    """Return when the watchdog has counted everybody again: Bob's share is filled and freed."""
    await router.opened(student="bob")
    big = data / "students/bob/python/big"
    big.write_bytes(b"x" * 2 * MIB)
    await eventually(lambda: _told_of_bob(bus, "workspace.full"), within=_LOOKS)
    big.unlink()
    await eventually(lambda: _told_of_bob(bus, "workspace.has-room"), within=_LOOKS)


async def _told_of_bob(bus, kind):
    return [e for e in await world.events(bus, kind) if e["student"] == "bob"]
