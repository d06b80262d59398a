"""Cold starts: the pool is empty, nobody's lab runs."""

import asyncio
import time
from contextlib import AsyncExitStack

from nbh_proto import new_id
from tests.bench.bare import Bare
from tests.bench.client import Client
from tests.bench.figures import Figure, at_most, median, spread

ALONE = 12
STORMS = 3


async def figures(system, bare: Bare) -> list[Figure]:
    """One at a time, eight and sixteen at once, each beside bare starts, in turn."""
    found = [await _alone(system, bare)]
    for number in (8, 16):
        found.append(await _storm(system, bare, number))
    return found


async def _alone(system, bare: Bare) -> Figure:
    ours, floors = [], []
    for _ in range(ALONE):
        async with bare.started() as seconds:
            floors.append(seconds)
        ours.append((await _clicks(system, 1))[0])
    return _ratio("cold start, click to the notebook's content, p50", ours, floors)


async def _storm(system, bare: Bare, number: int) -> Figure:
    ours, floors = [], []
    for _ in range(STORMS):
        floors.append(max(await bare_at_once(bare, number)))
        ours.append(max(await _clicks(system, number)))
    return _ratio(f"{number} students at once, cold, the last one ready", ours, floors)


def _ratio(name: str, ours: list[float], floors: list[float]) -> Figure:
    floor = median(floors)
    return at_most(
        name,
        median(ours),
        1.2 * floor,
        unit="s",
        floor=floor,
        spread=f"{spread(ours)}; {median(ours) / floor:.2f} × floor; floor {spread(floors)}",
    )


async def bare_at_once(bare: Bare, number: int) -> list[float]:
    """So many bare starts at once; seconds to each one's content."""
    began = time.perf_counter()
    async with AsyncExitStack() as stack:

        async def one() -> float:
            await stack.enter_async_context(bare.started())
            return time.perf_counter() - began

        return await asyncio.gather(*[one() for _ in range(number)])


async def _clicks(system, number: int) -> list[float]:
    """So many new students click at once; seconds to each one's content. Their labs end then."""
    students = [f"cold-{new_id()[:8]}" for _ in range(number)]
    urls = [system.link("lesson", "w1/first", student) for student in students]
    try:
        return await asyncio.gather(*[click(system, url) for url in urls])
    finally:
        await asyncio.gather(*[system.nbh("lab", "stop", "lesson", s) for s in students])


async def click(system, url: str) -> float:
    """Seconds from a click to the first 200 of the notebook's content."""
    client = Client("localhost", system.port)
    try:
        began = time.perf_counter()
        location = await _redirect(client, url)
        base = "/" + location.split("/")[3 if "//" in location else 1]
        content = await client.get(f"{base}/api/contents/w1/first.md?content=1")
        assert content.status == 200, content
        return time.perf_counter() - began
    finally:
        client.close()


async def _redirect(client: Client, url: str) -> str:
    """Follow the progress page's event stream as its script does, until it says where to go."""
    answer = await client.get(url)
    if answer.status == 302:
        return answer.headers["location"]
    assert answer.status == 200, answer
    return await client.event(_events_path(answer.body), "ready")


def _events_path(page: bytes) -> str:
    return page.split(b'data-events="', 1)[1].split(b'"', 1)[0].decode()
