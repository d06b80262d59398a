"""How a service ends, and what it may do."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from nbh_kit.run import stoppable, until_stopped

SERVICE = """
import asyncio, os, sys
from nbh_kit import run

async def main():
    async def work():
        print("ready", flush=True)
        await asyncio.Event().wait()
    await run.until_stopped(work())
    print("drained", flush=True)

run.configure_logging("probe", "info")
run.drop_privileges(int(sys.argv[1]) if len(sys.argv) > 1 else None)
print(os.getuid(), os.getgid(), os.getgroups(), flush=True)
asyncio.run(main())
"""


def started(*args):
    return running(SERVICE, *args)


def running(code, *args):
    return subprocess.Popen([sys.executable, "-c", code, *args], stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_that_is_told_to_stop_drains_and_exits_with_0(number):
    with started() as service:
        assert service.stdout.readline()
        assert service.stdout.readline() == "ready\n"
        service.send_signal(number)
        assert service.stdout.read() == "drained\n"
        assert service.wait(10) == 0


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give up rights")
def test_a_service_started_by_root_gives_up_every_right():
    with started("64999") as service:
        assert service.stdout.readline() == "64999 64999 []\n"
        assert service.stdout.readline() == "ready\n"
        service.terminate()
        assert service.wait(10) == 0


BEGINNING = """
import asyncio
from nbh_kit import run

async def main():
    print("connecting", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        print("let go", flush=True)

asyncio.run(run.stoppable(main()))
"""

LINGERING = """
import asyncio
from nbh_kit import run

async def main():
    print("ready", flush=True)
    await run.until_stopped(asyncio.Event().wait())
    print("draining", flush=True)
    await asyncio.Event().wait()

asyncio.run(run.stoppable(main()))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_that_is_told_to_stop_while_it_starts_ends_in_order(number):
    with running(BEGINNING) as service:
        assert service.stdout.readline() == "connecting\n"
        service.send_signal(number)
        assert service.stdout.read() == "let go\n"
        assert service.wait(10) == 0


def test_a_second_signal_ends_a_service_at_once():
    with running(LINGERING) as service:
        assert service.stdout.readline() == "ready\n"
        service.terminate()
        assert service.stdout.readline() == "draining\n"
        service.terminate()
        assert service.wait(10) == 1


async def test_a_service_that_fails_while_it_starts_says_so():
    async def fail() -> None:
        raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        await stoppable(fail())


async def test_a_loop_that_swallows_its_cancellation_is_cancelled_again():
    asked_to_stop = 0

    async def swallows() -> None:
        nonlocal asked_to_stop
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                asked_to_stop += 1
                if asked_to_stop == 2:
                    raise

    async def ends_the_service() -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="has returned"):
        async with asyncio.timeout(5):
            await until_stopped(swallows(), ends_the_service(), finish_within=0.05)
    assert asked_to_stop == 2


async def test_a_loop_that_fails_ends_the_service():
    async def fail() -> None:
        raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        await until_stopped(fail())
