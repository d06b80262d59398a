"""The dashboard of a course with a million events: how soon it is seen, drawn, told of more.

With a service, a NATS and a Chromium of its own. A page is opened in a new browser each time,
which has nothing of an earlier one.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from clickhouse_connect.driver.client import Client
from playwright.async_api import Page

from nbh_kit import bus as buses
from nbh_kit.buckets import Bucket
from nbh_kit.bus import Bus
from nbh_kit.sessions import COOKIE, Sessions
from nbh_kit.testing import eventually, nats_server
from nbh_proto import AccessOpened, Account, Course, now
from nbh_stats import clickhouse, migrations
from tests.bench.figures import Figure, at_most, median, spread
from tests.dashboard.site import drawn
from tests.e2e.browser import browser
from tests.stats.service import Service

EVENTS, STUDENTS, NOTEBOOKS, DAYS = 1_000_000, 10_000, 120, 180
COURSE = "large"
PAGES = 5
A_SECOND, MARKS = 500, 10

_NAME = "concat('s', leftPad(toString({}), 5, '0'))"
_STUDENTS = f"""
INSERT INTO students SELECT number + 1, {_NAME.format("number")} FROM numbers({STUDENTS})
"""
# Some students and notebooks are much more active than others, as in a real course.
_EVENTS = f"""
INSERT INTO events (stream, sequence, at, kind, course, student, notebook, id, detail,
                    node, who, stem, how, seconds, generation, gauges)
SELECT
    toDateTime64(1, 6, 'UTC'), number, now64(6) - toIntervalSecond(rand(1) % ({DAYS} * 86400)),
    'access.opened', '{COURSE}', {_NAME.format("who - 1")},
    concat(stem, '.md'), toString(number), '', '', who, stem,
    ['running', 'pool', 'thawed', 'cold'][1 + rand(4) % 4], exp(randNormal(-2, 1)), 1, map()
FROM (
    SELECT
        number, toUInt32(1 + {STUDENTS} * pow(rand(2) / 4294967296, 1.5)) AS who,
        toUInt32({NOTEBOOKS} * pow(rand(3) / 4294967296, 1.7)) AS which,
        concat('w', leftPad(toString(1 + intDiv(which, 10)), 2, '0'),
               '/n', leftPad(toString(which), 3, '0')) AS stem
    FROM numbers({EVENTS})
)
"""
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
        async with nats_server() as nats, buses.connect(nats, name="bench") as bus:
            service = Service(Path(folder), nats)
            await _fill(service)
            session = await _signed_in(bus)
            async with service.running():
                await eventually(lambda: _listens(service), within=60)
                return [
                    *await _opening(service, session, Path(folder)),
                    *await _hearing(service, session, Path(folder), bus),
                ]


async def _fill(service: Service) -> None:
    with clickhouse.opened("", service.clickhouse) as door:
        await door.use(migrations.migrate)
        for statement in (_STUDENTS, _EVENTS, "OPTIMIZE TABLE events FINAL"):
            await door.use(partial(_run, statement))
    service.own()


def _run(statement: str, client: Client) -> None:
    client.command(statement)


async def _signed_in(bus: Bus) -> str:
    account = Account(account="ada", role="staff", courses=(), password_set=now())
    await Bucket(bus, Account).put(account.key, account)
    course = Course(course=COURSE, giturl="https://forge.example.org/x.git", image="i")
    await Bucket(bus, Course).put(COURSE, course)
    return await Sessions(bus).open(account)


async def _listens(service: Service) -> bool:
    _, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.close()
    return True


@asynccontextmanager
async def _page(service: Service, session: str, profile: Path) -> AsyncGenerator[Page]:
    url = f"http://127.0.0.1:{service.port}"
    async with browser(profile) as chromium:
        cookie = {"name": COOKIE, "value": session, "url": url, "secure": True, "httpOnly": True}
        await chromium.add_cookies([cookie])  # type: ignore[list-item]
        page = await chromium.new_page()
        await page.goto(f"{url}/dashboard/courses/{COURSE}")
        await drawn(page)
        yield page


async def _opening(service: Service, session: str, folder: Path) -> list[Figure]:
    times = []
    for number in range(PAGES):
        async with _page(service, session, folder / f"page-{number}") as page:
            times.append(await page.evaluate(_TIMES))
    name = f"a course page at {EVENTS:,} events, a browser without a cache"
    goals = {"painted": ("first paint", 1), "seen": ("what is in view drawn", 2.5)}
    goals |= {"drawn": ("everything drawn", 2.5)}
    return [
        _seconds(f"{name}, {what}", [each[mark] / 1000 for each in times], goal)
        for mark, (what, goal) in goals.items()
    ]


async def _hearing(service: Service, session: str, folder: Path, bus: Bus) -> list[Figure]:
    async with _page(service, session, folder / "live") as page:
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
        await bus.tell(_opened(f"s{number % STUDENTS:05}", "w01/n000.md"))
        number += 1
        await asyncio.sleep(max(0.0, began + number / A_SECOND - time.monotonic()))


async def _mark(page: Page, bus: Bus, name: str) -> float:
    began = time.monotonic()
    await bus.tell(_opened("s00001", f"{name}.md"))
    await page.wait_for_function(_SAYS, arg=name)
    return time.monotonic() - began


def _opened(student: str, notebook: str) -> AccessOpened:
    of = {"course": COURSE, "student": student, "notebook": notebook}
    return AccessOpened(access="a", way="pool", seconds=0.1, **of)


def _seconds(name: str, samples: list[float], goal: float) -> Figure:
    return at_most(name, median(samples), goal, unit="s", floor=None, spread=spread(samples))
