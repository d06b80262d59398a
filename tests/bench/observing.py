"""What log lines and numbers add to an open."""

import asyncio
import time
from pathlib import Path
from typing import NamedTuple

from tests.bench.client import Client
from tests.bench.figures import Figure, at_most, median
from tests.bench.switched import Switched, switched_system

_ROUNDS, _OPENS_A_PART, _FIRST_OPENS = 100, 30, 3
_GATHERED = 0.12
"""Seconds after which what was done is counted, and read by `nbh up`: it lets lines gather."""

_SCRAPED_EVERY = 15.0


class Part(NamedTuple):
    """Some opens, one after the other."""

    seconds: list[float]
    processor: float
    """Seconds that each took of the processors."""


class Round(NamedTuple):
    """With, without, without, with: a machine that becomes slower meanwhile does so for both."""

    with_it: list[Part]
    without: list[Part]

    @property
    def added(self) -> float:
        """Per cent of an open's time."""
        return 100 * (_open(self.with_it) / _open(self.without) - 1)

    @property
    def processor(self) -> float:
        """Seconds that an open takes more of the processors."""
        return _processor(self.with_it) - _processor(self.without)


async def added(folder: Path) -> list[Figure]:
    """Opens in a system that logs, counts and is read by Prometheus, and one that does neither."""
    async with switched_system(folder) as system:
        client = Client("localhost", system.port)
        try:
            return [_figure(await _rounds(system, client))]
        finally:
            client.close()


async def _rounds(system: Switched, client: Client) -> list[Round]:
    reading = asyncio.create_task(_read_for_ever(system))
    try:
        await _opens(system, client, 10 * _OPENS_A_PART)
        before = await system.counted()
        found = [await _round(system, client) for _ in range(_ROUNDS)]
        # what was switched off was off, and on what was on
        there, most = await system.counted() - before, 2 * _ROUNDS * (_OPENS_A_PART + _FIRST_OPENS)
        assert 0.98 * most < there <= most, (there, most)
        return found
    finally:
        reading.cancel()


async def _round(system: Switched, client: Client) -> Round:
    parts = {True: [], False: []}
    for on in (True, False, False, True):
        parts[on].append(await _part(system, client, on=on))
    return Round(parts[True], parts[False])


async def _part(system: Switched, client: Client, *, on: bool) -> Part:
    await asyncio.sleep(_GATHERED)
    system.log_and_count(on=on)
    await _opens(system, client, _FIRST_OPENS)
    began = system.processor_seconds()
    seconds = await _opens(system, client, _OPENS_A_PART)
    return Part(seconds, (system.processor_seconds() - began) / _OPENS_A_PART)


async def _opens(system: Switched, client: Client, number: int) -> list[float]:
    taken = []
    for _ in range(number):
        began = time.perf_counter()
        answer = await client.get(system.url)
        taken.append(time.perf_counter() - began)
        # where the disk stalls it is a page, late enough to be on the other side of the median
        assert answer.status in (302, 200, 503), answer.status
    return taken


async def _read_for_ever(system: Switched) -> None:
    while True:
        await system.read()
        await asyncio.sleep(_SCRAPED_EVERY)


def _figure(rounds: list[Round]) -> Figure:
    added_, low, high = _between([each.added for each in rounds])
    with_it = median(_open(each.with_it) for each in rounds) * 1e3
    without = median(_open(each.without) for each in rounds) * 1e3
    more = median(each.processor for each in rounds) * 1e6
    all_ = median(_processor(each.without) for each in rounds) * 1e6
    return at_most(
        "log and numbers add to an open of a running lab, p50",
        added_,
        5,
        unit="%",
        floor=None,
        spread=f"n={len(rounds)} {low:.1f}..{high:.1f} (95 %); {with_it:.2f} ms with, "
        f"{without:.2f} without; {more:.0f} µs of CPU to {all_:.0f}",
    )


def _between(samples: list[float]) -> tuple[float, float, float]:
    """The median, and between what it is in 95 of 100 cases, by the ranks beside it."""
    ranked, beside = sorted(samples), round(0.98 * len(samples) ** 0.5)
    middle = len(samples) // 2
    return median(ranked), ranked[middle - beside], ranked[middle + beside]


def _open(parts: list[Part]) -> float:
    return median(second for part in parts for second in part.seconds)


def _processor(parts: list[Part]) -> float:
    return sum(part.processor for part in parts) / len(parts)
