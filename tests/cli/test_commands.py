"""What `nbh`'s commands print, against a real NATS; programs read it, so it is checked closely."""

import asyncio
import json
import re
import sys

import msgspec
import pytest

from nbh_cli.__main__ import app
from nbh_kit.buckets import Bucket
from nbh_kit.consuming import consume
from nbh_kit.testing import eventually, free_port
from nbh_proto import (
    AccessRequested,
    CommandDone,
    CommandFailed,
    Course,
    CourseFailed,
    DeadLetter,
    FreezeLab,
    Lab,
    MakeHook,
    StopLab,
    now,
)
from nbh_proto.streams import COMMANDS, DEAD

CAPABILITY = "1" * 40
CONTAINER = "c0ffee" * 10 + "c0ff"
TOKEN = "do-not-show-this-token"


class Nbh:
    """Runs a command; (exit status, what it printed, what it said on the side)."""

    def __init__(self, file):
        self.file = file

    def argv(self, *words):
        return (sys.executable, "-m", "nbh_cli", *words, "--config", str(self.file))

    async def __call__(self, *words):
        process = await asyncio.create_subprocess_exec(
            *self.argv(*words), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, err = await asyncio.wait_for(process.communicate(), 20)
        return process.returncode, out.decode(), err.decode()


@pytest.fixture
def nbh(nats_url, tmp_path):
    file = tmp_path / "nbhosting.toml"
    file.write_text(
        f"[site]\ndata = '{tmp_path}/data'\n[nats]\nurl = '{nats_url}'\n"
        "[[platform]]\nname = 'lms'\ncourses = ['python', 'c*']\n"
        f"keys = [{{ id = 'k1', secret = '{'s' * 32}' }}]\n"
    )
    return Nbh(file)


async def test_a_course_s_webhook_is_shown_with_its_secret_once(bus, nbh):
    asked = []

    async def make(command):
        asked.append(command.anew)
        line = "" if asked == [False, False] else "s3cret"
        await bus.answer(command.answer_to, CommandDone(about=command.id, line=line))

    async with consume(bus, COMMANDS, "courses", [MakeHook], make):
        status, out, err = await nbh("course", "hook", "python")
        assert (status, out.splitlines()[:2]) == (
            0,
            ["URL     http://127.0.0.1:8080/hooks/python", "Secret  s3cret"],
        )
        assert all(forge in out for forge in ("GitHub", "GitLab", "Gitea", "Forgejo", "Bitbucket"))
        assert "not shown again" in err
        _, out, _ = await nbh("course", "hook", "python")
        assert "s3cret" not in out
        await nbh("course", "hook", "python", "--new")
    assert asked == [False, False, True]
    assert (await nbh("course", "hook", "../x"))[0] == 2


async def test_labs_are_listed_without_their_secrets(bus, nbh):
    assert await nbh("lab", "list") == (0, "No lab runs.\n", "")
    bucket = Bucket(bus, Lab)
    for student, state in (("ada", "ready"), ("émile".encode().hex(), "starting")):
        lab = _lab(student, state=state)
        await bucket.create(lab.key, lab)
    _, out, _ = await nbh("lab", "list")
    header, first, second = out.splitlines()
    shown = "course student state since container image address generation node"
    assert header.split() == shown.split()
    assert first.split()[:3] == ["python", "ada", "ready"]
    assert f"  {CONTAINER[:12]}  nbhosting/minimal-notebook  " in first
    assert second.split()[2] == "starting"
    for text in (out, (await nbh("lab", "list", "--json"))[1]):
        assert CAPABILITY not in text
        assert TOKEN not in text
    rows = [json.loads(line) for line in (await nbh("lab", "list", "--json"))[1].splitlines()]
    assert (rows[0]["student"], rows[0]["address"]) == ("ada", "10.0.0.2:8888")
    assert (rows[0]["generation"], rows[0]["container"]) == (7, CONTAINER)
    assert (await nbh("lab", "list", "--course", "other"))[1] == "No lab runs.\n"


async def test_labs_that_are_nobodys_are_listed_apart(bus, nbh):
    assert await nbh("lab", "list", "--pool") == (0, "No lab is in the pool.\n", "")
    for lab in (_lab("ada"), _lab("", state="pooled")):
        await Bucket(bus, Lab).create(lab.key, lab)
    (ada,) = (await nbh("lab", "list", "--json"))[1].splitlines()
    assert json.loads(ada)["student"] == "ada"
    header, pooled = (await nbh("lab", "list", "--pool"))[1].splitlines()
    assert "student" not in header
    assert pooled.split()[:2] == ["python", "pooled"]
    assert CAPABILITY not in pooled


async def test_stopping_a_lab_waits_until_it_is_gone(bus, nbh):
    lab = _lab("ada")
    await Bucket(bus, Lab).create(lab.key, lab)
    stopping = asyncio.create_task(nbh("lab", "stop", "python", "ada"))
    command = await eventually(lambda: _next(bus, COMMANDS, StopLab.pattern()))
    assert (command["course"], command["student"], command["node"]) == ("python", "ada", "node1")
    assert not stopping.done()
    done = CommandDone(about=command["id"], line="the lab is stopped")
    await bus.answer(command["answer_to"], done)
    assert await stopping == (0, "the lab is stopped\n", "")


@pytest.mark.parametrize("word", ["freeze", "stop"])
async def test_a_lab_that_is_not_there_can_be_neither_frozen_nor_stopped(bus, nbh, word):
    assert await nbh("lab", word, "python", "ada") == (1, "", "nbh: ada has no lab in python\n")
    status, _, err = await nbh("lab", word, "python", "a/da")
    assert (status, "'a/da' is not the name of a student" in err) == (2, True)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (CommandDone(about="", line="the lab is frozen"), (0, "the lab is frozen\n", "")),
        (
            CommandFailed(about="", reason="in-use", detail="somebody has a connection to it"),
            (1, "", "nbh: in-use: somebody has a connection to it\n"),
        ),
    ],
)
async def test_freezing_a_lab_says_how_it_went(bus, nbh, answer, said):
    lab = _lab("ada")
    await Bucket(bus, Lab).create(lab.key, lab)
    freezing = asyncio.create_task(nbh("lab", "freeze", "python", "ada"))
    command = await eventually(lambda: _next(bus, COMMANDS, FreezeLab.pattern()))
    assert (command["student"], command["generation"], command["reason"]) == ("ada", 7, "asked")
    await bus.answer(command["answer_to"], msgspec.structs.replace(answer, about=command["id"]))
    assert await freezing == said


async def test_courses_are_listed_with_what_is_wrong_with_them(bus, nbh):
    assert await nbh("course", "list") == (0, "There is no course yet.\n", "")
    course = Course(
        course="python",
        giturl="https://example.org/python.git",
        image="nbhosting/minimal-notebook",
        commit="c0ffee" * 6 + "c0ff",
        notebooks=12,
        failure="unreachable",
        failure_detail="no route to host",
    )
    await Bucket(bus, Course).create(course.key, course)
    _, out, _ = await nbh("course", "list")
    assert "python  c0ffeec0ff  12" in out
    assert "unreachable: no route to host" in out
    row = json.loads((await nbh("course", "list", "--json"))[1])
    assert (row["course"], row["commit"], row["failure"]) == (
        "python",
        course.commit,
        "unreachable",
    )


async def test_a_link_is_signed_for_a_course_that_exists(bus, nbh):
    status, out, err = await nbh("link", "python", "w1/intro", "ada")
    assert (status, out) == (1, "")
    assert err == "nbh: there is no course python; see `nbh course list`\n"
    course = Course(course="python", giturl="x", image="y")
    await Bucket(bus, Course).create(course.key, course)
    status, out, err = await nbh("link", "python", "w1/intro.ipynb", "ada", "--reset")
    assert (status, err) == (0, "")
    assert re.fullmatch(
        r"http://localhost:8080/notebookLazyCopy/python/w1/intro/ada\?action=reset&platform=lms"
        r"&role=student&expires=\d+&nonce=&key=k1&signature=[0-9a-f]{64}\n",
        out,
    )
    assert "/notebookGitRepo/" in (await nbh("link", "python", "n", "ada", "--clone"))[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("python", "../etc/passwd", "ada"), "'../etc/passwd' is not the name of a notebook"),
        (("py thon", "n", "ada"), "'py thon' is not the name of a course"),
        (("python", "n", "a/da"), "'a/da' is not the name of a student"),
        (("python", "n", "ada", "--expires", "13h"), "a link lives at most 12:00:00"),
        (("python", "n", "ada", "--platform", "other"), "no platform 'other' signs; there is lms"),
    ],
)
async def test_a_link_that_could_not_open_is_not_signed(nbh, words, said):
    status, out, err = await nbh("link", *words)
    assert (status, out) == (2, "")
    assert said in err


async def test_a_platform_signs_for_its_own_courses_only(nbh):
    status, _, err = await nbh("link", "statistics", "n", "ada")
    assert (status, err) == (1, "nbh: the platform lms may not open the course statistics\n")


async def test_the_last_events_are_shown_oldest_first(bus, nbh):
    assert await nbh("events") == (0, "No event is kept yet.\n", "")
    for number in range(1, 31):
        await bus.tell(_failed("python", f"number {number}"))
        await bus.tell(_failed("maths", f"sum {number}"))
    _, out, _ = await nbh("events", "--last", "3")
    details = [line.split("detail=")[1] for line in out.splitlines()]
    assert details == ["sum 29", "number 30", "sum 30"]
    _, out, _ = await nbh("events", "--last", "2", "--course", "python")
    assert [line.split("detail=")[1] for line in out.splitlines()] == ["number 29", "number 30"]
    _, out, _ = await nbh("events", "--last", "100", "--course", "maths", "--json")
    events = [json.loads(line) for line in out.splitlines()]
    assert [e["detail"] for e in events] == [f"sum {n}" for n in range(1, 31)]
    assert {e["subject"] for e in events} == {"nbh.event.course.failed.maths"}
    assert await nbh("events", "--last", "0") == (0, "", "")


async def test_events_that_follow_are_shown_as_they_come(bus, nbh):
    process = await asyncio.create_subprocess_exec(
        *nbh.argv("events", "--follow", "--json"), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        for detail in ("first", "second", "third"):
            await bus.tell(_failed("python", detail))
            line = await asyncio.wait_for(process.stdout.readline(), 30)
            assert json.loads(line)["detail"] == detail
    finally:
        process.send_signal(2)
        await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode == 130


async def test_an_event_does_not_show_the_inbox_that_waits_for_it(bus, nbh):
    await bus.tell(
        AccessRequested(
            access="a1", course="python", student="ada", notebook="n", answer_to="_INBOX.secret"
        )
    )
    _, out, _ = await nbh("events")
    assert "access.requested" in out
    assert "python ada" in out
    assert "_INBOX" not in out


async def test_dead_letters_are_listed_and_said_again(bus, nbh):
    assert await nbh("dead", "list") == (0, "There is no dead letter.\n", "")
    for number in (1, 2):
        await bus.tell(
            DeadLetter(
                service="stats",
                was="nbh.event.course.failed.python",
                sequence=number,
                reason=f"cannot be decoded: {number}",
                data=f"letter {number}".encode(),
            )
        )
    rows = [json.loads(line) for line in (await nbh("dead", "list", "--json"))[1].splitlines()]
    assert [(r["number"], r["service"], r["reason"]) for r in rows] == [
        (1, "stats", "cannot be decoded: 1"),
        (2, "stats", "cannot be decoded: 2"),
    ]
    heard = await bus.client.subscribe("nbh.event.course.failed.python")
    assert await nbh("dead", "replay", "2") == (0, "1 said again.\n", "")
    assert (await heard.next_msg(timeout=5)).data == b"letter 2"
    await heard.unsubscribe()
    assert (await bus.js.stream_info(DEAD.name)).state.messages == 1
    assert (await nbh("dead", "replay", "7"))[2] == "nbh: there is no dead letter 7\n"
    assert await nbh("dead", "replay", "--all") == (0, "1 said again.\n", "")
    assert (await nbh("dead", "list"))[1] == "There is no dead letter.\n"


async def test_replaying_nothing_in_particular_is_a_mistake(nbh):
    assert (await nbh("dead", "replay"))[0] == 2


async def test_when_nats_is_away_it_is_said_where_it_should_be(nbh):
    port = free_port()
    nbh.file.write_text(f"[nats]\nurl = 'nats://127.0.0.1:{port}'\n")
    for words in (("lab", "list"), ("events",), ("course", "list"), ("stats", "events")):
        status, out, err = await nbh(*words)
        assert (status, out) == (1, "")
        assert f"NATS at nats://127.0.0.1:{port}" in err
        assert "Is the system up" in err
        assert err.count("\n") == 1


async def test_when_nobody_keeps_statistics_it_is_said(bus, nbh):
    status, _, err = await nbh("stats", "events")
    assert status == 1
    assert "nobody answers nbh.question.stats.events" in err


async def test_a_wrong_configuration_is_said_with_key_and_reason(nbh):
    nbh.file.write_text("[router]\nprot = 1\n")
    status, _, err = await nbh("lab", "list")
    assert (status, err) == (2, f"nbh: {nbh.file}: router.prot: there is no such setting\n")


async def test_a_configuration_that_is_not_there_is_said_with_how_to_name_it(nbh):
    nbh.file.unlink()
    status, _, err = await nbh("lab", "list")
    assert (status, "name the file with --config, or in NBH_CONFIG" in err) == (2, True)


async def test_a_command_that_is_asked_about_says_all_about_itself(nbh):
    listed = (await nbh("course", "--help"))[1]
    asked = (await nbh("course", "set", "--help"))[1]
    assert "Change settings: image, limits" in listed
    assert "--files for those that run, too" in asked
    assert "[default: False]" not in asked


def test_each_argument_of_each_command_says_what_it_is():
    silent = [
        f"{' '.join(command)} {argument.name}"
        for command, its_app in _commands(app())
        for argument in its_app.assemble_argument_collection()
        if argument.show and not argument.parameter.help
    ]
    assert silent == []


@pytest.mark.parametrize(
    "command",
    [
        *("course list", "course show", "course tracks", "course images", "course check"),
        *("lab list", "reaper plan", "events", "stats events", "dead list", "host check"),
    ],
)
def test_what_lists_can_be_read_by_a_program(command):
    its_app = dict(_commands(app()))[("nbh", *command.split())]
    arguments = {argument.name for argument in its_app.assemble_argument_collection()}
    assert "--json" in arguments


def test_what_an_operator_reads_of_a_group_names_what_is_in_it():
    """But for courses, which have too many commands for a line."""
    nbh = app()
    for name in ("lab", "reaper", "stats", "dead", "host"):
        for command in nbh[name]:
            assert command.startswith("-") or command in nbh[name].help, (name, command)


async def test_a_command_that_does_not_exist_is_a_mistake(nbh):
    assert (await nbh("labs"))[0] not in (0, None)


@pytest.mark.parametrize("words", [(), ("lab", "list")])
async def test_help_needs_neither_the_bus_nor_what_runs_the_system(words):
    script = (
        "import sys\nfrom nbh_cli.__main__ import app\n"
        f"app()([*{words!r}, '--help'], result_action='return_value')\n"
        "print([m for m in ('nats', 'structlog', 'rich.markdown') if m in sys.modules])"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    if not words:
        assert out.decode().splitlines()[-1] == "[]"


def _lab(student, state="ready"):
    return Lab(
        node="node1",
        course="python",
        student=student,
        state=state,
        generation=7,
        capability=CAPABILITY,
        token=TOKEN,
        address="10.0.0.2:8888",
        container=CONTAINER,
        image="nbhosting/minimal-notebook@sha256:abc",
        since=now(),
    )


def _failed(course, detail):
    return CourseFailed(course=course, reason="slow", detail=detail)


async def _next(bus, stream, subject):
    raw = await bus.js.get_last_msg(stream.name, subject)
    return json.loads(raw.data)


def _commands(of, name=("nbh",)):
    """Every command below, with its name."""
    if of.default_command is not None:
        yield name, of
    for below in of:
        if not below.startswith("-"):
            yield from _commands(of[below], (*name, below))
