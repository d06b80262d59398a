"""A part of the whole system is away or has no room: who works goes on, who comes reads so and
gets their notebook once it is back; nothing is lost, and nobody is started again for it.

What operators read of it stands in docs/operating.md, "When something breaks".
"""

import asyncio
import os
import signal
from contextlib import asynccontextmanager

import httpx2 as httpx
import psutil
import pytest

from nbh_kit.testing import eventually, free_port
from tests.e2e.student import Student
from tests.provisioner import disks
from tests.stats.service import front
from tests.system import Failed, running_system

# nats-py leaves connections open that a server took and did not greet
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning"
    ),
]

NEEDS = {
    "router": {"nats", "courses", "labs", "traefik"},
    "provisioner": {"nats", "labs"},
    "courses": {"nats"},
    "reaper": {"nats", "courses"},
    "stats": {"nats", "clickhouse"},
}


@asynccontextmanager
async def at_work(folder, **settings):
    """A system in which Ada works."""
    async with running_system(folder, engine="memory", settings=settings) as system:
        await system.new_course("lesson")
        async with clicking(system, "ada") as ada:
            await ada.open()
            yield system, ada


@asynccontextmanager
async def suspended(system, part):
    """A part that takes everything and answers nothing."""
    process = psutil.Process(system.pid(part))
    process.suspend()
    try:
        yield
    finally:
        process.resume()


async def asked(url):
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        return await client.get(url)


async def health(system, service, path="/readyz"):
    port = system.config.health_port(service)
    answer = await asked(f"http://127.0.0.1:{port}{path}")
    return answer.status_code, answer.json()


async def misses(system, service, need):
    status, there = await health(system, service)
    return status == 503 and not there[need]


async def are_ready(system):
    return [await health(system, service) for service in NEEDS] == [
        (200, dict.fromkeys(needs, True)) for needs in NEEDS.values()
    ]


async def goes_on(student):
    """Their lab answers, through Traefik."""
    return (await asked(f"{student.lab}api/status")).status_code == 200


async def troubles(system):
    try:
        return await system.nbh("status")
    except Failed as e:
        return str(e)


async def told(system, *words):
    """An operator reads so in `nbh status`."""
    said = await troubles(system)
    return all(word in said for word in words)


async def waits_politely(system, student):
    """Who comes now gets a page that says why and tries again; a program hears when."""
    answer = await asked(system.link("lesson", "w1/first", student))
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert 'http-equiv="refresh"' in answer.text
    assert "Notebooks that are open go on working" in answer.text
    return answer


async def opened_by(system, student):
    return await system.events("access.opened", student=student)


async def test_nats_is_away_until_everybody_has_noticed(tmp_path):
    async with at_work(tmp_path) as (system, ada):
        await eventually(lambda: are_ready(system), within=30)
        before = {part: system.pid(part) for part in NEEDS}
        async with (
            clicking(system, "bob") as bob,
            asyncio.TaskGroup() as doing,
            suspended(system, "nats"),
        ):
            await waits_politely(system, "cleo")
            doing.create_task(bob.open(within=120))
            for service in NEEDS:
                await eventually(lambda: misses(system, service, "nats"), within=45)  # noqa: B023  # called at once
                assert (await health(system, service, "/livez"))[0] == 200
            assert await goes_on(ada)
            # Traefik has what it needs on disk
            os.kill(system.pid("traefik"), signal.SIGKILL)
            assert await eventually(lambda: goes_on(ada), within=20)
            assert await told(system, "NATS is away")
        await eventually(lambda: are_ready(system), within=30)
        assert {part: system.pid(part) for part in NEEDS} == before
        assert len(await eventually(lambda: opened_by(system, "bob"))) == 1


async def test_statistics_traefik_and_the_provisioner_are_away(tmp_path):
    port = free_port()
    clickhouse = {"stats": {"clickhouse": f"http://127.0.0.1:{port}"}}
    async with at_work(tmp_path, **clickhouse) as (system, ada):
        # nobody waits for ClickHouse, which was never there
        assert await goes_on(ada)
        assert await told(system, "stats waits for clickhouse")
        async with suspended(system, "traefik"):
            assert await eventually(lambda: told(system, "router waits for traefik"), within=20)
        await eventually(lambda: goes_on(ada), within=20)
        async with (
            clicking(system, "bob") as bob,
            asyncio.TaskGroup() as doing,
            suspended(system, "provisioner"),
        ):
            doing.create_task(bob.open())
            await eventually(lambda: bob.seen, within=20)
            assert await told(system, "provisioner does not answer")
        status, page = bob.seen[0]
        assert (status, "Your notebook is on its way" in page) == (200, True)
        with front(tmp_path / "server", port):
            assert await eventually(lambda: counted(system, 2), within=60)
            assert await eventually(lambda: are_ready(system), within=30)


async def counted(system, opened):
    said = await system.nbh("stats", "events", "--course", "lesson", "--json")
    return said.count('"access.opened"') == opened


@pytest.mark.skipif(os.getuid() != 0, reason="only root mounts")
async def test_the_disk_of_nats_is_full(tmp_path):
    free = {"provisioner": {"free_bytes": 1024**2}}
    with disks.small(tmp_path / "data" / "nats", "size=80m") as disk:
        async with at_work(tmp_path, **free) as (system, ada):
            disks.fill(disk)
            await eventually(lambda: is_full(system), within=30)
            await waits_politely(system, "cleo")
            async with clicking(system, "bob") as bob, asyncio.TaskGroup() as doing:
                doing.create_task(bob.open(within=120))
                assert await goes_on(ada)
                assert await told(system, f"{disk} has", "make room")
                disks.free(disk)
            assert await eventually(lambda: opened_by(system, "ada"), within=30)
            assert len(await eventually(lambda: opened_by(system, "bob"), within=30)) == 1


@pytest.mark.skipif(os.getuid() != 0, reason="only root mounts")
async def test_the_disk_of_students_is_full(tmp_path):
    free = {"provisioner": {"free_bytes": 1024**2}}
    with disks.small(tmp_path / "data" / "students", "size=16m") as disk:
        async with at_work(tmp_path, **free) as (system, ada):
            disks.fill(disk, but=4096)
            assert await eventually(lambda: told(system, f"{disk} has", "make room"), within=30)
            async with clicking(system, "bob") as bob:
                with pytest.raises(AssertionError, match="There is no room left on the disk"):
                    await bob.open()
            assert await goes_on(ada)
            assert await ada.open(), "who has files opens them, and can make room"
            disks.free(disk)
            assert await eventually(lambda: opens(system, "bob"), within=30)
            assert len(await opened_by(system, "bob")) == 1


async def opens(system, name):
    async with clicking(system, name) as student:
        try:
            return await student.open()
        except AssertionError:  # not yet
            return None


async def is_full(system):
    answer = await asked(system.link("lesson", "w1/first", "cleo"))
    return answer.status_code == 503


@pytest.mark.podman
@pytest.mark.asyncio(loop_scope="session")
async def test_podman_hangs(system):
    async with clicking(system, "hung-ada") as ada, clicking(system, "hung-bob") as bob:
        await ada.open()
        kernel = await ada.kernel()
        await ada.run(kernel, "x = 41")
        async with asyncio.TaskGroup() as doing, suspended(system, "podman"):
            opening = doing.create_task(bob.open(within=90))
            for service in ("provisioner", "builder"):
                assert await told(system, f"{service} waits for podman")
            await eventually(lambda: has_read(bob, "servers cannot be started"), within=45)
            assert await ada.run(kernel, "print(x + 1)") == "42\n"
            assert await ada.open(), "who has a lab opens the next notebook in it"
        # the page that said so went on by itself
        assert opening.result()
        for student in ("hung-ada", "hung-bob"):
            assert len(await system.containers("lesson", student)) == 1
            await system.nbh("lab", "stop", "lesson", student)


@asynccontextmanager
async def clicking(system, name):
    student = Student(system.link("lesson", "w1/first", name))
    try:
        yield student
    finally:
        await student.close()


def has_read(student, words):
    return any(words in page for _, page in student.seen)
