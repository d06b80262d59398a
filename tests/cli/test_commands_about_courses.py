"""What `nbh course` prints and asks, against a real NATS."""

import asyncio
import contextlib
import json
import os
import pty
from datetime import timedelta

import pytest
import yaml

from nbh_kit.buckets import Bucket
from nbh_proto import (
    CountWorkspaces,
    Course,
    CourseIndex,
    FindImages,
    ImagesFound,
    Lab,
    LastBuild,
    Limits,
    now,
)
from nbh_proto.index import Build, Notebook, Problem, Section, Track
from nbh_proto.workspace import WorkspacesCounted
from tests.cli.test_commands import nbh  # noqa: F401  # a fixture


@pytest.fixture
async def courses(bus):
    """Three courses, one of which has labs, students and an index."""
    hour_ago = now() - timedelta(hours=1, minutes=5)
    for name, more in (
        ("py-adv", {"archived": True, "hook": True}),
        ("python", _everything(hour_ago)),
        ("r", {"failure": "unreachable", "failure_detail": "no route to host"}),
    ):
        url = f"https://forge.example.org/{name}"
        course = Course(course=name, giturl=url, **{"image": "i"} | more)
        await Bucket(bus, Course).create(course.key, course)
    for student, state in (("ada", "ready"), ("bob", "failed"), ("cleo", "frozen")):
        lab = _lab(student, state)
        await Bucket(bus, Lab).create(lab.key, lab)
    await Bucket(bus, CourseIndex).create("python", INDEX)


@pytest.fixture
async def counted(bus):
    """A provisioner that counts workspaces, and has the image of one course only."""

    async def count(_):
        return WorkspacesCounted(students={"python": 31})

    async def find(asked):
        here = {"localhost/nbh/python:c0ffeec0ff": now() - timedelta(days=40)}
        return ImagesFound(made={name: here[name] for name in here.keys() & set(asked.images)})

    async with (
        bus.answering(CountWorkspaces, count, node="node1"),
        bus.answering(FindImages, find, node="node1"),
    ):
        yield


INDEX = CourseIndex(
    course="python",
    commit="c0ffee",
    notebooks=(Notebook(path="w1/n1.md", title="Variables é", version="1.0"),),
    tracks=(
        Track(
            id="main",
            name="The course",
            sections=(Section(name="Week 1", notebooks=("w1/n1.md", "w1/n2.md")),),
        ),
    ),
    builds=(
        Build(id="book", name="The book", script="make", entry_point="a b/index.html"),
        Build(id="forum", name="The forum", external_url="https://forum.example.org/"),
    ),
    problems=(Problem(file="nbhosting.yaml", line=3, key="tracks: entry 2", what="no notebook"),),
)

BOOK = "http://share.localhost:8080/builds/python/book/latest/a%20b/index.html"


def _everything(published):
    return {
        "commit": "c0ffee" * 6 + "c0ff",
        "branch": "2026",
        "notebooks": 12,
        "changed": 3,
        "image": "localhost/nbh/python:c0ffeec0ff",
        "image_build": LastBuild(
            commit="0ddba11" * 5,
            at=now() - timedelta(minutes=9),
            outcome="failed",
            reason="step-failed",
            detail="line 3: no such package",
        ),
        "hook": True,
        "pushed_at": now() - timedelta(hours=3),
        "published_at": published,
        "pulled_at": now() - timedelta(minutes=3),
        "autopull": False,
        "staff": ("ada", "@teachers"),
        "limits": Limits(memory=1536 * 1024**2, idle=7200.0),
    }


def _lab(student, state):
    return Lab(
        node="node1",
        course="python",
        student=student,
        state=state,
        generation=1,
        capability="1" * 40,
        token="do-not-show-this-token",
        since=now(),
    )


async def test_a_list_shows_what_an_operator_looks_for(nbh, courses, counted):  # noqa: F811
    status, out, err = await nbh("course", "list")
    assert (status, err) == (0, "")
    header, archived, python, r = out.splitlines()
    columns = "course commit age notebooks image built pulled labs students giturl trouble"
    assert " ".join(header.split()) == columns
    assert archived.startswith("py-adv (archived)")
    shown = "python c0ffeec0ff 1 h 12 nbh/python:c0ffeec0ff 40 d 3 min by hand 2 31"
    assert " ".join(python.split()).startswith(shown)
    assert python.endswith("its image could not be built: step-failed: line 3: no such package")
    assert "missing" in archived
    assert archived.endswith("there is no image i")
    assert "unreachable: no route to host" in r


async def test_a_list_can_be_narrowed_and_read_by_programs(nbh, courses, counted):  # noqa: F811
    _, out, _ = await nbh("course", "list", "py*", "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["course"] for row in rows] == ["py-adv", "python"]
    assert (rows[1]["labs"], rows[1]["students"], rows[1]["limits"]["idle"]) == (2, 31, 7200.0)
    status, out, err = await nbh("course", "list", "java")
    assert (status, out) == (1, "")
    assert "no course is called 'java'" in err


async def test_a_list_does_without_the_number_of_students_when_nobody_says_it(
    nbh,  # noqa: F811
    courses,
):
    status, out, _ = await nbh("course", "list")
    assert status == 0
    assert "by hand  2     ?" in out.splitlines()[2]
    assert "missing" not in out


async def test_everything_about_a_course_is_shown(nbh, courses, counted):  # noqa: F811
    _, out, _ = await nbh("course", "show", "python")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    for wanted in (
        "git https://forge.example.org/python (2026)",
        "commit c0ffeec0ff, published 1 h ago; 12 notebooks, 3 files changed",
        "pulled 3 min ago, by hand or webhook only",
        "webhook last push 3 h ago",
        "image localhost/nbh/python:c0ffeec0ff, made 40 d ago",
        "build failed 9 min ago, of 0ddba110dd: step-failed: line 3: no such package",
        "labs 2: ada, cleo",
        "students 31 have files",
        "staff ada @teachers",
        "limits memory 1.5G",
        "cpus 2 site default",
        "idle 2 h",
        "age 1 d site default",
        "pool_max 8 site default",
        "tracks The course (main): 1 section, 2 notebooks",
        f"read at The book (book): {BOOK} once `nbh course build-docs python` has built it",
        "The forum (forum): https://forum.example.org/",
        "problems nbhosting.yaml:3: tracks: entry 2: no notebook",
    ):
        assert wanted in lines, wanted
    shown = json.loads((await nbh("course", "show", "python", "--json"))[1])
    assert (shown["labs"], shown["students"]) == (["ada", "cleo"], 31)
    assert shown["index"]["tracks"][0]["id"] == "main"
    assert shown["documentation"] == {"book": BOOK, "forum": "https://forum.example.org/"}
    assert "do-not-show" not in json.dumps(shown)


async def test_a_webhook_and_an_image_that_are_not_there_are_told(nbh, courses, counted):  # noqa: F811
    _, out, _ = await nbh("course", "show", "r", "py-adv")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "webhook none; `nbh course hook r` makes one" in lines
    assert "webhook made, but no push has come yet" in lines
    assert lines.count("image i, which is not there: no lab can start") == 2


async def test_tracks_are_shown_for_people_and_for_programs(nbh, courses):  # noqa: F811
    _, out, _ = await nbh("course", "tracks", "python")
    assert out == (
        "python: The course (main)\n  Week 1\n    w1/n1.md  Variables é\n    w1/n2.md\n"
    )
    as_json = json.loads((await nbh("course", "tracks", "python", "--json"))[1])
    as_yaml = yaml.safe_load((await nbh("course", "tracks", "python", "--yaml"))[1])
    assert as_json["tracks"] == as_yaml["tracks"]
    assert as_yaml["tracks"][0]["sections"][0]["name"] == "Week 1"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set", "python"), "nothing to set"),
        (("set", "python", "--memory", "lots"), "--memory: 'lots' is no size; write 512M"),
        (("set", "python", "--idle", "2"), "--idle: '2' is no duration; write 90s"),
        (("set", "python", "--cpus", "two"), "--cpus: 'two' is no number"),
        (("set", "py", "--archived"), "'py' means py-adv, python; write '*py*' to set them all"),
        (("pull",), "name a course, or say --all"),
        (("show",), "name a course"),
        (("rename", "python", "../x"), "not the name of a course"),
        (("delete", "python"), "nobody is there to ask: say --yes"),
    ],
)
async def test_a_mistake_is_said_and_nothing_is_done(nbh, courses, words, said):  # noqa: F811
    status, out, err = await nbh("course", *words)
    assert (status, out) == (2, "")
    assert said in err


@pytest.mark.parametrize(
    ("options", "question", "answer"),
    [
        ((), "Delete python? Its students' files stay. [y/N]", "n"),
        (("--with-students",), "Type its name:", "y"),
    ],
)
async def test_who_deletes_is_asked_and_can_say_no(nbh, options, question, answer):  # noqa: F811
    said = await on_a_terminal(nbh.argv("course", "delete", "python", *options), answer)
    assert question in said
    assert "nothing was deleted" in said


async def on_a_terminal(argv, answer):
    """Run a command on a terminal and type an answer; all that was on the screen."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    os.write(ours, f"{answer}\n".encode())
    assert await asyncio.wait_for(process.wait(), 20) == 1
    screen = b""
    with contextlib.suppress(OSError):  # the other side has left
        while chunk := os.read(ours, 4096):
            screen += chunk
    os.close(ours)
    return screen.decode()
