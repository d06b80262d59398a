"""One chaos run: students work while parts of the system are killed at random (R-2)."""

import asyncio
import os
import random
import signal
from collections.abc import Sequence
from typing import Any

import msgspec

from nbh_cli import history as events
from nbh_kit.testing import eventually
from nbh_proto import Lab
from tests.chaos.history import Killed, Opened, Step, complaints
from tests.chaos.student import COURSE, ChaosStudent
from tests.system import System

PAUSES = (1.0, 4.0)
"""Seconds between two kills: the system has hardly come back when the next part goes."""

_SETTLES_WITHIN = 90.0


class Report(msgspec.Struct, frozen=True):
    """How a run went."""

    seed: str
    steps: list[Step]
    complaints: list[str]

    def __str__(self) -> str:
        opened = [s.seconds for s in self.steps if isinstance(s, Opened)]
        pages = [s.page for s in self.steps if isinstance(s, Opened) and s.page]
        kills = [s.part for s in self.steps if isinstance(s, Killed)]
        counts = ", ".join(f"{part} {kills.count(part)}" for part in sorted(set(kills)))
        slowest = max(opened, default=0.0)
        lines = [
            f"seed {self.seed}: {len(opened)} accesses, the slowest {slowest:.1f} s,"
            f" {len(pages)} ended in a page",
            f"{len(kills)} kills: {counts}",
            *(f"! {complaint}" for complaint in self.complaints),
        ]
        return "\n".join(lines)


async def chaos(system: System, *, seconds: float, students: int, seed: str) -> Report:
    """Run for so many seconds, let things settle, and judge what happened.

    Args:
        system: with podman, and the course `COURSE` in it.
        seed: decides what is done and killed, as far as the machine's own timing lets it.
    """
    everybody = [ChaosStudent(system, f"chaos-{n}", seed) for n in range(students)]
    await asyncio.gather(*(student.once() for student in everybody))
    end = asyncio.get_running_loop().time() + seconds
    kills: list[Step] = []
    async with asyncio.TaskGroup() as doing:
        for student in everybody:
            doing.create_task(student.until(end))
        doing.create_task(_kill(system, kills, end, random.Random(seed)))
    names = {student.name for student in everybody}
    wrong = await _unsettled(system, names)
    steps = [step for student in everybody for step in student.steps] + kills
    told = [event async for event in _told(system, names)]
    return Report(seed, steps, [*complaints(steps, told), *wrong])


async def _kill(system: System, kills: list[Step], end: float, dice: random.Random) -> None:
    """Kill one part after the other, each once before one has its second turn."""
    clock = asyncio.get_running_loop().time
    began = clock()
    turns: list[str] = []
    while clock() + PAUSES[1] < end:
        await asyncio.sleep(dice.uniform(*PAUSES))
        running = system.pids
        turns = turns or dice.sample(sorted(running), len(running))
        part = turns.pop()
        try:
            os.kill(running[part], signal.SIGKILL)
        except (KeyError, ProcessLookupError):  # it is not back yet
            continue
        kills.append(Killed(part, clock() - began))


async def _unsettled(system: System, students: set[str]) -> list[str]:
    """What is left when all has settled and is not as it should be (0 leftovers)."""
    wrong: list[str] = []

    async def settled() -> bool:
        nonlocal wrong
        wrong = await _leftovers(system, students)
        return not wrong

    try:
        await eventually(settled, within=_SETTLES_WITHIN, pause=1.0)
    except AssertionError:
        return wrong
    return []


async def _leftovers(system: System, students: set[str]) -> list[str]:
    try:
        labs = await asyncio.wait_for(system.labs(), 30)
        containers = await system.containers_of(COURSE)
    except (OSError, AssertionError, TimeoutError) as e:
        return [f"the system does not answer: {e!r}"]
    labs = [x for x in labs if x.student in students or x.state == "pooled"]
    up = [x for x in labs if x.state != "failed"]
    running = {c["Labels"]["nbh.capability"] for c in containers if c["State"] == "running"}
    folders = {folder.name for folder in (system.config.site.data / "labs").iterdir()}
    return [
        *(f"the lab of {x.student} is {x.state}" for x in labs if x.state not in _AT_REST),
        *_differences("containers", running, up),
        *_differences("labs' folders", folders, up),
        *(f"a container that ended: {c['Names']}" for c in containers if c["State"] == "exited"),
    ]


_AT_REST = ("pooled", "ready", "frozen", "failed")


def _differences(what: str, there: set[str], labs: Sequence[Lab]) -> list[str]:
    wanted = {lab.capability for lab in labs}
    said = []
    if extra := there - wanted:
        said.append(f"{len(extra)} {what} that belong to no lab")
    if missing := wanted - there:
        said.append(f"{len(missing)} labs without {what}")
    return said


async def _told(system: System, students: set[str]) -> Any:
    async for subject, event in events.events(system.bus, "nbh.event.>"):
        if event.get("student") in students:
            noun, participle = subject.split(".")[2:4]
            yield event | {"kind": f"{noun}.{participle}"}
