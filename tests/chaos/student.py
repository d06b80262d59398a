"""A student in a chaos run: clicks, works, is sometimes stopped, and writes all of it down."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

import httpx2 as httpx
from websockets.exceptions import WebSocketException

from nbh_kit.buckets import Bucket
from nbh_kit.testing import eventually
from nbh_proto import Lab, StopLab, lab_key
from tests.chaos.history import ANSWERED_WITHIN, Looked, Opened, Step, Stopped
from tests.e2e.student import Student
from tests.system import System

COURSE, NOTEBOOK = "lesson", "w1/first"
_PAUSES = (0.2, 2.0)
_STOPS = 0.12
"""How often a lab is stopped instead of looked at."""

_AWAY = (OSError, TimeoutError, WebSocketException, httpx.HTTPError, AssertionError)
"""What a student sees while a part is away; the last is another answer than Jupyter's."""


class ChaosStudent:
    """One student, with their own dice."""

    def __init__(self, system: System, name: str, seed: str) -> None:
        self.name = name
        self.steps: list[Step] = []
        self._system = system
        self._dice = random.Random(f"{seed} {name}")
        self._kernel = ""

    async def until(self, end: float) -> None:
        """Go on until a moment of the event loop's clock."""
        clock = asyncio.get_running_loop().time
        while clock() < end:
            await self.once()
            await asyncio.sleep(self._dice.uniform(*_PAUSES))

    async def once(self) -> None:
        """Click, and do something in the notebook that comes."""
        if student := await self._open():
            try:
                await self._do_something(student)
            finally:
                await student.close()

    async def _open(self) -> Student | None:
        student = Student(self._system.link(COURSE, NOTEBOOK, self.name))
        began = time.monotonic()
        try:
            await student.open(within=ANSWERED_WITHIN)
        except (AssertionError, TimeoutError) as e:  # a page that ends there; nothing in time
            self.steps.append(Opened(self.name, time.monotonic() - began, "", str(e)[:400]))
            await student.close()
            return None
        self.steps.append(Opened(self.name, time.monotonic() - began, student.lab))
        return student

    async def _do_something(self, student: Student) -> None:
        if self._kernel and self._dice.random() < _STOPS:
            await self._stop()
        elif self._kernel:
            await self._look(student)
        else:
            await self._begin(student)

    async def _begin(self, student: Student) -> None:
        kernel = await _in_the_end(student.kernel)
        await _in_the_end(lambda: student.run(kernel, f"kept = {self.name!r}"))
        self._kernel = kernel

    async def _look(self, student: Student) -> None:
        try:
            said = await _in_the_end(lambda: student.run(self._kernel, "print(kept)"))
            self.steps.append(Looked(self.name, student.lab, said == f"{self.name}\n", said))
        except _AWAY as e:
            self.steps.append(Looked(self.name, student.lab, False, repr(e)))

    async def _stop(self) -> None:
        """Have the operator stop the lab, and wait until it is gone."""
        lab = next((x for x in await self._system.labs() if x.student == self.name), None)
        if lab is None or lab.state != "ready":
            return
        self._kernel = ""
        stop = StopLab(node=lab.node, course=COURSE, student=self.name, generation=lab.generation)
        await self._system.bus.tell_surely(stop)
        try:
            await eventually(lambda: self._is_gone(lab.capability), within=ANSWERED_WITHIN)
        except AssertionError:
            self.steps.append(Stopped(self.name, done=False))
        else:
            self.steps.append(Stopped(self.name))

    async def _is_gone(self, capability: str) -> bool:
        # Not by a snapshot of the bucket: a key that is being written in that moment is not in it.
        labs = Bucket(self._system.bus, Lab)
        try:
            held = await asyncio.wait_for(labs.get(lab_key(COURSE, self.name)), 30)
        except (OSError, TimeoutError):  # NATS was just killed
            return False
        return held is None or held.value.capability != capability


async def _in_the_end(call: Callable[[], Awaitable[str]]) -> str:
    """Again and again while the way is broken, as Jupyter's page does."""
    end = time.monotonic() + ANSWERED_WITHIN
    while True:
        try:
            return await call()
        except _AWAY:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(0.3)
