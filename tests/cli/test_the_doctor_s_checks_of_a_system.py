"""`nbh doctor` of a system that runs: each check broken, and mended as it advises (E-5)."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from nbh_cli.commands.status.seen import Bus, Consumer, CourseSeen, Seen, Service, Stream
from nbh_cli.doctor import kernel, running
from nbh_kit import streams
from nbh_proto import Drain, now
from tests.cli.findings import breaks, config, is_well, is_wrong, root


@breaks("drain error", "drain warning")
def test_a_node_that_takes_nobody_new_is_told_and_more_so_when_it_should_be_over():
    (fine,) = running.drains(a_system())
    assert is_well(fine)
    drain = Drain(node="n1", since=now() - timedelta(hours=2))
    (told,) = running.drains(a_system(drains=(drain,)))
    assert is_wrong(told, "nobody new since 2 h", "drain --off n1", level="warning")
    late = msgspec.structs.replace(drain, back=now() - timedelta(hours=1))
    (told,) = running.drains(a_system(drains=(late,)))
    assert is_wrong(told, "should have been back", "drain --off n1")


def a_course(**more):
    given = {"commit": "c0ffee", "pulled_at": now(), "failure": "", "problems": 0, **more}
    return CourseSeen(course="py", autopull=True, **given)


def a_system(**more):
    given = {"services": (), "bus": Bus(url="nats://x"), "disks": (), **more}
    return Seen(at=now(), site="main", **given)


@pytest.mark.parametrize("need", ["nats", "courses", "labs", "traefik", "podman", "clickhouse"])
@breaks("services error")
def test_what_a_service_waits_for_is_told_with_what_to_look_at(need):
    waits = Service(name="router", lives=True, missing=(need,))
    (finding,) = running.services((waits,), runs=True)
    assert is_wrong(finding, f"router waits for {need}")
    (mended,) = running.services((Service(name="router", lives=True),), runs=True)
    assert is_well(mended)


@breaks("services error")
def test_services_that_do_not_answer_are_told():
    well, gone = Service(name="stats", lives=True), Service(name="router", lives=False, why="gone")
    (finding,) = running.services((well, gone), runs=True)
    assert is_wrong(finding, "router does not answer: gone")
    (nothing,) = running.services((gone,), runs=False)
    assert is_wrong(nothing, "does not run", "nbh up")
    (all_well,) = running.services((well,), runs=True)
    assert is_well(all_well)


def a_stream(**more):
    given = {"name": "COMMANDS", "messages": 1, "bytes": 1, "max_bytes": 100, **more}
    return Stream(drops_oldest=False, **given)


def a_consumer(waiting):
    return Consumer(stream="EVENTS", name="stats", waiting=waiting, in_hand=0)


@breaks("nats error", "nats warning")
def test_what_is_wrong_with_nats_is_told():
    away, *_ = running.bus(Bus(url="nats://x", away="refused"))
    assert is_wrong(away, "refused", "nats.url")
    full, *_ = running.bus(Bus(url="nats://x", streams=(a_stream(bytes=81),)))
    assert is_wrong(full, "81% full")
    behind, *_ = running.bus(Bus(url="nats://x", consumers=(a_consumer(10_000),)))
    assert is_wrong(behind, "10000 messages", level="warning")
    dead, *_ = running.bus(Bus(url="nats://x", dead=2))
    assert is_wrong(dead, "nbh dead list", level="warning")
    well = Bus(url="nats://x", streams=(a_stream(),), consumers=(a_consumer(9),))
    (finding,) = running.bus(well)
    assert is_well(finding)


@breaks("nats-sync warning")
async def test_a_nats_whose_monitor_does_not_answer_is_told(tmp_path):
    given = config(site={"run": str(tmp_path)})
    assert is_wrong(await running.synced(given), "does not answer", level="warning")

    async def monitor(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.0 200 OK\r\n\r\n{"config": {"sync_always": true}}')
        writer.close()

    async with await asyncio.start_server(monitor, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        told = {"monitoring": [f"http://127.0.0.1:{port}"]}
        root(tmp_path, **{"nats__nats-server_1DOTports": msgspec.json.encode(told).decode()})
        assert is_well(await running.synced(given))


@breaks("nats-sync error")
def test_a_nats_that_does_not_sync_is_told():
    assert is_wrong(running.sync(found=False), "power cut")
    assert is_well(running.sync(found=True))


@breaks("nats-sync error", "nats-sync warning")
async def test_a_nats_that_is_not_ours_may_not_sync(tmp_path):
    elsewhere = config(nats={"embedded": False}, site={"data": str(tmp_path)})
    assert is_wrong(await running.synced(elsewhere), "sync_interval", level="warning")
    told = tmp_path / "servers" / "nats" / "nats.conf"
    told.parent.mkdir(parents=True)
    told.write_text('{"jetstream": {"sync_interval": "2m"}}')
    assert is_wrong(await running.synced(elsewhere), "power cut")
    told.write_text('{"jetstream": {"sync_interval": "always"}}')
    assert is_well(await running.synced(elsewhere))


@breaks("streams error")
async def test_a_stream_that_is_missing_or_otherwise_is_told(bus):
    assert is_well(running.streams_there(await streams.unlike(bus.js)))
    await bus.js.delete_stream("COMMANDS")
    there = (await bus.js.stream_info("DEAD")).config
    await bus.js.update_stream(there.evolve(max_bytes=1000))
    missing = await streams.unlike(bus.js)
    assert is_wrong(running.streams_there(missing), "COMMANDS", "DEAD")
    await streams.make_sure(bus.js)
    assert is_well(running.streams_there(await streams.unlike(bus.js)))


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        ("unreachable: no route", "git ls-remote"),
        ("authentication: denied", "give the site a key"),
        ("no-branch: main", "nbh course set py --branch"),
        ("url-refused: 10.0.0.1", "private_hosts"),
        ("too-big: 2 GiB", "courses.max_bytes"),
        ("slow: 120 s", "courses.fetch_within"),
        ("disk-full: no space", "make room"),
        ("unreadable: bad", "nbh course show py"),
    ],
)
@breaks("courses error")
def test_a_course_that_cannot_be_pulled_is_told(failure, said):
    (finding,) = running.courses((a_course(failure=failure),), now(), 300)
    assert is_wrong(finding, failure, said)
    (mended,) = running.courses((a_course(),), now(), 300)
    assert is_well(mended)


@breaks("courses warning")
def test_a_course_that_nobody_looks_at_is_told():
    late = a_course(pulled_at=now() - timedelta(hours=1))
    finding, _ = running.courses((late,), now(), 300)
    assert is_wrong(finding, "1 h ago", level="warning")
    (well,) = running.courses((a_course(),), now(), 300)
    assert is_well(well)


@breaks("clock error")
def test_what_was_told_in_the_future_says_that_the_clock_was_set_back():
    course = a_course(pulled_at=now() + timedelta(hours=2))
    assert is_wrong(running.of_the_future(a_system(courses=(course,))), "set back")
    assert running.of_the_future(a_system(courses=(a_course(),))) is None
    assert is_well(kernel.clock(0))
