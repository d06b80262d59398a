"""What log lines and numbers take of an open."""

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from pathlib import Path

from nbh_kit import asking
from nbh_kit.testing import eventually
from tests.bench.client import Client
from tests.bench.figures import Figure, at_most, median, spread
from tests.system import System, running_system

_OPENS = 5000
_PARTS, _ROUNDS, _OPENS_A_ROUND = 10, 30, 10
_COUNTS_NOTHING = """
from nbh_kit import metrics

def _nothing(*_, **__):
    pass

metrics.Counter.add = metrics.Gauge.set = metrics.Gauge.set_all = _nothing
metrics.Histogram.observe = _nothing
"""
"""What Python runs before any program of a system that counts nothing."""

_PROGRAM = """
import asyncio, sys, time
import structlog
from nbh_kit import run
from nbh_kit.links import Place
from nbh_kit.metrics import Metrics
from nbh_kit.traces import Traces
from nbh_proto import AccessReady, new_id
from nbh_router.accesses import Access
from nbh_router.clicks import Clicks
from nbh_router.ticket import Ticket

metrics = Metrics()
run.configure_logging("bench", "info", metrics)
clicks, logger = Clicks(metrics, Traces("bench")), structlog.get_logger("bench")
requests = metrics.histogram("requests_seconds", "Requests.", method=("GET",), code=("302",))
handled = metrics.counter("handled_total", "Handled.", consumer=("provisioner",))
place = Place(course="lesson", notebook="w1/first", student="student-1")

async def opens(number):
    for _ in range(number):
        ticket = Ticket(
            access=new_id(), place=place, action="open", platform="lms",
            asked=time.time(), until=time.time() + 60,
        )
        access = Access(ticket)
        ready = AccessReady(about=ticket.access, capability="1" * 40, notebook="n", way="running")
        began = time.process_time()
        logger.info(
            "a click", access=ticket.access, course=place.course, student=place.student,
            notebook=place.notebook, action=ticket.action, platform=ticket.platform,
        )
        clicks.opened(access, ready)
        requests.observe(0.004, "GET", "302")
        handled.add("provisioner")
        with structlog.contextvars.bound_contextvars(access=ticket.access):
            logger.info("an access is served", way="running", seconds=0.004, generation=7)
        yield time.process_time() - began

async def main():
    taken = [seconds async for seconds in opens(int(sys.argv[1]))]
    print(1000 * sum(taken) / len(taken))

asyncio.run(main())
"""


async def added(folder: Path) -> list[Figure]:
    """Opens in a system that logs, counts and is read by Prometheus, and in one that does neither,
    in turn, so that both meet the same machine."""
    with tempfile.TemporaryDirectory(prefix="nbh-") as customised:
        (Path(customised) / "sitecustomize.py").write_text(_COUNTS_NOTHING)
        async with (
            _system(folder / "with", "info") as noted,
            _system(folder / "without", "error", PYTHONPATH=customised) as bare,
        ):
            return [await _added(noted, bare)]


async def _added(noted: System, bare: System) -> Figure:
    each, with_it, without = [], [], []
    for _ in range(_PARTS):
        # far more often than every fifteen seconds
        reading = asyncio.create_task(_read(noted))
        a, b = await _part(noted, bare)
        await reading
        each.append(100 * (median(a) / median(b) - 1))
        with_it += a
        without += b
    assert await _counted(noted) > len(with_it) / 2
    assert await _counted(bare) == 0
    of_both = f"{median(with_it) * 1e3:.2f} ms with, {median(without) * 1e3:.2f} without"
    return at_most(
        "log and numbers add to an open of a running lab, p50",
        100 * (median(with_it) / median(without) - 1),
        5,
        unit="%",
        floor=None,
        spread=f"{of_both}; {spread(each)}",
    )


async def _part(noted: System, bare: System) -> tuple[list[float], list[float]]:
    with_it: list[float] = []
    without: list[float] = []
    for _ in range(_ROUNDS):
        without += await _round(bare)
        with_it += await _round(noted)
    return with_it, without


@contextlib.asynccontextmanager
async def _system(folder: Path, level: str, **environment: str) -> AsyncGenerator[System]:
    folder.mkdir(parents=True)
    async with running_system(
        folder,
        engine="memory",
        settings={"site": {"log_level": level}},
        environment=environment,
    ) as system:
        await system.new_course("lesson")
        await eventually(lambda: _opens(system), within=60)
        yield system


async def _opens(system: System) -> bool:
    client = Client("localhost", system.port)
    try:
        return (await client.get(system.link("lesson", "w1/first", "ada"))).status == 302
    finally:
        client.close()


async def _round(system: System) -> list[float]:
    """Seconds that some opens take, one after the other."""
    client, taken = Client("localhost", system.port), []
    url = system.link("lesson", "w1/first", "ada")
    try:
        await client.get(url)  # which also connects
        for _ in range(_OPENS_A_ROUND):
            began = time.perf_counter()
            answer = await client.get(url)
            # where the disk stalls it is a page, late enough to be on the other side of the median
            assert answer.status in (302, 200, 503), answer.status
            taken.append(time.perf_counter() - began)
    finally:
        client.close()
    return taken


async def _read(system: System) -> None:
    """As Prometheus does."""
    for service in ("router", "provisioner", "courses", "reaper", "stats"):
        await _numbers(system, service)


async def _numbers(system: System, service: str) -> str:
    port = system.config.health_port(service)
    _, body = await asking.get("127.0.0.1", port, "/metrics")
    return body.decode()


async def _counted(system: System) -> float:
    """How many opens the router has counted."""
    line = 'nbhosting_clicks_total{outcome="opened"} '
    lines = (await _numbers(system, "router")).splitlines()
    return next(float(each.removeprefix(line)) for each in lines if each.startswith(line))


async def figures(open_: Figure) -> list[Figure]:
    """``open_`` is an open of a lab that runs, in milliseconds, measured in the same run."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _PROGRAM, str(_OPENS)),
        stdout=asyncio.subprocess.PIPE,
        # a pipe that somebody reads, as `nbh up` does
        stderr=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    milliseconds = float(said)
    return [
        at_most(
            "log lines and numbers of an open, of its time",
            100 * milliseconds / open_.value,
            5,
            unit="%",
            floor=None,
            spread=f"{1000 * milliseconds:.0f} µs of CPU in router and provisioner",
        )
    ]
