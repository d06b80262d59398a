"""Students with an open connection to a kernel who click again and again, and parts that are
restarted meanwhile, as in an upgrade (R-19)."""

import asyncio
import os
import signal
import time
import uuid
from collections.abc import Sequence

import msgspec
from websockets.asyncio.client import ClientConnection, connect

from nbh_kit.testing import eventually
from tests.e2e.student import Student
from tests.system import System

PARTS = ("router", "provisioner", "courses", "builder", "reaper", "stats", "nats", "podman")
"""All but Traefik, through which the connections themselves go."""

_WITHIN = 60.0


class Connected:
    """A student with one open connection to a kernel, who clicks again and again."""

    def __init__(self, system: System, name: str) -> None:
        self._system = system
        self._name = name
        self.waits: list[float] = []
        """Seconds of each click until its notebook was there."""

        self.lost: list[str] = []
        """Clicks that did not end in the notebook of their lab, and why."""

        self.lab = ""

    async def click(self) -> Student:
        """Open the notebook, which is in the lab of before.

        Raises:
            AssertionError: it is not, or there is none.
            TimeoutError: it takes more than a minute.
        """
        student = Student(self._system.link("lesson", "w1/first", self._name))
        began = time.monotonic()
        await student.open(within=_WITHIN)
        assert student.lab == (self.lab or student.lab), f"{self._name} was given another lab"
        self.lab = student.lab
        self.waits.append(time.monotonic() - began)
        return student

    async def kernel_channel(self) -> ClientConnection:
        """A connection to a kernel of one's own."""
        student = await self.click()
        url = f"{self.lab}api/kernels/{await student.kernel()}/channels"
        await student.close()
        return await connect(url.replace("http", "ws", 1))

    async def click_until(self, stopped: asyncio.Event) -> None:
        """One click after the other."""
        while not stopped.is_set():
            try:
                await (await self.click()).close()
            except (AssertionError, TimeoutError) as e:
                self.lost.append(repr(e))

    async def asks(self, channel: ClientConnection) -> None:
        """The kernel answers on this very connection.

        Raises:
            websockets.exceptions.ConnectionClosed: it was dropped.
            TimeoutError: it does not answer within half a minute.
        """
        id_ = uuid.uuid4().hex
        header = {"msg_id": id_, "msg_type": "kernel_info_request", "session": "s"}
        header |= {"version": "5.3", "username": "u", "date": ""}
        rest = {"parent_header": {}, "metadata": {}, "content": {}, "channel": "shell"}
        await channel.send(msgspec.json.encode({"header": header, "buffers": [], **rest}).decode())
        async with asyncio.timeout(30):
            while True:
                said = msgspec.json.decode(await channel.recv())
                if said["parent_header"].get("msg_id") == id_:
                    return


async def restart_each(system: System, students: Sequence[Connected], clicks: int) -> None:
    """Restart part after part while students click, so many clicks after each."""
    stopped = asyncio.Event()
    async with asyncio.TaskGroup() as doing:
        for student in students:
            doing.create_task(student.click_until(stopped))
        for part in PARTS:
            await _restart(system, part)
            await _clicked(students, clicks)
        stopped.set()


async def _restart(system: System, part: str) -> None:
    """Ask a part to end, and wait until the supervisor has a new one."""
    was = system.pid(part)
    assert was is not None
    os.kill(was, signal.SIGTERM)
    await eventually(lambda: system.pid(part) not in (None, was), within=60)


async def _clicked(students: Sequence[Connected], times: int) -> None:
    """So many clicks more have ended, one way or the other."""

    def ended() -> int:
        return sum(len(s.waits) + len(s.lost) for s in students)

    wanted = ended() + times
    await eventually(lambda: ended() >= wanted, within=60)
