"""A course is checked before its students find what is wrong (`nbh course check`)."""

import asyncio
import json
import os
import subprocess
import sys
from datetime import timedelta

import msgspec
import pytest

from nbh_courses.checking import links, outcome
from nbh_kit import programs
from nbh_kit.testing import eventually
from nbh_proto import (
    AccessOpened,
    CheckCourse,
    CourseCheck,
    CourseChecked,
    CourseIndex,
    CreateCourse,
    FindNotebooksUsed,
    Notebook,
    NotebooksUsed,
    NotebookUsed,
    Problem,
    PullCourse,
    now,
)
from nbh_proto.streams import EVENTS
from tests.courses.service import done
from tests.courses.teacher import LESSON
from tests.stats.service import Service as Stats

WRONG = LESSON | {
    ".nbhosting/nbhosting.yaml": "tracks:\n- id: a\n  sections:\n  - notebooks: [w1/*, w9/*]\n",
    "w1/broken.ipynb": "{",
}
INDEX = CourseIndex(
    course="py",
    commit="0" * 40,
    notebooks=tuple(
        Notebook(path=path, title="t", version="1") for path in ("w1/a.md", "w1/b.py", "c.ipynb")
    ),
)


def used(notebook, students=5):
    return NotebookUsed(notebook=notebook, students=students, last=now())


@pytest.mark.parametrize("notebook", ["w1/a.md", "w1/a.ipynb", "w1/a.py", "w1/b.ipynb", "c.ipynb"])
def test_a_link_opens_as_long_as_its_notebook_is_there_in_any_format(notebook):
    assert links(INDEX, [used(notebook)]) == ()


@pytest.mark.parametrize(("students", "level"), [(1, "warning"), (2, "error"), (300, "error")])
def test_a_link_that_students_used_and_that_opens_nothing_is_told(students, level):
    (problem,) = links(INDEX, [used("w1/gone.md", students), used("w1/a.md")])
    assert (problem.file, problem.level) == ("w1/gone.md", level)
    assert "no longer here" in problem.what


def test_errors_come_first_and_all_are_counted():
    problems = tuple(
        Problem(file=f"f{n:03}", what="x", level="error" if n % 3 == 0 else "warning")
        for n in range(300)
    )
    found = outcome(msgspec.structs.replace(INDEX, problems=problems), (), most=120)
    assert (found.errors, found.warnings, len(found.problems)) == (100, 200, 120)
    assert [p.level for p in found.problems] == ["error"] * 100 + ["warning"] * 20


async def told(bus):
    state = (await bus.js.stream_info(EVENTS.name)).state
    every = [await bus.js.get_msg(EVENTS.name, n) for n in range(1, state.messages + 1)]
    return [
        msgspec.json.decode(raw.data, type=CourseChecked)
        for raw in every
        if ".course.checked." in raw.subject
    ]


async def has_told(bus, commit):
    return next((event for event in await told(bus) if event.commit == commit), None)


def kept(service):
    return [file.name for file in (service.courses / "py" / "indexes").iterdir()]


async def test_each_publication_is_checked_and_what_was_found_is_told_once(service, teacher, bus):
    wrong = teacher.push(WRONG)
    async with service.running():
        await done(bus, CreateCourse(course="py", giturl=teacher.url))
        event = await eventually(lambda: has_told(bus, wrong), within=20)
        await done(bus, PullCourse(course="py"))
        right = teacher.push(LESSON)
        await done(bus, PullCourse(course="py"))
        better = await eventually(lambda: has_told(bus, right), within=20)
        # the index of the older revision is of no use any more
        await eventually(lambda: kept(service) == [f"{right}.json"], within=20)
    assert event.errors == 2
    assert [p.file for p in event.problems[:2]] == [".nbhosting/nbhosting.yaml", "w1/broken.ipynb"]
    assert better.errors == 0
    assert [each.commit for each in await told(bus)] == [wrong, right]


async def opened(bus, course, notebook, student, ago=timedelta()):
    await bus.tell(
        AccessOpened(
            at=now() - ago,
            access=os.urandom(8).hex(),
            course=course,
            student=student,
            notebook=notebook,
            way="pool",
            seconds=0.1,
        )
    )


async def test_links_that_students_used_in_the_last_90_days_are_looked_at(
    service, teacher, bus, open_folder, nats_url
):
    for student in ("ada", "bob"):
        await opened(bus, "py", "w1/gone.md", student)
        await opened(bus, "py", "w1/first.ipynb", student)
        await opened(bus, "py", "w1/old.md", student, ago=timedelta(days=91))
        await opened(bus, "other", "w1/theirs.md", student)
    await opened(bus, "py", "mine.ipynb", "ada")
    teacher.push(LESSON)
    (open_folder / "stats").mkdir()
    stats = Stats(open_folder / "stats", nats_url)
    question = FindNotebooksUsed(only_course="py", since=now() - timedelta(days=90))

    async def stored():
        found = await bus.ask(question, NotebooksUsed, within=10)
        assert len(found.notebooks) == 3, found
        return found

    async with service.running(), stats.running():
        await done(bus, CreateCourse(course="py", giturl=teacher.url))
        await eventually(stored, within=30)
        found = await bus.ask(CheckCourse(course="py"), CourseCheck, within=20)
    said = {p.file: p.level for p in found.problems if "no longer here" in p.what}
    assert said == {"w1/gone.md": "error", "mine.ipynb": "warning"}


async def test_while_the_statistics_are_away_the_rest_is_checked(service, teacher, bus):
    teacher.push(WRONG)
    async with service.running():
        await done(bus, CreateCourse(course="py", giturl=teacher.url))
        found = await bus.ask(CheckCourse(course="py"), CourseCheck, within=20)
        nothing = await bus.ask(CheckCourse(course="none"), CourseCheck, within=20)
    assert found.errors == 2
    assert any("not known" in p.what and p.level == "warning" for p in found.problems)
    assert nothing.error == "there is no course none that is published"


def check(*words):
    done = subprocess.run(
        [sys.executable, "-m", "nbh_cli", "course", "check", *words],
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path):
    """A teacher's folder, in no repository."""

    def write(files):
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        return tmp_path

    return write


async def test_a_folder_is_checked_without_any_service(folder):
    status, out, err = await asyncio.to_thread(check, "--folder", str(folder(WRONG)))
    assert (status, err) == (1, "")
    assert "error    .nbhosting/nbhosting.yaml:4  tracks: entry 1" in out
    assert "'w9/*' names no notebook" in out
    assert out.splitlines()[-1] == "5 notebooks at no commit: 2 errors, 2 warnings"


async def test_warnings_do_not_fail_a_job(folder):
    status, out, _ = await asyncio.to_thread(check, "--folder", str(folder(LESSON)))
    assert status == 0
    assert out.splitlines()[-1].endswith("0 errors, 4 warnings")


async def test_a_program_reads_one_problem_a_line(folder):
    status, out, _ = await asyncio.to_thread(check, "--json", "--folder", str(folder(WRONG)))
    first, *_ = map(json.loads, out.splitlines())
    assert status == 1
    assert (first["file"], first["line"], first["level"]) == (
        ".nbhosting/nbhosting.yaml",
        4,
        "error",
    )


async def test_a_checkout_is_what_git_would_commit_of_it(folder):
    path = folder(LESSON | {".gitignore": "scratch*\n", "scratch.ipynb": "{"})
    git = str(programs.find("git"))
    await asyncio.to_thread(subprocess.run, [git, "init", "--quiet", str(path)], check=True)
    (path / "w1" / "secret.md").symlink_to("/etc/passwd")
    status, out, _ = await asyncio.to_thread(check, "--folder", str(path))
    assert status == 1
    assert "scratch" not in out
    assert "root:" not in out
    assert "w1/secret.md" in out
    assert "a link that leads out of the repository" in out


@pytest.mark.parametrize("words", [(), ("py", "--folder", "."), ("--folder", "/nonexistent")])
async def test_what_is_to_be_checked_must_be_said(words):
    status, _, err = await asyncio.to_thread(check, *words)
    assert status == 2
    assert err.startswith("nbh: ")
