"""What log lines and numbers take of an open."""

import asyncio
import sys

from tests.bench.figures import Figure, at_most

_OPENS = 5000

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
