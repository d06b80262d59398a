"""Opens of labs that run: alone, and eight at once; each open is a stored event."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import count
from urllib.parse import urlsplit

from nbh_proto import AccessProgress, AccessRefused
from nbh_proto.streams import EVENTS
from tests.bench.client import Client
from tests.bench.figures import Figure, at_least, at_most, median, percentile, spread

ALONE = 300
AT_ONCE = 8
OPENS = 2400


async def figures(system, students: Sequence[str]) -> list[Figure]:
    """``students`` have labs that run."""
    urls = [system.link("lesson", "w1/first", student) for student in students]
    clients = [Client("localhost", system.port) for _ in range(AT_ONCE)]
    try:
        alone = await _alone(system, clients[0], urls[0])
        return [*alone, await _together(system, clients, urls)]
    finally:
        for client in clients:
            client.close()


async def _alone(system, client: Client, url: str) -> list[Figure]:
    redirects, pages, bare_events, bare_pages = [], [], [], []
    for _ in range(ALONE):
        began = time.perf_counter()
        answer = await client.get(url)
        redirects.append(time.perf_counter() - began)
        assert answer.status == 302, answer
        page = await client.get(answer.headers["location"])
        pages.append(time.perf_counter() - began)
        assert page.status == 200, page
        bare_events.append(await timed(lambda: stored_and_answered(system)))
        bare_pages.append(await timed(partial(client.get, answer.headers["location"])))
    floor = median(bare_events) * 1e3
    page_floor = floor + median(bare_pages) * 1e3
    return [
        _milliseconds("open of a running lab, click to redirect, p50", redirects, 0.5, 6, floor),
        _milliseconds("open of a running lab, click to page, p50", pages, 0.5, 12, page_floor),
        _milliseconds("open of a running lab, click to page, p99", pages, 0.99, 50, page_floor),
    ]


def _milliseconds(name: str, samples: list[float], share: float, goal: float, floor: float):
    return at_most(
        name,
        percentile(samples, share) * 1e3,
        goal,
        unit="ms",
        floor=floor,
        spread=spread(samples, 1e3),
    )


async def timed(what: Callable[[], Awaitable[object]]) -> float:
    """Seconds that something takes."""
    began = time.perf_counter()
    await what()
    return time.perf_counter() - began


async def stored_and_answered(system) -> None:
    """The bare parts: one event stored in a stream, one answer heard in an inbox."""
    heard = asyncio.get_running_loop().create_future()
    async with system.bus.inbox(AccessProgress, heard.set_result) as inbox:
        await system.bus.tell(_event())
        await system.bus.answer(inbox, AccessProgress(about="a", stage="queued"))
        await heard


def _event() -> AccessRefused:
    # an event that nobody acts on
    return AccessRefused(access="_", course="_", student="_", notebook="_", reason="signature")


async def _together(system, clients: Sequence[Client], urls: Sequence[str]) -> Figure:
    stored = await _events(system)
    rates = [await _rate(clients, urls) for _ in range(3)]
    floors = [await _bare_rate(system) for _ in range(3)]
    assert await _events(system) - stored >= 3 * OPENS
    return at_least(
        "opens of running labs, 8 at once, each a stored event",
        median(rates),
        600,
        unit="1/s",
        floor=median(floors),
        spread=spread(rates),
    )


async def _events(system) -> int:
    return (await system.bus.js.stream_info(EVENTS.name)).state.messages


async def _rate(clients: Sequence[Client], urls: Sequence[str]) -> float:
    numbers, redirected = count(), 0

    async def work(client: Client) -> None:
        nonlocal redirected
        while (n := next(numbers)) < OPENS:
            answer = await client.get(urls[n % len(urls)])
            # The router shows its progress page when nothing came within a second, as when the
            # disk stalls: such an open is late and does not count.
            if answer.status == 302:
                assert urlsplit(answer.headers["location"]).path.endswith("/w1/first.md")
                redirected += 1

    took = await timed(lambda: asyncio.gather(*[work(c) for c in clients]))
    return redirected / took


async def _bare_rate(system) -> float:
    """How many events NATS stores, eight at once, with nothing else to do."""
    numbers = count()

    async def work() -> None:
        while next(numbers) < OPENS:
            await system.bus.tell(_event())

    return OPENS / await timed(lambda: asyncio.gather(*[work() for _ in range(AT_ONCE)]))
