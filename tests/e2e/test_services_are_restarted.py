"""Each part is restarted in turn, as in an upgrade, while students click and compute (R-19)."""

import asyncio
import os
import signal
import uuid

import msgspec
import pytest
from websockets.asyncio.client import connect

from nbh_kit.testing import eventually
from tests.e2e.student import Student

pytestmark = [pytest.mark.podman, pytest.mark.asyncio(loop_scope="session")]

PARTS = ("router", "provisioner", "courses", "builder", "reaper", "stats", "nats", "podman")
"""All but Traefik, through which the connections themselves go."""

STUDENTS = 4


class Connected:
    """A student with one open connection to a kernel, who clicks again and again."""

    def __init__(self, system, name):
        self._system = system
        self._name = name
        self.clicks = 0
        self.lab = ""

    async def click(self):
        student = Student(self._system.link("lesson", "w1/first", self._name))
        await student.open(within=60)
        assert student.lab == (self.lab or student.lab), f"{self._name} was given another lab"
        self.lab = student.lab
        self.clicks += 1
        return student

    async def kernel_channel(self):
        student = await self.click()
        url = f"{self.lab}api/kernels/{await student.kernel()}/channels"
        await student.close()
        return connect(url.replace("http", "ws", 1))

    async def click_until(self, stopped):
        while not stopped.is_set():
            await (await self.click()).close()

    async def asks(self, channel):
        """The kernel answers on this very connection."""
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


async def restarted(system, part):
    """Ask a part to end, and wait until the supervisor has a new one."""
    was = system.pid(part)
    os.kill(was, signal.SIGTERM)
    await eventually(lambda: system.pid(part) not in (None, was), within=60)


async def clicked(students, times):
    """So many clicks more have ended in a notebook."""
    wanted = sum(student.clicks for student in students) + times
    await eventually(lambda: sum(s.clicks for s in students) >= wanted, within=60)


async def test_no_click_and_no_connection_is_lost_while_each_part_is_restarted(system):
    students = [Connected(system, f"steady-{n}") for n in range(STUDENTS)]
    channels = [await (await student.kernel_channel()) for student in students]
    stopped = asyncio.Event()
    async with asyncio.TaskGroup() as doing:
        for student in students:
            doing.create_task(student.click_until(stopped))
        for part in PARTS:
            await restarted(system, part)
            await clicked(students, 2 * STUDENTS)
        stopped.set()
    for student, channel in zip(students, channels, strict=True):
        await student.asks(channel)
        await channel.close()
