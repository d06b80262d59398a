"""Clicks that get a lab of the pool: alone, a class of sixteen, and a class with four labs."""

import asyncio
import time
from collections.abc import Sequence

import httpx2

from nbh_kit.buckets import Bucket
from nbh_kit.testing import eventually
from nbh_proto import Lab, StopLab, lab_key, new_id
from tests.bench import running
from tests.bench.bare import Bare
from tests.bench.calm import until_calm
from tests.bench.client import Client
from tests.bench.cold import bare_at_once, click
from tests.bench.figures import Figure, at_most, median, percentile, spread

ALONE = 60
STORMS = 3
CLASS = 16
SMALL = 4

_FULL_WITHIN = 120.0


async def figures(system, bare: Bare) -> list[Figure]:
    """Each figure beside its floor; the course's pool is gone after it."""
    try:
        alone = await _alone(system)
        return [*alone, await _class(system), await _class_with_few(system, bare)]
    finally:
        await stock(system, 0)


async def _alone(system) -> list[Figure]:
    """One click at a time on a pool that is full and does nothing else."""
    await stock(system, SMALL)
    clicks, events, pages = [], [], []
    for _ in range(ALONE):
        await full(system, SMALL)
        await until_calm()
        student = f"pool-{new_id()[:8]}"
        clicks.append(await click(system, system.link("lesson", "w1/first", student)))
        events.append(await running.timed(lambda: running.stored_and_answered(system)))
        pages.append(await _content(system, student))
        await end(system, [student])
    floor = median(events) + median(pages)
    name = "click to the notebook's content, from the pool"
    return [
        _milliseconds(f"{name}, p50", clicks, 0.5, 40, floor),
        _milliseconds(f"{name}, p99", clicks, 0.99, 150, floor),
    ]


async def _class(system) -> Figure:
    """Sixteen at the same instant, each of whom gets one; the floor is the same for labs that are
    theirs already."""
    await stock(system, CLASS)
    clicks, floors = [], []
    for _ in range(STORMS):
        await full(system, CLASS)
        students = _students()
        clicks.append(max(await _all(system, students)))
        floors.append(max(await _all(system, students)))
        await end(system, students)
    return at_most(
        f"{CLASS} students at once, pool of {CLASS}, the last one ready",
        median(clicks),
        0.6,
        unit="s",
        floor=median(floors),
        spread=f"{spread(clicks)}; opened again {spread(floors)}",
    )


async def _class_with_few(system, bare: Bare) -> Figure:
    """Sixteen at the same instant, four of whom get one at once."""
    await stock(system, 0)
    clicks, floors = [], []
    for _ in range(STORMS):
        floors.append(max(await bare_at_once(bare, CLASS - SMALL)))
        await stock(system, SMALL)
        await full(system, SMALL)
        students = _students()
        clicks.append(max(await _all(system, students)))
        await stock(system, 0)
        await end(system, students)
    floor = median(floors)
    return at_most(
        f"{CLASS} students at once, pool of {SMALL}, the last one ready",
        median(clicks),
        1.1 * floor,
        unit="s",
        floor=floor,
        spread=f"{spread(clicks)}; {median(clicks) / floor:.2f} × 12 bare starts {spread(floors)}",
    )


def _milliseconds(name: str, samples: list[float], share: float, goal: float, floor: float):
    return at_most(
        name,
        percentile(samples, share) * 1e3,
        goal,
        unit="ms",
        floor=floor * 1e3,
        spread=spread(samples, 1e3),
    )


async def stock(system, number: int) -> None:
    sizes = ("--pool-min", str(number), "--pool-max", str(number))
    await system.nbh("course", "set", "lesson", *sizes)


async def full(system, number: int) -> None:
    """Return when so many labs are nobody's and have booted, and nothing else is about to."""
    labs = await eventually(lambda: _nobodys(system, number), within=_FULL_WITHIN, pause=0.1)
    await asyncio.gather(*(_booted(lab) for lab in labs))


async def rehearsed(system, number: int) -> None:
    """Return when so many labs are nobody's and have rehearsed their first page."""
    await full(system, number)
    labs = await _nobodys(system, number)
    await asyncio.gather(*(_rehearsed(lab) for lab in labs))


async def _nobodys(system, number: int):
    labs = await system.labs()
    theirs = {lab.capability for lab in labs if lab.state != "pooled"}
    found = [lab for lab in labs if lab.capability not in theirs]
    return found if len(found) == number else None


async def _booted(lab) -> None:
    host, _, port = lab.address.rpartition(":")
    client = Client(host, int(port))

    async def answers():
        return (await client.get(f"/{lab.capability}/api")).status == 200

    await eventually(answers, within=_FULL_WITHIN, pause=0.1)
    client.close()


async def _rehearsed(lab) -> None:
    url = f"http://{lab.address}/{lab.capability}/api/nbh/rehearsal"
    headers = {"Authorization": f"token {lab.token}"}
    async with httpx2.AsyncClient(headers=headers, trust_env=False) as client:

        async def has():
            return (await client.get(url)).json()["rehearsed"]

        await eventually(has, within=_FULL_WITHIN, pause=0.1)


async def _content(system, student: str) -> float:
    """Seconds that the content takes once more, alone."""
    client = Client("localhost", system.port)
    lab = (await Bucket(system.bus, Lab).get(lab_key("lesson", student))).value
    path = f"/{lab.capability}/api/contents/w1/first.md?content=1"
    await client.get(path)
    try:
        return await running.timed(lambda: client.get(path))
    finally:
        client.close()


def _students() -> list[str]:
    return [f"pool-{new_id()[:8]}" for _ in range(CLASS)]


async def _all(system, students: Sequence[str]) -> list[float]:
    began = time.perf_counter()

    async def one(student: str) -> float:
        await click(system, system.link("lesson", "w1/first", student))
        return time.perf_counter() - began

    return await asyncio.gather(*(one(student) for student in students))


async def end(system, students: Sequence[str]) -> None:
    node = system.config.provisioner.node
    for student in students:
        await system.bus.tell(StopLab(node=node, course="lesson", student=student))

    async def gone():
        return not any(lab.student in students for lab in await system.labs())

    await eventually(gone, within=_FULL_WITHIN, pause=0.1)
