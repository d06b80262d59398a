"""What watching idle labs costs, when they are frozen, and whether one is ever wrongly reaped.

Labs are stub servers (tests/reaper/stub.py): two hundred real ones would measure this machine, not
the reaper.
"""

import asyncio
import random
import sys
import tempfile
import time
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import psutil

from nbh_kit import bus as buses
from nbh_kit.buckets import Bucket
from nbh_kit.consuming import consume
from nbh_kit.testing import eventually, nats_server
from nbh_proto import CountWorkspaces, Course, FreezeLab, Lab, MeasureLabs, StopLab
from nbh_proto.sample import LabMeasured, LabsMeasured, NodeMeasured
from nbh_proto.streams import COMMANDS
from nbh_proto.workspace import WorkspacesCounted
from nbh_reaper.clock import Clock
from tests.bench.figures import Figure, at_most, percentile, spread
from tests.reaper import trials
from tests.reaper.stub import StubLab

LABS = 200
TRIALS, AT_ONCE = 1000, 250
_FASTER = 60
"""Everything that the reaper does in an hour happens in a minute: its freeze time, and with it the
time between two looks, and its period are a sixtieth of the defaults."""

_FREEZE, _PERIOD = 600.0, 300.0
_MACHINE = NodeMeasured(
    load1=0, load5=0, load15=0, memory_total=1, memory_free=1, memory_available=1
)


async def figures() -> list[Figure]:
    """All of them; some three minutes."""
    return [await cost(), await delay(), await safety()]


async def cost() -> Figure:
    """Two hundred labs with an idle kernel and an open page each: none can be frozen, so each is
    looked at ten times within the freeze time, and all are sampled."""
    settings = f"freeze_after = {_FREEZE / _FASTER}\nperiod = {_PERIOD / _FASTER}\n"
    async with _service(settings, connected=1) as (process, stubs, _):
        await eventually(lambda: all(stub.asked > 5 for stub in stubs), within=60)
        before, asked, began = _cpu(process), sum(s.asked for s in stubs), time.monotonic()
        await asyncio.sleep(3600 / _FASTER)
        scale = 3600 / _FASTER / (time.monotonic() - began)
        used, looks = (_cpu(process) - before) * scale, sum(s.asked for s in stubs) - asked
        pss = psutil.Process(process.pid).memory_full_info().pss / 1024**2
    return at_most(
        f"watching {LABS} idle labs for an hour",
        used,
        10,
        unit="CPU s",
        floor=None,
        spread=f"{looks} questions; PSS {pss:.1f} MiB",
    )


async def delay() -> Figure:
    """From the due time to the command, for labs that were last used at any time."""
    freeze = 20.0
    async with _service(f"freeze_after = {freeze}\n", spread_over=freeze / 2) as (_, stubs, heard):
        await eventually(lambda: len(heard) >= LABS, within=60)
        due = {s.student: s.last_activity + timedelta(seconds=freeze) for s in stubs}
        late = [(c.at - due[c.student]).total_seconds() for c in heard]
    return at_most(
        "an idle lab is frozen after its due time, p95",
        percentile(late, 0.95),
        5,
        unit="s",
        floor=None,
        spread=spread(late),
    )


async def safety() -> Figure:
    """Labs at work that are easily taken for idle, for hours of a fast clock."""
    wronged = 0
    for seed in range(TRIALS // AT_ONCE):
        wronged += await trials.run(AT_ONCE, seed=seed)
    return at_most(f"wrongly reaped in {TRIALS} trials", wronged, 0, unit="labs", floor=None)


@asynccontextmanager
async def _service(settings: str, *, connected: int = 0, spread_over: float = 0.0):
    """The reaper's own process, stub labs, and the commands that a provisioner would hear."""
    heard: list[FreezeLab | StopLab] = []

    async def hear(command):
        heard.append(command)

    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nbh-bench-")))
        folder.chmod(0o755)
        url = await stack.enter_async_context(nats_server())
        bus = await stack.enter_async_context(buses.connect(url, name="bench"))
        stubs = await _labs(stack, bus, connected, spread_over)
        await stack.enter_async_context(_measuring(bus, stubs))
        commands = consume(bus, COMMANDS, "bench", [FreezeLab, StopLab], hear)
        await stack.enter_async_context(commands)
        process = await stack.enter_async_context(_process(folder, url, settings))
        yield process, stubs, heard


async def _labs(stack, bus, connected, spread_over) -> list[StubLab]:
    dice, clock = random.Random(1), Clock()
    course = Course(course="python", giturl="g", image="image")
    await Bucket(bus, Course).put(course.key, course)
    stubs = [StubLab(clock, student=f"s{n}") for n in range(LABS)]
    for stub in stubs:
        await stack.enter_async_context(stub.serving())
        stub.run(busy=False)
        stub.connect(connected)
    for stub in stubs:
        stub.last_activity = clock.now().day - timedelta(seconds=dice.uniform(0, spread_over))
        lab = stub.lab(since=clock.now().day - timedelta(hours=1))
        await Bucket(bus, Lab).put(lab.key, lab)
    return stubs


@asynccontextmanager
async def _measuring(bus, stubs):
    """Stands for a provisioner."""
    labs = tuple(
        LabMeasured(course=s.course, student=s.student, generation=1, memory=1) for s in stubs
    )

    async def measure(_):
        return LabsMeasured(node=_MACHINE, labs=labs)

    async def count(_):
        return WorkspacesCounted(students={})

    async with bus.answering(MeasureLabs, measure), bus.answering(CountWorkspaces, count):
        yield


@asynccontextmanager
async def _process(folder: Path, url: str, settings: str):
    file = folder / "nbhosting.toml"
    file.write_text(
        f'[site]\ndata = "{folder}"\n[nats]\nurl = "{url}"\n[health]\nfirst_port = 0\n'
        f"[reaper]\n{settings}"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "nbh_reaper", "--config", str(file))
    )
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()


def _cpu(process: asyncio.subprocess.Process) -> float:
    times = psutil.Process(process.pid).cpu_times()
    return times.user + times.system
