"""A system takes over all that nbhosting 0.59 left: real services, labs in memory."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter

import pytest

from nbh_kit.testing import eventually
from tests.e2e.courses import small_course
from tests.e2e.student import Student
from tests.moving import old_root
from tests.system import running_system


class Moving:
    """The system, and the old root."""

    def __init__(self, system, root):
        self.system = system
        self.root = root

    async def take(self, *words):
        """What the command says, by what it is about: (taken, how or why)."""
        status, out, errors = await self.said(*words, "--json")
        assert status in (0, 1), errors
        rows = [json.loads(line) for line in out.splitlines()]
        return {row["what"]: (row["taken"], row.get("how") or row["why"]) for row in rows}

    async def said(self, *words):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "nbh_cli", "import-nbhosting", str(self.root), *words),
            *("--config", str(self.system.config_file)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors = await asyncio.wait_for(process.communicate(), 120)
        return process.returncode, out.decode(), errors.decode()

    async def course(self, name):
        lines = (await self.system.nbh("course", "list", "--json")).splitlines()
        return next((c for c in map(json.loads, lines) if c["course"] == name), None)

    def files(self):
        """All that students have here, with its content."""
        students = self.system.config.site.data / "students"
        plain = (p for p in students.rglob("*") if p.is_file() and not p.is_symlink())
        return {p: p.read_bytes() for p in plain if p.name not in ("huge.bin", ".taken-python")}


@pytest.fixture
async def moving(tmp_path):
    async with running_system(tmp_path, engine="memory") as system:
        repository = small_course(system.shared / "python")
        yield Moving(system, old_root.make(tmp_path / "old", python=str(repository.folder)))


async def test_all_of_it_comes_over_once_and_again_what_is_new(moving):
    await _nothing_is_done_yet(moving)
    report = await moving.take()
    await _what_is_there_is_there(moving, report)
    await _statistics_are_those_of_a_plain_count(moving)
    await _again_brings_nothing_twice(moving, report)
    await _what_is_new_there_comes_later(moving)
    await _what_is_interrupted_goes_on(moving)


async def _nothing_is_done_yet(moving):
    planned = await moving.take("--dry-run")
    assert planned["students' files of python"] == (True, "2 students")
    assert planned["course python"][0]
    assert await moving.course("python") is None
    assert moving.files() == {}


async def _what_is_there_is_there(moving, report):
    assert report["course python"][1].startswith("published python at ")
    assert report["local/python/nbhosting.yaml"] == (True, "copied")
    assert report["students/ada/python/pipe"] == (False, "it is a pipe, no file")
    assert not report["course old"][0]
    assert not report["image of course python"][0]
    course = await moving.course("python")
    assert (course["published_at"] is not None, course["branch"]) == (True, "main")
    shown = await moving.system.nbh("course", "show", "python")
    assert "@teachers" in shown
    for student in (old_root.HASH, "ada"):
        text = moving.system.file(student, "python", "w1/first.md")
        assert text == old_root.OLD_WORK.replace("ada", student)
    assert moving.system.file("ada", "orphan", "mine.txt") == "mine"
    assert old_root.SECRET.encode() not in b"".join(moving.files().values())


async def _statistics_are_those_of_a_plain_count(moving):
    opened = Counter(line.split()[2] for line in old_root.EVENTS[: old_root.OPENED])
    kept = await _lines(moving, "events", "--course", "python", "--kind", "access.opened")
    assert Counter(event["student"] for event in kept) == opened
    by_student = {
        row["student"]: row["opens"] for row in await _lines(moving, "students", "python")
    }
    assert by_student == {old_root.HASH: opened[old_root.HASH]}, "ada is staff"
    report = await moving.take("--course", "python")
    said = "0 lines stored, 4 known already, 1 passed over, 2 not readable"
    assert report["raw/python/events.raw"] == (True, said)
    unreadable = {f"raw/python/events.raw:{n}" for n in old_root.UNREADABLE}
    assert unreadable <= {what for what, (taken, _) in report.items() if not taken}


async def _lines(moving, *words):
    return [
        json.loads(line)
        for line in (await moving.system.nbh("stats", *words, "--json")).splitlines()
    ]


async def _again_brings_nothing_twice(moving, report):
    student = Student(moving.system.link("python", "w1/first", "ada"))
    await student.open()
    await student.close()
    mine = moving.system.path("ada", "python", "w1/first.md")
    mine.write_text("newer work")
    before = moving.files()
    again = await moving.take()
    assert moving.files() == before
    assert again["course python"] == (True, "there already; its settings stay as they are here")
    assert again["students' files of python"][1].startswith("2 students: 0 files copied (0)")
    assert {what for what, (taken, _) in again.items() if not taken} == {
        what for what, (taken, _) in report.items() if not taken
    }


async def _what_is_new_there_comes_later(moving):
    old_root.write(moving.root / "students/ada/python/w1/first.md", "worked on there", later=60)
    old_root.write(moving.root / "students/ada/python/w1/new.md", "new there", later=60)
    report = await moving.take()
    [beside] = [what for what in report if ".kept-" in what]
    assert moving.system.file("ada", "python", "w1/first.md") == "newer work"
    assert moving.system.file("ada", "python", "w1/new.md") == "new there"
    kept = beside.removeprefix("students/ada/python/")
    assert moving.system.file("ada", "python", kept) == "worked on there"


async def _what_is_interrupted_goes_on(moving):
    work = moving.root / "students/ada/python"
    for number in range(2000):
        old_root.write(work / f"many/{number}.txt", str(number))
    taking = asyncio.create_task(moving.take("--course", "python"))
    here = moving.system.folder("ada", "python") / "many"

    def has_begun():
        return here.is_dir() and any(here.iterdir())

    await eventually(has_begun, within=30, pause=0.001)
    provisioner = await eventually(lambda: moving.system.pid("provisioner"))
    os.kill(provisioner, signal.SIGKILL)
    report = await taking
    assert report["students' files of python"][0]
    texts = {p.name: p.read_text() for p in here.iterdir()}
    assert texts == {f"{n}.txt": str(n) for n in range(2000)}
