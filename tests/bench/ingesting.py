"""From JetStream into ClickHouse: how many events a second, and how many parts of a trickle.

Its floor is what ClickHouse takes for the same rows in as large batches, with nothing around it.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from nbh_kit.batching import Stored
from nbh_kit.bus import Bus
from nbh_kit.settings import Stats
from nbh_kit.testing import eventually
from nbh_proto import AccessOpened, LabSampled, LabStopped, LabThawed, now
from nbh_proto.streams import EVENTS
from nbh_stats import rows
from tests.bench import made_up
from tests.bench.figures import Figure, at_least, at_most
from tests.stats.service import Service

MESSAGES = 200_000
GOAL = 20_000.0
STUDENTS = 10_000
REST_SECONDS = 10.0
EVENTS_A_SECOND_AT_REST = 10


async def figures(service: Service, bus: Bus, folder: Path) -> list[Figure]:
    """Both; nothing was told to the service before, and it is not running."""
    told = list(_events(MESSAGES))
    bare = await _bare(told, folder)
    await _tell(bus, told)
    async with service.running():
        kept = await _kept_a_second(bus)
        parts = await _parts_a_second(service, bus)
    return [
        at_least(
            f"{MESSAGES} events from JetStream into ClickHouse",
            kept,
            GOAL,
            unit="events/s",
            floor=bare,
            spread="floor: ClickHouse alone, the same rows",
        ),
        at_most(
            f"parts made of {EVENTS_A_SECOND_AT_REST} events a second",
            parts,
            1.0,
            unit="parts/s",
            floor=None,
        ),
    ]


def _events(many: int) -> Iterator[Stored]:
    """What classes tell: mostly clicks. Each student is somebody else's neighbour in time."""
    for n in range(many):
        event = _event(n)
        yield Stored(n + 1, event.address, msgspec.json.encode(event))


def _event(n: int) -> AccessOpened | LabSampled | LabStopped | LabThawed:
    student = f"student-{n * 7919 % STUDENTS + 1}"
    lab = {"node": "n1", "course": made_up.COURSE, "student": student, "generation": n}
    match n % 10:
        case 0:
            used = {"cpu_seconds": 1.5, "memory": 10**8, "disk": 10**6}
            return LabSampled(**lab, **used, state="ready", busy=False)
        case 1:
            return LabStopped(**lab, reason="idle")
        case 2:
            return LabThawed(**lab, by="click", seconds=0.01, frozen_seconds=60.0)
    notebook = f"{made_up.stem(n * 104_729 % made_up.NOTEBOOKS + 1)}.md"
    click = {"access": f"{n:x}", "course": made_up.COURSE, "student": student}
    return AccessOpened(**click, notebook=notebook, way="pool", seconds=0.2)


async def _tell(bus: Bus, told: list[Stored]) -> None:
    """Without waiting for each to be stored, then for all."""
    for event in told:
        await bus.client.publish(event.subject, event.data)
    await bus.client.flush(timeout=60)

    async def stored() -> bool:
        return (await bus.js.stream_info(EVENTS.name)).state.messages == len(told)

    await eventually(stored, within=120, pause=0.1)


async def _kept_a_second(bus: Bus) -> float:
    """From the first batch that is kept until all are: the start of the service is no part."""
    first = await _when_kept(bus, 1)
    last = await _when_kept(bus, MESSAGES)
    return (last[1] - first[1]) / (last[0] - first[0])


async def _when_kept(bus: Bus, at_least_: int) -> tuple[float, int]:
    async def kept() -> tuple[float, int] | None:
        info = await bus.js.consumer_info(EVENTS.name, "stats")
        so_far = info.ack_floor.stream_seq if info.ack_floor else 0
        return (time.perf_counter(), so_far) if so_far >= at_least_ else None

    return await eventually(kept, within=120, pause=0.01)


async def _parts_a_second(service: Service, bus: Bus) -> float:
    before = _parts_ever(service)
    began = time.perf_counter()
    while time.perf_counter() < began + REST_SECONDS:
        await bus.tell(_event(0))
        await asyncio.sleep(1 / EVENTS_A_SECOND_AT_REST)
    seconds = time.perf_counter() - began
    return (_parts_ever(service) - before) / seconds


def _parts_ever(service: Service) -> int:
    """Parts of a table are numbered, and their folders' names say it: ``all_1_3_1``."""
    last: dict[Path, int] = {}
    for part in service.clickhouse.glob("store/*/*/all_*_*_*"):
        last[part.parent] = max(last.get(part.parent, 0), int(part.name.split("_")[2]))
    return sum(last.values())


async def _bare(told: list[Stored], folder: Path) -> float:
    """Rows a second."""
    folder.mkdir()
    file = folder / "rows"
    made = (row for event in told for row in rows.rows(event, now()))
    file.write_bytes(b"\n".join(rows.encoded(row, 1) for row in made))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.bare_clickhouse", "insert"),
        *(str(folder / "clickhouse"), str(file), str(Stats().batch_rows)),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, "ClickHouse alone takes no rows"
    return len(told) / float(out)
