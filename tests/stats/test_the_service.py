"""The service as it runs: a process, a nats-server, ClickHouse."""

import json
import os
import signal
from pathlib import Path

import httpx2
import pytest

from nbh_kit.config import Config
from nbh_kit.settings import Health
from nbh_kit.testing import eventually, free_port, free_ports
from nbh_proto import AccessOpened, AccessRequested, CoursePublished, DeadLetter
from nbh_proto.streams import DEAD
from nbh_stats import clickhouse
from nbh_stats.migrations import migrate
from nbh_stats.steps import Migration
from tests.stats.service import Service, found, front


def published(n, course="py"):
    return CoursePublished(course=course, commit=f"{n:040}", notebooks=n, seconds=0.5)


async def tell(bus, numbers):
    for n in numbers:
        await bus.tell(published(n))


async def numbers(bus, **wanted):
    return sorted(event.detail["notebooks"] for event in await found(bus, **wanted))


async def have_come(bus, wanted, within=20.0):
    async def asked():
        got = await numbers(bus)
        assert got == list(wanted), got
        return True

    await eventually(asked, within=within, pause=0.05)


async def test_what_happened_is_found_and_what_happens_next_too(service, bus):
    await tell(bus, range(3))
    async with service.running():
        await have_come(bus, range(3))
        await tell(bus, range(3, 6))
        await have_come(bus, range(6))


async def test_an_access_is_stored_without_the_inbox_of_who_waits(service, bus):
    given = {"access": "a1", "course": "py", "student": "ada", "notebook": "w1/n1"}
    await bus.tell(AccessRequested(**given, answer_to="_INBOX.router"))
    await bus.tell(AccessOpened(**given, way="pool", seconds=0.1))
    async with service.running():
        events = await eventually(lambda: found(bus, only_student="ada"), within=20)
    opened, requested = events
    assert (opened.kind, opened.detail["way"]) == ("access.opened", "pool")
    assert requested.kind == "access.requested"
    assert "answer_to" not in requested.detail


async def test_an_event_of_a_later_release_is_stored(service, bus):
    raw = b'{"id":"i1","at":"2026-01-01T00:00:00Z","course":"py","hue":[7]}'
    await bus.js.publish("nbh.event.lab.painted.py", raw)
    async with service.running():
        (event,) = await eventually(lambda: found(bus, kind="lab.painted"), within=20)
    assert event.detail == {"hue": [7]}


async def test_what_nobody_can_decode_is_a_dead_letter_and_the_service_goes_on(service, bus):
    await tell(bus, [1])
    await bus.js.publish("nbh.event.lab.ready.py", b"junk")
    await tell(bus, [2])
    dead = await bus.js.pull_subscribe(DeadLetter.pattern(), stream=DEAD.name)
    async with service.running():
        (raw,) = await dead.fetch(1, timeout=20)
        await have_come(bus, [1, 2])
    assert b"cannot be decoded" in raw.data
    assert b'"was":"nbh.event.lab.ready.py"' in raw.data


async def test_an_open_page_hears_of_what_happens_until_the_service_leaves(service, bus):
    headers = {"Authorization": f"Bearer {service.secret()}"}
    address = f"http://127.0.0.1:{service.port}/api/stats/courses/py/live"
    await tell(bus, [1])
    async with service.running() as process, httpx2.AsyncClient(timeout=20) as browser:
        await have_come(bus, [1])
        async with browser.stream("GET", address, headers=headers) as page:
            lines = page.aiter_lines()
            assert await anext(lines) == "retry: 1000"
            given = {"access": "a1", "course": "py", "student": "ada", "notebook": "w1/n1.md"}
            await bus.tell(AccessOpened(**given, way="pool", seconds=0.1))
            told = await next_data(lines)
            assert "notebooks" in told["numbers"]
            process.send_signal(signal.SIGTERM)
            assert [line async for line in lines if line.startswith("data")] == []
        assert await process.wait() == 0


async def next_data(lines):
    async for line in lines:
        if line.startswith("data: "):
            return json.loads(line.removeprefix("data: "))
    raise AssertionError("the stream has ended")


async def test_it_leaves_when_asked_and_quietly(service, bus):
    async with service.running() as process:
        await eventually(lambda: ready(bus), within=20)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


async def ready(bus):
    await found(bus)
    return True


@pytest.mark.skipif(os.getuid() != 0, reason="only root has privileges to drop")
async def test_it_runs_as_a_user_without_rights(service, bus):
    async with service.running() as process:
        await eventually(lambda: ready(bus), within=20)
        status = Path(f"/proc/{process.pid}/status").read_text()
    uid = str(Config().uid_of("stats"))
    assert next(x for x in status.splitlines() if x.startswith("Uid:")).split()[1:] == [uid] * 4
    assert "CapEff:\t0000000000000000" in status


async def test_it_stays_small(service, bus):
    async with service.running() as process:
        await tell(bus, range(600))
        await have_come(bus, range(600))
        rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
        maps = Path(f"/proc/{process.pid}/maps").read_text()
    pss = next(x for x in rollup.splitlines() if x.startswith("Pss:"))
    assert int(pss.split()[1]) < 230 * 1024  # KiB; 290 without `memory`, 340 with pyarrow
    assert "libarrow" not in maps


async def test_tables_that_are_lost_are_filled_again_from_the_stream(service, bus):
    await tell(bus, range(5))
    async with service.running():
        await have_come(bus, range(5))
    service.lose_tables()
    async with service.running():
        await have_come(bus, range(5))


async def test_events_wait_while_clickhouse_is_down_and_are_stored_once_it_is_back(
    open_folder, nats_url, bus
):
    port = free_port()
    service = Service(open_folder, nats_url, f"http://127.0.0.1:{port}")
    folder = open_folder / "server"
    async with service.running() as process:
        await tell(bus, range(3))  # it waits for ClickHouse from the start
        with front(folder, port):
            await have_come(bus, range(3), within=30)
        await tell(bus, range(3, 6))  # nobody waits for ClickHouse to say that
        with front(folder, port):
            await have_come(bus, range(6), within=40)
        assert "_chdb" not in Path(f"/proc/{process.pid}/maps").read_text()


async def test_it_says_that_clickhouse_is_missing_until_it_is_there(open_folder, nats_url):
    port, health = free_port(), free_ports(6)
    service = Service(open_folder, nats_url, f"http://127.0.0.1:{port}", health)
    address = f"http://127.0.0.1:{Config(health=Health(first_port=health)).health_port('stats')}"

    async def says(status, path="/readyz"):
        answer = await browser.get(f"{address}{path}")
        assert answer.status_code == status
        return answer

    async with service.running(), httpx2.AsyncClient() as browser:
        answer = await eventually(lambda: says(503), within=20)
        assert answer.json()["clickhouse"] is False
        assert await says(200, "/livez")
        with front(open_folder / "server", port):
            answer = await eventually(lambda: says(200), within=30)
            assert answer.json() == {"nats": True, "clickhouse": True}
        await eventually(lambda: says(503), within=20)


async def test_a_later_release_s_tables_stop_the_start_with_a_sentence(service, capfd):
    later = Migration(99, "later", ("SELECT 1",))
    with clickhouse.opened("", service.clickhouse) as door:
        await door.use(lambda client: migrate(client, (later,)))
    service.own()
    async with service.running() as process:
        assert await process.wait() == 1
    assert "are at step 99, this release knows" in capfd.readouterr().err


async def test_a_number_is_asked_for_over_http(service, bus):
    secret = service.secret()
    given = {"access": "a1", "course": "py", "student": "ada", "notebook": "w1/n1.md"}
    await bus.tell(AccessOpened(**given, way="pool", seconds=0.1))
    async with service.running(), httpx2.AsyncClient() as browser:
        address = f"http://127.0.0.1:{service.port}/api/stats/courses/py/notebooks.json"

        async def asked():
            answer = await browser.get(address, headers={"Authorization": f"Bearer {secret}"})
            return answer.json().get("data")

        assert await eventually(asked, within=20) == [["w1/n1"], [1], [1]]
        assert (await browser.get(address)).status_code == 401
