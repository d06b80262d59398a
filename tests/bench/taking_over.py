"""What nbhosting 0.59 counted is taken over: a million lines, by the command that people type.

Its floor is ClickHouse that splits the same lines and keeps the words.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nbh_kit.testing import eventually, nats_server
from tests.bench import made_up
from tests.bench.figures import Figure, at_most
from tests.stats.service import Service

LINES = 1_000_000
GOAL = 20.0
_BEGIN = datetime(2021, 9, 1, tzinfo=UTC)
_APART = timedelta(seconds=47)


async def figures(folder: Path) -> list[Figure]:
    """The one figure; the service begins with nothing."""
    folder.mkdir()
    file = folder / "events.raw"
    file.write_text("".join(map(_line, range(LINES))))
    floor = await _bare(folder, file)
    async with nats_server() as nats:
        service = Service(folder, nats, batches="")
        async with service.running():
            await eventually(lambda: _seconds(service, "import", _one(folder)), within=60)
            took = await _seconds(service, "import", file)
    return [
        at_most(
            f"nbh stats import of {LINES} lines",
            took,
            GOAL,
            unit="s",
            floor=floor,
            spread="floor: ClickHouse alone, lines split at blanks",
        )
    ]


def _line(n: int) -> str:
    at = (_BEGIN + n * _APART).replace(tzinfo=None).isoformat()
    notebook = made_up.stem(n * 104_729 % made_up.NOTEBOOKS + 1)
    action = "existing" if n % 5 else "created"
    return f"{at} python student-{n * 7919 % 10_000} {notebook} {action} {n % 40_000 + 2000}\n"


def _one(folder: Path) -> Path:
    """A file of one line of another time: who imports it knows that the service is there."""
    file = folder / "events.one"
    file.write_text("2020-01-01T00:00:00 python student-1 w1/n1 created 8888\n")
    return file


async def _seconds(service: Service, command: str, file: Path) -> float:
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "nbh_cli", "stats", command, str(file)),
        *("--config", str(service.file)),
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0, "lines were not imported"
    return time.perf_counter() - began


async def _bare(folder: Path, file: Path) -> float:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.bare_clickhouse", "split"),
        *(str(folder / "bare"), str(file), "0"),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, "ClickHouse alone splits no lines"
    return float(out)
