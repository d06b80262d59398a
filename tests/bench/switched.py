"""A system that stops to log and to count while it runs, and begins again: what is compared has
the same processes, disk and NATS."""

import asyncio
import contextlib
import signal
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path

import psutil

from nbh_kit import asking
from nbh_kit.testing import eventually
from tests.bench.client import Client
from tests.system import System, running_system

_SWITCH = """
import signal
import nbh_kit
from structlog import _native
from nbh_kit import lines, metrics, timed

def _nothing(*_, **__):
    pass

async def _untimed(self, scope, receive, send):
    await self._app(scope, receive, send)

_OFF = [
    *((level, name, _native._nop)
        for level in _native.LEVEL_TO_FILTERING_LOGGER.values() for name in ("info", "warning")),
    *((kind, name, _nothing)
        for kind, name in ((metrics.Counter, "add"), (metrics.Gauge, "set"),
                           (metrics.Gauge, "set_all"), (metrics.Histogram, "observe"))),
    (timed.Timed, "__call__", _untimed),
    (lines.About, "__enter__", _nothing),
]
_exit = lines.About.__exit__
# the switch may be thrown in the midst of a block
lines.About.__exit__ = lambda self, *e: _exit(self, *e) if hasattr(self, "_token") else None
_ON = [(owner, name, getattr(owner, name)) for owner, name, _ in _OFF]

def _become(all_):
    for owner, name, value in all_:
        setattr(owner, name, value)

signal.signal(signal.SIGUSR1, lambda *_: _become(_OFF))
signal.signal(signal.SIGUSR2, lambda *_: _become(_ON))
"""
"""What Python runs before any program of the system."""

_SERVICES = ("router", "provisioner", "courses", "reaper", "stats")


class Switched:
    """Such a system, with one lab that runs."""

    def __init__(self, system: System) -> None:
        pids = system.pids
        self.port = system.port
        self.url = system.link("lesson", "w1/first", "ada")
        self._config = system.config
        self._services = [pids[each] for each in _SERVICES]
        # who writes a click's lines and numbers, and who reads the lines
        self._busy = [
            psutil.Process(pid) for pid in (pids["router"], pids["provisioner"], system.up)
        ]

    def log_and_count(self, *, on: bool) -> None:
        """From now on, or no more."""
        for pid in self._services:
            psutil.Process(pid).send_signal(signal.SIGUSR2 if on else signal.SIGUSR1)

    def processor_seconds(self) -> float:
        """What router, provisioner and `nbh up` have taken since they began."""
        return sum(_nanoseconds(process.pid) for process in self._busy) / 1e9

    async def read(self) -> None:
        """As Prometheus does."""
        await asyncio.gather(*map(self._numbers, _SERVICES))

    async def counted(self) -> int:
        """How many opens the router has counted."""
        line = 'nbhosting_clicks_total{outcome="opened"} '
        lines = (await self._numbers("router")).splitlines()
        return int(next(each.removeprefix(line) for each in lines if each.startswith(line)))

    async def _numbers(self, service: str) -> str:
        port = self._config.health_port(service)
        _, body = await asking.get("127.0.0.1", port, "/metrics")
        return body.decode()


@contextlib.asynccontextmanager
async def switched_system(folder: Path) -> AsyncGenerator[Switched]:
    """Run it, logging and counting at first, while the block runs."""
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="nbh-") as customised:
        Path(customised).chmod(0o755)
        (Path(customised) / "sitecustomize.py").write_text(_SWITCH)
        async with running_system(
            folder, engine="memory", environment={"PYTHONPATH": customised}
        ) as system:
            await system.new_course("lesson")
            await eventually(lambda: _opens(system), within=60)
            yield Switched(system)


async def _opens(system: System) -> bool:
    client = Client("localhost", system.port)
    try:
        return (await client.get(system.link("lesson", "w1/first", "ada"))).status == 302
    finally:
        client.close()


def _nanoseconds(pid: int) -> int:
    # /proc/PID/stat counts in hundredths of a second: three opens
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(each.read_text().split()[0]) for each in threads)
