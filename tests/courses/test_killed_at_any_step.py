"""kill -9 at each step of a publication leaves the old or the new revision, never a mixture.

The steps are the system calls that change what is on the disk: strace kills at the first, the
second, … of them, and each start sweeps or finishes what the kill before it left (S-44, R-6).
"""

import asyncio
import shlex
import shutil
import signal
import subprocess
import sys
from itertools import count

import msgspec
import pytest

from nbh_courses.failure import CourseError
from nbh_courses.shelf import Shelf
from nbh_kit import programs
from nbh_kit.buckets import Bucket
from nbh_kit.testing import eventually
from nbh_proto import Course, CoursePublished, CreateCourse, PullCourse
from nbh_proto.streams import EVENTS
from tests.conftest import REPOSITORY
from tests.courses.service import carried_out, done, ended_before_it_answered
from tests.courses.site import Site
from tests.courses.teacher import published
from tests.tracing import killed_at, strace

CALLS = ("mkdir", "fchmod", "syncfs", "rename", "fsync", "symlink")
"""Those by which a publication makes, keeps and names things."""

GITS = {
    "init": ("rename",),
    "fetch": ("rename", "link", "unlink", "fsync"),
    "update-ref": ("rename", "unlink"),
    "symbolic-ref": ("rename",),
}
"""Those by which git does, by what it is asked for."""

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


def whole_revisions(place):
    """The revisions that are there, every one of which must be whole."""
    found = [r for r in (place / "revisions").iterdir() if not r.name.startswith(".")]
    return [published(each) for each in found]


async def is_killed(call, nth, site, nats_url, course, *url):
    """Create or pull a course in a process of its own; whether it was killed when it made a call
    for the nth time."""
    once = (sys.executable, "-m", "tests.courses.act_once", str(site.shelf.folder), nats_url)
    argv = (*once, call, str(nth), course, *url)
    status = await asyncio.to_thread(subprocess.call, argv, cwd=REPOSITORY)
    assert status in (0, -signal.SIGKILL)
    return status != 0


async def started_again(site):
    """What the service does at its next start."""
    site.shelf.sweep()
    await site.pulls.finish()


async def test_each_step_of_a_pull_can_be_the_last(site, teacher, bus, nats_url):
    teacher.push(lesson("old"))
    await site.create(teacher.url)
    place = site.shelf.place("py")
    steps, served = 0, [place.published]
    for call in CALLS:
        for nth in count(1):
            now = f"{call} {nth}"
            teacher.push(lesson(now))
            before = site.served()
            killed = await is_killed(call, nth, site, nats_url, "py")
            assert site.served() in (before, revision(now))
            assert all(len(set(each.values())) == 1 for each in whole_revisions(place.folder))
            await started_again(site)
            assert place.published == place.record.commit == place.record.told
            assert not list(place.folder.glob(".*.new"))
            assert site.served() in (before, revision(now))
            served += [] if place.published == served[-1] else [place.published]
            if not killed:
                break
            steps += 1
        assert site.served() == revision(now)
    assert steps >= 30
    assert not list((place.folder / "revisions").glob(".*"))
    assert await publications(bus) == served


async def test_each_step_of_a_creation_can_be_the_last(site, teacher, bus, nats_url):
    teacher.push(lesson("first"))
    steps, created = 0, 0
    for call in ("rename", "fsync", "symlink"):  # what lies between is a pull's
        for nth in count(1):
            course = f"{call}{nth}"
            killed = await is_killed(call, nth, site, nats_url, course, teacher.url)
            await started_again(site)
            place = site.shelf.place(course)
            if place.record:
                created += 1
                assert site.served(course) == revision("first")
            else:
                assert not place.folder.exists()
            assert not list(site.shelf.folder.glob(".creating*"))
            if not killed:
                assert place.record
                break
            steps += 1
    assert steps >= 12
    assert len(await publications(bus)) == created


def kill_git(folder, verb, call, nth):
    """Have a git in a folder that is killed when it makes a call for the nth time for a verb."""
    real = shutil.which("git", path="/usr/bin:/bin")
    traced = shlex.join(killed_at(call, nth))
    (folder / "git").write_text(
        f'#!/bin/sh\nfor word; do [ "$word" = {verb} ] &&'
        f' exec {traced} {real} "$@"; done\nexec {real} "$@"\n'
    )
    (folder / "git").chmod(0o755)


@pytest.mark.parametrize("verb", GITS)
async def test_git_can_be_killed_at_each_of_its_steps(tmp_path, bus, teacher, monkeypatch, verb):
    (folder := tmp_path / "bin").mkdir()
    kill_git(folder, "nothing", "rename", 1)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    assert programs.find("git") == folder / "git"
    site = Site(tmp_path / "courses", bus)
    teacher.push(lesson("old"))
    await site.create(teacher.url)
    steps = 0
    for call in GITS[verb]:
        for nth in count(1):
            now, before = f"{call} {nth}", site.served()
            commit = teacher.push(lesson(now))
            kill_git(folder, verb, call, nth)
            killed = await fails(site)
            assert site.served() in (before, revision(now))
            kill_git(folder, "nothing", "rename", 1)
            await site.pull()
            assert site.served() == revision(now)
            mirror = site.shelf.place("py").mirror
            assert teacher.git("--git-dir", str(mirror), "rev-parse", "HEAD") == commit
            if not killed:
                break
            steps += 1
    assert steps >= 1


async def fails(site) -> bool:
    try:
        await site.pull()
    except CourseError:
        return True
    return False


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
    # the end of the service, too, may come while it writes something down
    await asyncio.to_thread(Shelf(service.courses).sweep)
    told = await publications(bus)
    assert told[-1] == last
    assert len(told) == len(set(told))
    left = {path.name for path in (service.courses / "py").iterdir()}
    assert left == {"course.json", "current", "indexes", "mirror.git", "revisions"}
    assert all(len(path.name) == 40 for path in (service.courses / "py" / "revisions").iterdir())


async def test_a_full_disk_is_told_and_the_last_revision_is_served(service, teacher, bus):
    full = strace("-e", "trace=syncfs", "-e", "inject=syncfs:error=ENOSPC")
    teacher.push(lesson("old"))
    async with service.running():
        await done(bus, CreateCourse(course="py", giturl=teacher.url))
    teacher.push(lesson("new"))
    async with service.running(*full):
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
