"""The service as it really runs: a process, a nats-server, a stub lab."""

import asyncio
import signal
import sys
from contextlib import asynccontextmanager

import psutil
import pytest

from nbh_kit.buckets import Bucket
from nbh_kit.consuming import consume
from nbh_kit.testing import eventually
from nbh_proto import (
    CountWorkspaces,
    Course,
    Drain,
    FreezeLab,
    Lab,
    LabSampled,
    MeasureLabs,
    NodeSampled,
    PlanLabs,
    StopLab,
    now,
)
from nbh_proto.course import Limits
from nbh_proto.reaper import LabsPlanned
from nbh_proto.sample import LabMeasured, LabsMeasured
from nbh_proto.streams import COMMANDS, EVENTS
from nbh_proto.workspace import WorkspacesCounted
from nbh_reaper.clock import Clock
from tests.reaper.stub import StubLab
from tests.reaper.test_what_is_sampled import MACHINE

SETTINGS = "idle = 60.0\nfreeze_after = 2.0\ngrace = 0.5\nperiod = 0.5\n"
PSS_MIB = 30


@asynccontextmanager
async def reaper(folder, nats_url):
    """``python -m nbh_reaper``."""
    file = folder / "nbhosting.toml"
    file.write_text(
        f'[site]\ndata = "{folder}"\n[nats]\nurl = "{nats_url}"\n[health]\nfirst_port = 0\n'
        f"[reaper]\n{SETTINGS}"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "nbh_reaper", "--config", str(file))
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def commands(bus):
    """What a provisioner hears."""
    heard = []

    async def hear(command):
        heard.append(command)

    async with consume(bus, COMMANDS, "provisioner-node1", [FreezeLab, StopLab], hear):
        yield heard


@pytest.fixture
async def stub():
    """A lab with an idle kernel."""
    async with StubLab(Clock()).serving() as lab:
        lab.run(busy=False)
        yield lab


async def put(bus, stub, **limits):
    """The buckets say that there are this course and this lab."""
    course = Course(course="python", giturl="g", image="image", limits=Limits(**limits))
    await Bucket(bus, Course).put(course.key, course)
    lab = stub.lab()
    await Bucket(bus, Lab).put(lab.key, lab)


async def test_an_idle_lab_is_asked_to_freeze_after_the_sites_time(tmp_path, nats_url, bus, stub):
    async with commands(bus) as heard, reaper(tmp_path, nats_url):
        await put(bus, stub)
        [command] = await eventually(lambda: heard)
    assert isinstance(command, FreezeLab)
    assert (command.at - stub.last_activity).total_seconds() >= 2


async def test_a_course_has_limits_of_its_own(tmp_path, nats_url, bus, stub):
    async with commands(bus) as heard, reaper(tmp_path, nats_url):
        await put(bus, stub, freeze=3600, age=3)
        [command] = await eventually(lambda: heard)
    assert isinstance(command, StopLab)
    assert command.reason == "age"


async def test_while_a_node_is_drained_a_lab_is_frozen_and_none_is_stopped(
    tmp_path, nats_url, bus, stub
):
    drains, drain = Bucket(bus, Drain), Drain(node=stub.lab().node, since=now())
    revision = await drains.put(drain.key, drain)
    async with commands(bus) as heard, reaper(tmp_path, nats_url):
        await put(bus, stub, age=1)
        [command] = await eventually(lambda: heard)
        assert isinstance(command, FreezeLab)
        await drains.delete(drain.key, revision)
        await eventually(lambda: isinstance(heard[-1], StopLab))
    assert heard[-1].reason == "age"


async def test_a_reaper_that_was_killed_goes_on(tmp_path, nats_url, bus, stub):
    async with commands(bus) as heard:
        async with reaper(tmp_path, nats_url):
            await put(bus, stub)
            await eventually(lambda: stub.asked)
        async with reaper(tmp_path, nats_url):
            await eventually(lambda: heard)


async def test_a_plan_says_what_becomes_of_each_lab_and_does_nothing(
    tmp_path, nats_url, bus, stub
):
    async with commands(bus) as heard, reaper(tmp_path, nats_url):
        await put(bus, stub, freeze=3600)
        await eventually(lambda: stub.asked > 2)
        [plan] = (await eventually(lambda: bus.ask(PlanLabs(), LabsPlanned))).labs
        assert (plan.course, plan.student, plan.verdict) == ("python", "ada", "keep")
        assert (plan.reason, plan.then) == ("used", "stop: idle")
        assert abs((plan.due - stub.last_activity).total_seconds() - 60) < 0.1
        assert await bus.ask(PlanLabs(only_course="other"), LabsPlanned) == LabsPlanned(labs=())
        assert heard == []


async def test_the_process_is_small_and_leaves_when_it_is_told(tmp_path, nats_url, bus, stub):
    await put(bus, stub)
    async with reaper(tmp_path, nats_url) as process:
        await eventually(lambda: stub.asked > 2)
        pss = psutil.Process(process.pid).memory_full_info().pss
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
    assert pss / 1024**2 <= PSS_MIB, f"{pss / 1024**2:.1f} MiB"


def _with_kernels(event):
    return isinstance(event, LabSampled) and event.kernels


async def test_nodes_and_labs_are_sampled(tmp_path, nats_url, bus, stub):
    async def measure(_):
        """Stands for a provisioner; a real one is in test_what_is_measured.py."""
        lab = LabMeasured(course="python", student="ada", generation=1, memory=7)
        return LabsMeasured(node=MACHINE, labs=(lab,))

    async def count(_):
        return WorkspacesCounted(students={"python": 3})

    heard = []

    async def hear(event):
        heard.append(event)

    async with (
        bus.answering(MeasureLabs, measure),
        bus.answering(CountWorkspaces, count),
        consume(bus, EVENTS, "samples", [NodeSampled, LabSampled], hear),
    ):
        await put(bus, stub)
        async with reaper(tmp_path, nats_url):
            await eventually(lambda: [e for e in heard if _with_kernels(e)], within=20)
    # the first one after a start, too: a reaper that starts again makes no dent in a curve
    node = next(e for e in heard if isinstance(e, NodeSampled))
    assert (node.total.running, node.total.kernels) == (1, 1)
    assert (node.machine, node.courses["python"].students) == (MACHINE, 3)
    lab = next(e for e in heard if isinstance(e, LabSampled))
    assert (lab.student, lab.memory, lab.kernels) == ("ada", 7, 1)
