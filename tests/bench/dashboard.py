"""The dashboard of a course with a million events: how soon it is seen, drawn, told of more.

With a service, a NATS and a Chromium of its own. A page is opened in a new browser each time,
which has nothing of an earlier one.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Page

from nbh_kit import bus as buses
from nbh_kit.bus import Bus
from nbh_kit.testing import eventually, nats_server
from nbh_proto import AccessOpened
from tests.bench import made_up, statistics
from tests.bench.figures import Figure, at_most, median, spread
from tests.dashboard.site import drawn
from tests.e2e.browser import browser
from tests.stats.service import Service

EVENTS = statistics.SMALL
PAGES = 5
A_SECOND, MARKS = 500, 10

_TIMES = """() => ({
  painted: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  ...Object.fromEntries(performance.getEntriesByType("mark")
    .map(({ name, startTime }) => [name, startTime])),
})"""
_SAYS = """(name) => [...document.querySelectorAll("#notebooks .label")]
  .some((label) => label.textContent === name)"""


async def figures() -> list[Figure]:
    """All of them."""
    with tempfile.TemporaryDirectory(prefix="nbh-bench-") as folder:
        Path(folder).chmod(0o755)
        async with nats_server(sync="10s") as nats, buses.connect(nats, name="bench") as bus:
            service = Service(Path(folder), nats, batches="")
            await statistics.register(bus)
            await statistics.filled(service, EVENTS)
            secret = service.secret()
            async with service.running():
                await eventually(lambda: _listens(service), within=60)
                return [
                    *await _opening(service, secret, Path(folder)),
                    *await _hearing(service, secret, Path(folder), bus),
                ]


async def _listens(service: Service) -> bool:
    _, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.close()
    return True


@asynccontextmanager
async def _page(service: Service, secret: str, profile: Path) -> AsyncGenerator[Page]:
    url = f"http://127.0.0.1:{service.port}"
    async with browser(profile) as chromium:
        page = await chromium.new_page()
        await page.set_extra_http_headers({"Authorization": f"Bearer {secret}"})
        await page.goto(f"{url}/dashboard/courses/{made_up.COURSE}")
        await drawn(page)
        yield page


async def _opening(service: Service, secret: str, folder: Path) -> list[Figure]:
    times = []
    for number in range(PAGES):
        async with _page(service, secret, folder / f"page-{number}") as page:
            times.append(await page.evaluate(_TIMES))
    name = f"a course page at {EVENTS:,} events, a browser without a cache"
    goals = {"painted": ("first paint", 1), "seen": ("what is in view drawn", 2.5)}
    goals |= {"drawn": ("everything drawn", 2.5)}
    return [
        _seconds(f"{name}, {what}", [each[mark] / 1000 for each in times], goal)
        for mark, (what, goal) in goals.items()
    ]


async def _hearing(service: Service, secret: str, folder: Path, bus: Bus) -> list[Figure]:
    async with _page(service, secret, folder / "live") as page:
        await page.locator("#notebooks").scroll_into_view_if_needed()
        crowd = asyncio.create_task(_crowd(bus))
        try:
            waits = [await _mark(page, bus, f"mark/{number}") for number in range(MARKS)]
        finally:
            crowd.cancel()
    name = f"an event, published until seen in an open page, at {A_SECOND} events a second"
    return [_seconds(name, waits, 2)]


async def _crowd(bus: Bus) -> None:
    number, began = 0, time.monotonic()
    while True:
        await bus.tell(_opened(f"student-{number % 1000}", f"{made_up.stem(1)}.md"))
        number += 1
        await asyncio.sleep(max(0.0, began + number / A_SECOND - time.monotonic()))


async def _mark(page: Page, bus: Bus, name: str) -> float:
    began = time.monotonic()
    await bus.tell(_opened("student-1000", f"{name}.md"))
    await page.wait_for_function(_SAYS, arg=name)
    return time.monotonic() - began


def _opened(student: str, notebook: str) -> AccessOpened:
    of = {"course": made_up.COURSE, "student": student, "notebook": notebook}
    return AccessOpened(access="a", way="pool", seconds=0.1, **of)


def _seconds(name: str, samples: list[float], goal: float) -> Figure:
    return at_most(name, median(samples), goal, unit="s", floor=None, spread=spread(samples))
