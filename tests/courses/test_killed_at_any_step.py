"""kill -9 at each step of a publication leaves the old or the new revision, never a mixture.

The steps are the system calls that change what is on the disk: strace kills at the first, the
second, … of them, and each start sweeps or finishes what the kill before it left (S-44, R-6).
"""

import asyncio
import shutil
import subprocess
import sys
from itertools import count
from pathlib import Path

import msgspec
import pytest

from nbh_kit.buckets import Bucket
from nbh_kit.testing import eventually
from nbh_proto import Course, CoursePublished, CreateCourse, PullCourse
from nbh_proto.streams import EVENTS
from tests.courses.service import carried_out, done, ended_before_it_answered
from tests.courses.teacher import published

CALLS = ("mkdir", "syncfs", "rename", "fsync", "symlink")
"""Those by which a publication makes, keeps and names things."""

PUBLISH_ONCE = Path(__file__).parent / "publish_once.py"

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")


def lesson(n):
    """What the n-th commit holds: every file says which commit it is of."""
    text = f"lesson {n}\n"
    return {"w1/n.md": text, "w1/deep/n.py": text, "modules/m.py": text, "data/d.csv": text}


def revision(n):
    """What is served of it."""
    notebooks = ("w1/n.md", "w1/deep/n.py", "modules/m.py")
    places = (*(f"notebooks/{p}" for p in notebooks), "modules/m.py", "static/data/d.csv")
    return dict.fromkeys(places, f"lesson {n}\n".encode())


def killed_at(call, nth):
    """Kills who makes a call for the nth time (each thread counts for itself)."""
    inject = f"inject={call}:signal=KILL:when={nth}"
    return ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject)


def whole_revisions(place):
    """The revisions that are there, every one of which must be whole."""
    found = [r for r in (place / "revisions").iterdir() if not r.name.startswith(".")]
    return [published(each) for each in found]


async def test_each_step_of_a_publication_can_be_the_last(site, teacher):
    teacher.push(lesson("old"))
    await site.create(teacher.url)
    place = site.shelf.place("py")
    steps = 0
    for call in CALLS:
        for nth in count(1):
            now = f"{call} {nth}"
            teacher.push(lesson(now))
            tip = await site.repositories.tip(teacher.url, "", site.shelf.folder)
            await site.repositories.fetch(place.mirror, teacher.url, tip, site.say)
            before = site.served()
            argv = [*killed_at(call, nth), sys.executable, str(PUBLISH_ONCE), str(place.folder)]
            killed = await asyncio.to_thread(subprocess.call, argv)
            assert site.served() in (before, revision(now))
            assert all(len(set(each.values())) == 1 for each in whole_revisions(place.folder))
            site.shelf.sweep()  # as the next start does
            assert place.published == place.record.commit
            assert site.served() in (before, revision(now))
            if not killed:
                break
            steps += 1
        assert site.served() == revision(now)
    assert steps >= 18
    assert not list((place.folder / "revisions").glob(".*"))


async def test_the_service_can_be_killed_while_git_works_and_later(service, teacher, bus):
    current = service.courses / "py" / "current"
    teacher.push(lesson(0))
    async with service.running():
        await done(bus, CreateCourse(course="py", giturl=teacher.url))
    killed = 0
    steps = [(call, nth) for call in ("rename", "fsync", "syncfs", "symlink") for nth in (1, 2, 3)]
    for n, (call, nth) in enumerate(steps, 1):
        teacher.push(lesson(n))
        async with service.running(*killed_at(call, nth)) as process:
            killed += await ended_before_it_answered(process, bus, PullCourse(course="py"))
        assert published(current.resolve()) in [revision(m) for m in range(n + 1)]
    assert killed >= 5
    last = teacher.push(lesson("last"))
    async with service.running():
        await done(bus, PullCourse(course="py"))
        await eventually(lambda: shows(bus, last), within=20)
    assert published(current.resolve()) == revision("last")
    told = await publications(bus)
    assert told[-1] == last
    assert len(told) == len(set(told))
    left = {path.name for path in (service.courses / "py").iterdir()}
    assert left == {"course.json", "current", "indexes", "mirror.git", "revisions"}
    assert all(len(path.name) == 40 for path in (service.courses / "py" / "revisions").iterdir())


async def test_a_full_disk_is_told_and_the_last_revision_is_served(service, teacher, bus):
    full = ("-e", "trace=syncfs", "-e", "inject=syncfs:error=ENOSPC")
    teacher.push(lesson("old"))
    async with service.running():
        await done(bus, CreateCourse(course="py", giturl=teacher.url))
    teacher.push(lesson("new"))
    async with service.running("strace", "-f", "-qq", "-o", "/dev/null", *full):
        *_, last = await carried_out(bus, PullCourse(course="py"))
    assert (last.reason, last.detail) == ("disk-full", "No space left on device")
    place = service.courses / "py"
    assert published((place / "current").resolve()) == revision("old")
    assert len(list((place / "revisions").iterdir())) == 1
    async with service.running():
        await done(bus, PullCourse(course="py"))
    assert published((place / "current").resolve()) == revision("new")


async def shows(bus, commit):
    held = await Bucket(bus, Course).get("py")
    return held is not None and held.value.commit == commit


async def publications(bus):
    """Which commits were told, each time one was."""
    state = (await bus.js.stream_info(EVENTS.name)).state
    every = [await bus.js.get_msg(EVENTS.name, n) for n in range(1, state.messages + 1)]
    return [
        msgspec.json.decode(raw.data, type=CoursePublished).commit
        for raw in every
        if ".course.published." in raw.subject
    ]
