"""Statistics of a course with a million events, and with ten: asking, keeping, taking over.

The service is a process of its own on a folder that is filled already, with a NATS of its own;
whoever asks does so over HTTP, as a page does.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import httpx2
import msgspec

from nbh_kit import bus as buses
from nbh_kit.buckets import Bucket
from nbh_kit.bus import Bus
from nbh_kit.testing import eventually, nats_server
from nbh_proto import Course, CourseIndex, Section, Track
from nbh_stats import numbers
from tests.bench import ingesting, made_up, taking_over
from tests.bench.figures import Figure, at_most, percentile, spread
from tests.bench.made_up import COURSE, MadeUp
from tests.bench.memory import pss
from tests.stats.service import Service

SMALL, LARGE = 1_000_000, 10_000_000
GOALS = {SMALL: 50.0, LARGE: 100.0}
ROUNDS = 5
BUDGET_SECONDS = 60.0
"""No round begins after so long, however slow the answers are."""

MEMORY_GOAL = 700.0

RANGES: tuple[Mapping[str, str], ...] = (
    {},
    {"from": "2026-06-04"},
    {"from": "2026-06-27"},
    {"from": "2026-02-14", "to": "2026-05-14"},
)
"""All of it, the last thirty days, the last week, three months in the middle; made-up events begin
on 5 January 2026 and last 180 days."""


class Site(NamedTuple):
    """A service that is being asked."""

    browser: httpx2.AsyncClient
    pid: int


async def figures() -> list[Figure]:
    """All of them."""
    # where the service's own user can read
    with tempfile.TemporaryDirectory(prefix="nbh-bench-") as folder:
        Path(folder).chmod(0o755)
        return [
            *await _of(Path(folder) / "small", SMALL),
            *await _of(Path(folder) / "large", LARGE),
            *await taking_over.figures(Path(folder) / "old"),
        ]


async def _of(folder: Path, events: int) -> list[Figure]:
    folder.mkdir()
    async with nats_server(sync="10s") as nats, buses.connect(nats, name="bench") as bus:
        await register(bus)
        service = Service(folder, nats, batches="")
        made = await filled(service, events)
        async with _asked(service) as site:
            at_rest = pss(site.pid)
            found = [await _asking(site, events, made)]
            if events == LARGE:
                found.append(await _weight(site, at_rest))
        if events == LARGE:
            found += await ingesting.figures(service, bus, folder / "bare")
        return found


async def register(bus: Bus) -> None:
    """The course as the courses service tells of it, with staff and a track."""
    staff = tuple(f"student-{n}" for n in range(1, made_up.STAFF + 1))
    course = Course(
        **{"course": COURSE, "giturl": "https://forge.example.org/x.git", "image": "i"},
        **{"staff": staff, "time_zone": "Europe/Paris"},
    )
    paths = tuple(f"{made_up.stem(n)}.md" for n in range(1, made_up.NOTEBOOKS + 1))
    track = Track(id="t", name="T", sections=(Section(name="S", notebooks=paths),))
    await Bucket(bus, Course).put(course.key, course)
    index = CourseIndex(course=COURSE, commit="c", tracks=(track,))
    await Bucket(bus, CourseIndex).put(index.key, index)


async def filled(service: Service, events: int) -> MadeUp:
    """Fill a service's tables, before it runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.made_up", str(service.clickhouse), str(events)),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, "no events could be made up"
    service.own()
    return msgspec.json.decode(out, type=MadeUp)


@asynccontextmanager
async def _asked(service: Service) -> AsyncIterator[Site]:
    headers = {"Authorization": f"Bearer {service.secret()}"}
    origin = f"http://127.0.0.1:{service.port}"
    client = httpx2.AsyncClient(base_url=origin, headers=headers, timeout=60)
    async with service.running() as process, client as browser:
        site = Site(browser, process.pid)
        await eventually(lambda: _knows_its_staff(site), within=60)
        yield site


async def _knows_its_staff(site: Site) -> bool:
    answer = await site.browser.get(f"/api/stats/courses/{COURSE}")
    return bool(answer.json()["left_out"] == made_up.STAFF)


ADDRESSES = tuple(f"/{n.name}.json" for n in numbers.ALL if n.about == "course")


async def _asking(site: Site, events: int, made: MadeUp) -> Figure:
    await _round(site)  # files are open and in memory from here on
    took: dict[str, list[float]] = {address: [] for address in ADDRESSES}
    began = time.perf_counter()
    for nth in range(ROUNDS):
        if nth and time.perf_counter() > began + BUDGET_SECONDS:
            break
        for address, seconds in await _round(site):
            took[address].append(seconds * 1e3)
    slowest = sorted(took, key=lambda address: -percentile(took[address], 0.95))
    told = ", ".join(f"{a[1:-5]} {percentile(took[a], 0.95):.0f}" for a in slowest[:6])
    worst = took[slowest[0]]
    return at_most(
        f"the slowest of {len(took)} numbers of a course, {events // 10**6} M events (p95)",
        percentile(worst, 0.95),
        GOALS[events],
        unit="ms",
        floor=made.read_seconds * 1e3,
        spread=f"{spread(worst)}; p95: {told}",
    )


async def _round(site: Site) -> list[tuple[str, float]]:
    took = []
    for query in RANGES:
        for address in ADDRESSES:
            began = time.perf_counter()
            answer = await site.browser.get(f"/api/stats/courses/{COURSE}{address}", params=query)
            took.append((address, time.perf_counter() - began))
            assert answer.status_code == 200, answer.text
    return took


async def _weight(site: Site, at_rest: float) -> Figure:
    weights = [at_rest]
    asking = asyncio.create_task(_round(site))
    while not asking.done():
        weights.append(await asyncio.to_thread(pss, site.pid))
        await asyncio.sleep(0.02)
    await asking
    return at_most(
        "memory of the statistics while ten million events are asked for (PSS)",
        max(weights),
        MEMORY_GOAL,
        unit="MiB",
        floor=None,
        spread=f"{at_rest:.0f} at rest, {percentile(weights, 0.5):.0f} median",
    )
