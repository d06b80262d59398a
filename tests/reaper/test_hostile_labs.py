"""A lab is its student's: whatever it answers concerns that lab alone, and not for long."""

import asyncio
import time

import pytest

from nbh_kit.testing import eventually
from nbh_proto import FreezeLab
from nbh_reaper.asking import BadAnswer, NoAnswer
from nbh_reaper.jupyter import Jupyter
from tests.reaper.clocks import FastClock
from tests.reaper.stub import StubLab
from tests.reaper.watching import HOUR, watching

OK = b"HTTP/1.1 200 OK\r\n\r\n"
STATUS = '{"last_activity": %s, "kernels": %s, "connections": %s}'
DAY = '"2026-11-26T12:00:00Z"'


class Hostile(StubLab):
    """Answers with what a test gives it."""

    said = b""

    async def answer(self, head, writer):
        writer.write(self.said)


class Dripping(StubLab):
    """Answers a byte now and then, for ever."""

    async def answer(self, head, writer):
        writer.write(OK)
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)


class Endless(StubLab):
    """Answers as fast as it can, for ever."""

    async def answer(self, head, writer):
        writer.write(OK)
        while True:
            writer.write(b"[" * 65536)
            await writer.drain()


class Silent(StubLab):
    """Accepts a connection and says nothing."""

    async def answer(self, head, writer):
        await asyncio.sleep(3600)


def status(last_activity=DAY, kernels=0, connections=0):
    return OK + (STATUS % (last_activity, kernels, connections)).encode()


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x00" * 1000, id="no HTTP"),
        pytest.param(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n", id="a way out"),
        pytest.param(b"HTTP/1.1 \xff\xfe\r\n\r\n", id="no status"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 100_000, id="headers only"),
        pytest.param(OK, id="no body"),
        pytest.param(OK + b"[" * 60_000, id="deep"),
        pytest.param(OK + b'{"last_activity":' + b"[" * 60_000, id="deep in a field"),
        pytest.param(OK + b'{"a":' * 10_000, id="deep in unknown fields"),
        pytest.param(OK + b"{" + b" " * 100_000, id="too much"),
        pytest.param(status(DAY, '"many"'), id="a wrong type"),
        pytest.param(status(DAY, -1), id="fewer kernels than none"),
        pytest.param(status(DAY, 0, 1e300), id="no whole number"),
        pytest.param(status(DAY, 10**400), id="a number without end"),
        pytest.param(status('"2026-11-26T12:00:00"'), id="an instant of nowhere"),
        pytest.param(status('"9999-99-99T99:99:99Z"'), id="no instant"),
        pytest.param(OK + b"\xff\xfe", id="no text"),
    ],
)
async def test_nonsense_is_told_apart(said):
    clock = FastClock(1)
    async with Hostile(clock).serving() as stub:
        stub.said = said
        with pytest.raises(BadAnswer):
            await Jupyter(within=5).status(stub.lab())


@pytest.mark.parametrize("day", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
async def test_an_instant_that_cannot_be_is_read(day):
    clock = FastClock(1)
    async with Hostile(clock).serving() as stub:
        stub.said = status(f'"{day}"')
        told = (await Jupyter(within=5).status(stub.lab())).last_activity
        assert clock.now().of(told) <= clock.now().at


@pytest.mark.parametrize(
    ("type_", "error"), [(Dripping, NoAnswer), (Silent, NoAnswer), (Endless, BadAnswer)]
)
async def test_no_lab_holds_us_longer_than_it_may(type_, error):
    async with type_(FastClock(1)).serving() as stub:
        began = time.monotonic()
        with pytest.raises(error):
            await Jupyter(within=0.5).status(stub.lab())
        assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "line",
    [
        b'http_request_duration_seconds_count{method="PUT"} NaN ',
        b'http_request_duration_seconds_count{method="PUT"}',
        b'http_request_duration_seconds_count{method="PUT"' * 10_000,
        b'http_request_duration_seconds_count{method="PUT" 1\n' * 15_000,
        b"http_request_duration_seconds_count{" * 20_000,
    ],
)
async def test_metrics_cost_little_whatever_is_in_them(line):
    class Lying(StubLab):
        def body(self, path):
            return line.decode() if path == "metrics" else super().body(path)

    async with Lying(FastClock(1)).serving() as stub:
        began = time.process_time()
        await Jupyter(within=5).detail(stub.lab())
        assert time.process_time() - began < 0.5


@pytest.mark.parametrize("type_", [Hostile, Dripping, Endless, Silent])
async def test_hostile_labs_keep_nobody_else_waiting(type_):
    clock = FastClock(300)
    bad = [type_(clock, student=f"bad{n}") for n in range(16)]
    good = [StubLab(clock, student=f"good{n}") for n in range(50)]
    for stub in good:
        stub.run(busy=False)
    async with watching(clock, *bad, *good, within=0.2) as seen:
        await eventually(
            lambda: len({said.student for _, said in seen.of(FreezeLab)}) == len(good), within=10
        )
        assert all(at < 0.5 * HOUR for at, _ in seen.of(FreezeLab))
        assert {said.student for _, said in seen.of(FreezeLab)} == {s.student for s in good}
