"""A child of `nbh up` is started again, ends when asked, and never outlives its parent."""

import asyncio
import io
import os
import re
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from nbh_cli.up import reach
from nbh_cli.up.backoff import Backoff
from nbh_cli.up.children import Child, Program, how_it_ended
from nbh_cli.up.log import Log
from nbh_kit.testing import eventually

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")

SLEEP = ("/bin/sleep", "60")


@asynccontextmanager
async def kept(*argv, said=None, **rights):
    """A child that is kept while the block runs."""
    child = Child(Program("it", argv, **rights), Log(said or io.StringIO()))
    keeping = asyncio.create_task(child.keep())
    try:
        yield child
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await child.end(within=5)


async def test_a_child_that_dies_is_started_again_and_the_log_says_how():
    said = io.StringIO()
    async with kept(*SLEEP, said=said) as child:
        await eventually(lambda: _is(child.pid, "sleep"))
        first = child.pid
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: child.pid not in (first, None))
        assert not psutil.pid_exists(first)
    assert "it was killed by SIGKILL; starting it again in 0.1 s" in said.getvalue()


async def test_a_child_that_fails_at_once_is_waited_for_longer_each_time():
    said = io.StringIO()
    async with kept("/bin/sh", "-c", "exit 3", said=said) as child:
        await eventually(lambda: child.ends >= 3)
    lines = [line.partition("| ")[2] for line in said.getvalue().splitlines()]
    assert lines[:3] == [
        f"it ended with exit status 3; starting it again in {wait} s" for wait in (0.1, 0.2, 0.4)
    ]


def test_the_wait_grows_to_five_seconds_and_is_short_again_after_a_good_run():
    backoff, waits = Backoff(), []
    for _ in range(9):
        backoff = backoff.after(ran=0.5)
        waits.append(round(backoff.wait, 1))
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]
    assert backoff.after(ran=6).wait == 0.1


async def test_a_program_that_is_not_there_is_told_and_tried_again():
    said = io.StringIO()
    async with kept("/nowhere/at-all", said=said) as child:
        await eventually(lambda: child.ends >= 2)
    assert "No such file or directory: '/nowhere/at-all'" in said.getvalue()


async def test_each_line_of_a_child_has_its_name():
    said = io.StringIO()
    script = "echo one; echo two >&2; printf three; sleep 60"
    async with kept("/bin/sh", "-c", script, said=said):
        await eventually(lambda: "two" in said.getvalue())
    assert said.getvalue() == "it          | one\nit          | two\nit          | three\n"


async def test_the_last_words_of_a_child_that_kills_itself_are_in_the_log():
    said = io.StringIO()
    script = "echo one; echo two; kill -9 $$"
    async with kept("/bin/sh", "-c", script, said=said) as child:
        await eventually(lambda: child.ends >= 1)
    lines = said.getvalue().splitlines()
    assert lines[:2] == ["it          | one", "it          | two"]
    assert lines[2].startswith("nbh         | it was killed by SIGKILL")


async def test_what_a_child_says_in_a_flood_is_all_in_the_log():
    said = io.StringIO()
    script = (
        "i=0; while [ $i -lt 40000 ]; do echo a line of some words, number $i; i=$((i+1)); done"
    )
    async with kept("/bin/sh", "-c", f"{script}; sleep 60", said=said):
        await eventually(lambda: "number 39999\n" in said.getvalue(), within=10)
    assert len(said.getvalue().splitlines()) == 40_000


def test_a_line_that_the_terminals_encoding_has_no_letters_for_is_written():
    written = io.BytesIO()
    log = Log(io.TextIOWrapper(written, encoding="ascii"))
    log.write("it", "caf\xe9")
    assert written.getvalue() == b"it          | caf\\xe9\n"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_on_a_terminal_each_name_has_a_colour_of_its_own():
    said = Terminal()
    log = Log(said, width=6)
    for name in ("router", "nats", "router"):
        log.write(name, "a line")
    router, nats, again = said.getvalue().splitlines()
    assert re.fullmatch(r"\x1b\[\d+mrouter \| \x1b\[0ma line", router)
    assert again == router
    assert nats.partition("m")[0] != router.partition("m")[0]


def test_a_log_that_nobody_reads_any_more_ends_nothing():
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        log = Log(stream)
        for _ in range(3):
            log.say("nobody hears this")


async def test_a_line_without_an_end_does_not_fill_the_memory():
    said = io.StringIO()
    script = (
        "import sys, time; sys.stdout.write('x' * 200_000); sys.stdout.flush(); time.sleep(60)"
    )
    async with kept(sys.executable, "-c", script, said=said):
        await eventually(lambda: said.getvalue().count("x") >= 131_072)
    assert said.getvalue().count("x") == 200_000


async def test_a_child_that_does_not_listen_is_killed_with_what_it_started(tmp_path):
    script = f"trap '' TERM; sleep 61 & echo $! > {tmp_path}/grandchild; while :; do wait; done"
    said = io.StringIO()
    async with kept("/bin/sh", "-c", script, said=said) as child:
        grandchild = int(await eventually((tmp_path / "grandchild").read_text))
        pid = child.pid
        child_end, child.end = child.end, lambda within: child_end(0.2)
    assert not psutil.pid_exists(pid)
    await eventually(lambda: not psutil.pid_exists(grandchild))
    assert "did not end within 0 s and is killed" in said.getvalue()


@pytest.mark.parametrize(
    "uid",
    [None, pytest.param(64198, marks=needs_root, id="another user")],
    ids=["same user", None],
)
async def test_a_child_ends_with_its_parent_even_when_that_is_killed(tmp_path, uid):
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PARENT.format(uid=uid, file=tmp_path / "pid")
    )
    pid = int(await eventually((tmp_path / "pid").read_text))
    await eventually(lambda: _is(pid, "sleep"))
    parent.kill()
    await parent.wait()
    await eventually(lambda: not psutil.pid_exists(pid) or _is_zombie(pid))


_PARENT = """
import asyncio, sys
from pathlib import Path
from nbh_cli.up.children import Child, Program
from nbh_cli.up.log import Log

async def main():
    child = Child(Program("it", ("/bin/sleep", "60"), uid={uid}), Log(sys.stderr))
    keeping = asyncio.create_task(child.keep())
    await child.started.wait()
    Path("{file}").write_text(str(child.pid))
    await keeping

asyncio.run(main())
"""


@needs_root
async def test_a_child_has_no_right_of_root_and_cannot_get_one_back():
    async with kept(*SLEEP, uid=64199) as child:
        await eventually(lambda: _is(child.pid, "sleep"))
        status = _status(child.pid)
    assert status["Uid"] == status["Gid"] == "\t".join(["64199"] * 4)
    assert status["Groups"] == ""
    assert {int(status[c], 16) for c in ("CapEff", "CapPrm", "CapInh", "CapAmb")} == {0}
    assert status["NoNewPrivs"] == "1"


@needs_root
async def test_a_child_may_listen_on_a_low_port_and_nothing_else():
    async with kept(*SLEEP, uid=64199, low_ports=True) as child:
        await eventually(lambda: _is(child.pid, "sleep"))
        status = _status(child.pid)
    assert {int(status[c], 16) for c in ("CapEff", "CapPrm", "CapAmb")} == {1 << 10}


@needs_root
async def test_a_child_reaches_what_stands_behind_a_closed_folder_and_nothing_else_there(tmp_path):
    closed = tmp_path / "closed"
    (closed / "deep" / "open").mkdir(parents=True)
    (closed / "deep" / "open" / "file").write_text("what it needs\n")
    (closed / "deep" / "secret").write_text("what it does not need")
    closed.chmod(0o700)
    show = reach.behind_barriers([closed / "deep" / "open"])
    script = f"ls {closed}/deep; cat {closed}/deep/open/file; sleep 60"
    said = io.StringIO()
    async with kept("/bin/sh", "-c", script, said=said, uid=64199, show=show):
        await eventually(lambda: said.getvalue().count("|") >= 2)
    assert said.getvalue() == "it          | open\nit          | what it needs\n"
    assert (closed / "deep" / "secret").read_text()  # the machine's own view is as before


def test_signals_have_their_names():
    assert how_it_ended(-9) == "was killed by SIGKILL"
    assert how_it_ended(-64) == "was killed by SIGRTMAX"
    assert how_it_ended(0) == "ended with exit status 0"


def _is(pid, name):
    return pid is not None and psutil.Process(pid).name() == name


def _is_zombie(pid):
    return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def _status(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}
