"""What others notice of a lab that is abused: a neighbour's kernel, a click, the services."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, closing

import msgspec

from nbh_proto import FindRevisions, MeasureLabs
from nbh_proto.sample import LabMeasured, LabsMeasured
from nbh_proto.workspace import RevisionsFound
from tests.abuse.kernel import Kernel
from tests.bench.client import Client
from tests.system import System

COURSE, NOTEBOOK, NEIGHBOUR = "lesson", "w1/first", "neighbour"

_PAUSE = 0.02
_WITHIN = 30.0


class Seen(msgspec.Struct):
    """Seconds that each answer took, and what the labs used, as long as the watch went on."""

    kernel: list[float] = []
    """Of the neighbour's kernel, asked to compute."""

    click: list[float] = []
    """Of the neighbour, who opens their notebook again: from the click to the redirect."""

    service: list[float] = []
    """Of the provisioner, asked over the bus for what it has in memory."""

    labs: list[LabMeasured] = []

    def most(self, student: str) -> tuple[int, int]:
        """The most memory (bytes) and processes that a student's lab was seen to use."""
        theirs = [lab for lab in self.labs if lab.student == student]
        return max(lab.memory or 0 for lab in theirs), max(lab.processes or 0 for lab in theirs)


@asynccontextmanager
async def watching(system: System, kernel: Kernel) -> AsyncGenerator[Seen]:
    """Watch while the block runs, and until each has answered once more.

    Args:
        kernel: the neighbour's.

    Raises:
        ExceptionGroup: one did not answer within half a minute, or wrongly.
    """
    seen, over = Seen(), asyncio.Event()
    node, link = system.config.provisioner.node, system.link(COURSE, NOTEBOOK, NEIGHBOUR)

    async def compute() -> None:
        assert (await kernel.run("1 + 1")).text == "2"

    async def click() -> None:
        assert (await browser.get(link)).status == 302

    async def serve() -> None:
        await system.bus.ask(FindRevisions(node=node), RevisionsFound, within=_WITHIN)

    async def measure() -> None:
        found = await system.bus.ask(MeasureLabs(node=node), LabsMeasured, within=_WITHIN)
        seen.labs += found.labs

    with closing(Client("localhost", system.port)) as browser:
        async with asyncio.TaskGroup() as group:
            for answers, question in (
                (seen.kernel, compute),
                (seen.click, click),
                (seen.service, serve),
                ([], measure),
            ):
                group.create_task(_ask(question, answers, over))
            try:
                yield seen
            finally:
                over.set()


async def _ask(
    question: Callable[[], Awaitable[object]], answers: list[float], over: asyncio.Event
) -> None:
    while True:
        is_last = over.is_set()
        began = time.perf_counter()
        await asyncio.wait_for(question(), _WITHIN)
        answers.append(time.perf_counter() - began)
        if is_last:
            return
        await asyncio.sleep(_PAUSE)
