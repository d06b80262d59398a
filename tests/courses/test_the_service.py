"""The service as it runs: a process, a nats-server, git."""

import asyncio
import os
import signal
from functools import partial
from pathlib import Path

import pytest

from nbh_kit import bus as buses
from nbh_kit.buckets import Bucket
from nbh_kit.config import Config
from nbh_kit.testing import eventually, free_port, nats_server
from nbh_proto import (
    CommandDone,
    CommandFailed,
    CommandProgress,
    Course,
    CourseIndex,
    CreateCourse,
    PullCourse,
    now,
)
from nbh_proto.streams import PATIENCE
from tests.courses.service import Service, carried_out, done, silent_forge
from tests.courses.teacher import LESSON, published
from tests.courses.test_titles import FORMATS


def create(teacher, course="py"):
    return CreateCourse(course=course, giturl=teacher.url)


async def shown(bus, course="py"):
    held = await Bucket(bus, Course).get(course)
    assert held is not None
    return held.value


async def test_a_course_is_created_and_pulled_by_command(service, teacher, bus):
    teacher.push(LESSON)
    async with service.running():
        answers = await carried_out(bus, create(teacher))
        assert isinstance(answers[0], CommandProgress)
        assert isinstance(answers[-1], CommandDone)
        assert answers[-1].line.startswith("published py at ")
        commit = teacher.push(LESSON | {"n.md": "new"})
        assert (await done(bus, PullCourse(course="py"))).startswith("published")
        assert (await done(bus, PullCourse(course="py"))).startswith("nothing new")
        assert (await shown(bus)).commit == commit
    served = published((service.courses / "py" / "current").resolve())
    assert served["notebooks/n.md"] == b"new"


async def test_a_command_that_cannot_be_carried_out_is_answered_with_its_reason(
    service, teacher, bus
):
    async with service.running():
        *_, last = await carried_out(bus, PullCourse(course="none"))
        assert isinstance(last, CommandFailed)
        assert last.reason == "unknown"
        *_, last = await carried_out(bus, create(teacher))
        assert (last.reason, last.detail) == ("no-branch", "the repository is empty")


async def test_a_command_that_nobody_could_take_in_time_is_not_carried_out(service, teacher, bus):
    teacher.push(LESSON)
    late = CreateCourse(course="py", giturl=teacher.url, at=now() - 2 * PATIENCE)
    async with service.running():
        *_, last = await carried_out(bus, late)
    assert (last.reason, last.detail) == ("expired", "nobody could take it within 10 minutes")
    assert not (service.courses / "py").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root has privileges to drop")
async def test_it_and_git_run_as_a_user_without_rights(service, teacher, bus):
    teacher.push(LESSON)
    uid = Config().uid_of("courses")
    async with service.running() as process:
        await done(bus, create(teacher))
        status = Path(f"/proc/{process.pid}/status").read_text()
    uids = next(line for line in status.splitlines() if line.startswith("Uid:"))
    assert uids.split()[1:] == [str(uid)] * 4
    assert "CapEff:\t0000000000000000" in status
    written = [service.courses / "py", *(service.courses / "py").rglob("*")]
    assert {path.lstat().st_uid for path in written} == {uid}


async def test_labs_can_read_what_is_published_and_the_mirror(service, teacher, bus):
    teacher.push(LESSON)
    async with service.running():
        await done(bus, create(teacher))
    place = service.courses / "py"
    for path in (place, *(place / "revisions").rglob("*"), *(place / "mirror.git").rglob("*")):
        if not path.is_symlink():
            assert path.stat().st_mode & 0o004, path
            assert not path.stat().st_mode & 0o002, path


async def test_the_timer_publishes_what_was_pushed(service, teacher, bus):
    teacher.push(LESSON)
    async with service.running():
        await done(bus, create(teacher))
    commit = teacher.push({"n.md": "x"})

    async def published():
        return (await shown(bus)).commit == commit

    async with service.running():  # a round comes at once
        await eventually(published, within=20)


async def test_the_timer_looks_again_and_again(service, teacher, bus, monkeypatch):
    monkeypatch.setenv("NBH_COURSES_PULL_EVERY", "0.2")
    teacher.push(LESSON)
    async with service.running():
        await done(bus, create(teacher))
        for number in range(3):
            commit = teacher.push(LESSON | {"n.md": f"{number}"})
            await eventually(partial(_is_shown, bus, commit), within=20)


async def _is_shown(bus, commit):
    return (await shown(bus)).commit == commit


async def test_the_bucket_is_written_again_when_jetstream_was_lost(tmp_path, open_folder, teacher):
    teacher.push(LESSON)
    port = free_port()
    service = Service(open_folder, f"nats://127.0.0.1:{port}")
    async with service.running():
        async with (
            nats_server(tmp_path / "lost", port=port) as url,
            buses.connect(url, name="test") as bus,
        ):
            await done(bus, create(teacher))
            before = await shown(bus)
        async with (
            nats_server(tmp_path / "new", port=port) as url,
            buses.connect(url, name="test") as bus,
        ):
            again = await eventually(lambda: shown(bus), within=20)
            assert again == before


async def test_a_course_that_is_not_on_the_disk_is_taken_back(service, teacher, bus):
    await Bucket(bus, Course).put("ghost", Course(course="ghost", giturl="x", image="x"))

    async def gone():
        return await Bucket(bus, Course).get("ghost") is None

    async with service.running():
        await eventually(gone, within=20)


async def test_two_at_once_take_turns(service, teacher, bus, capfd):
    teacher.push(LESSON)
    said = ""

    def second_waits():
        nonlocal said
        said += capfd.readouterr().err
        return "waiting for another process to leave" in said

    async with service.running() as first:
        await done(bus, create(teacher))
        async with service.running():
            await eventually(second_waits, within=20)
            first.send_signal(signal.SIGTERM)
            assert await first.wait() == 0
            await done(bus, PullCourse(course="py"))


def _hears_sigterm(pid):
    """Whether it has got as far in its start: commands that wait are taken a little earlier."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return int(caught.split()[1], 16) & 1 << (signal.SIGTERM - 1)


async def test_it_leaves_when_asked_and_leaves_a_fetch_for_the_next(service, bus):
    async with silent_forge() as forge:
        async with service.running() as process:
            await bus.tell(CreateCourse(course="slow", giturl=forge.url))
            await asyncio.wait_for(forge.reached.wait(), 20)
            await eventually(lambda: _hears_sigterm(process.pid))
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 30) == 0
        forge.reached.clear()
        async with service.running():  # the command was not lost
            await asyncio.wait_for(forge.reached.wait(), 20)


async def test_it_stays_small(service, teacher, bus):
    teacher.push({f"w{n % 20}/n{n}.md": "x" * 20_000 for n in range(300)})
    async with service.running() as process:
        await done(bus, create(teacher))
        rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    pss = next(line for line in rollup.splitlines() if line.startswith("Pss:"))
    assert int(pss.split()[1]) < 100 * 1024  # KiB


ODD = {
    "nan.ipynb": '{"nbformat": 4, "nbformat_minor": 2, "metadata": {"x": NaN}, "cells": []}',
    "three.ipynb": '{"nbformat": 3, "metadata": {"name": "", "x": NaN}, "worksheets": []}',
    "escaped.md": '---\nversion: 1\nmore: "\\x41"\n---\n\n# A\n',
}


async def test_every_kind_of_notebook_is_read_by_a_user_who_can_read_nothing_else(
    service, teacher, bus
):
    # what a library loads late, it would load as that user (ADR 6)
    kinds = {f"{n}{suffix}": text for n, (suffix, text) in enumerate(FORMATS.values())}
    teacher.push(kinds | ODD)
    async with service.running():
        await done(bus, create(teacher))
        index = (await Bucket(bus, CourseIndex).get("py")).value
    assert [p.sentence for p in index.problems if p.level == "error"] == []
    assert {n.title for n in index.notebooks if n.path in kinds} == {"Une leçon"}
