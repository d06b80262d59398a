"""Runs the demo: the system, a course, a platform's page; and ends all of it."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, get_args

from nbh_cli import carrying_out, operating, snippet
from nbh_cli.demo.place import COURSE, KEY, PLATFORM, STAFF, Demo
from nbh_cli.sorry import Sorry
from nbh_cli.steps import Say, Steps
from nbh_cli.up import reach, ready
from nbh_cli.up.children import Program, become
from nbh_kit import passwords
from nbh_proto import (
    Account,
    Command,
    CommandFailed,
    CommandProgress,
    Course,
    CreateCourse,
    PullCourse,
    SetAccount,
    names,
)
from nbh_proto.course import CommandAnswer

IMAGE = "nbhosting/scipy-notebook"

_NOBODY = 65534
_READY_WITHIN = 60.0
_ENDS_WITHIN = 60.0
_LAST_LINES = 15


@asynccontextmanager
async def system(demo: Demo, steps: Steps) -> AsyncGenerator[asyncio.subprocess.Process]:
    """`nbh up` while the block runs; then it ends with all labs. Its log is a file."""
    argv = (sys.executable, "-P", "-m", "nbh_cli.up", str(demo.place.config_file), "--end-labs")
    demo.place.data.mkdir(parents=True, exist_ok=True)
    with demo.place.log.open("wb") as log:
        # If we are killed it hears so, and ends everything in order.
        process = await _started(Program("up", argv), signal.SIGTERM, log.fileno())
    try:
        yield process
    finally:
        with steps.step("ending labs and services"):
            await _ended(process)
        shutil.rmtree(demo.place.run, ignore_errors=True)


@asynccontextmanager
async def platform(demo: Demo, app: Path) -> AsyncGenerator[None]:
    """The learning platform's page while the block runs."""
    argv = (sys.executable, str(app), "--port", str(demo.platform_port))
    options = ("--notebooks", demo.config.origins.content, "--course", COURSE)
    who = ("--platform", PLATFORM, "--key", KEY)
    snippets = _print_snippets(demo.place.folder / "snippets")
    program = Program("platform", (*argv, *options, *who, "--snippets", str(snippets)))
    if os.getuid() == 0:
        show = reach.behind_barriers((*reach.code(), app.parents[1], snippets))
        program = program._replace(uid=_NOBODY, show=show)
    environment = {"PLATFORM_SECRET": demo.secret}
    log = demo.place.folder / "platform.log"
    with log.open("wb") as out:
        process = await _started(program, signal.SIGKILL, out.fileno(), environment)
    try:
        if not await _before(process, ready.answering("127.0.0.1", demo.platform_port, "/")):
            raise Sorry(f"the platform's page is not served; the end of {log}:\n{_end_of(log)}")
        yield
    finally:
        await _ended(process)


def _print_snippets(folder: Path) -> Path:
    """What `nbh snippet` prints, for a page that puts a title and links in it."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    for language in get_args(snippet.Language):
        text = snippet.text("TITLE", "LAUNCH_URL", rescue="RESCUE_URL", language=language)
        (folder / f"snippet.{language}.html").write_text(text)
        (folder / f"snippet.{language}.html").chmod(0o644)
    return folder


async def came_up(demo: Demo, up: asyncio.subprocess.Process) -> None:
    """Return once notebooks can be asked for.

    Raises:
        Sorry: the system does not come up; has the end of its log.
    """
    if not await _before(up, ready.ready(demo.config)):
        log = demo.place.log
        raise Sorry(f"the system did not come up; the end of {log}:\n{_end_of(log)}")


async def _before(process: asyncio.subprocess.Process, doing: Coroutine[Any, Any, None]) -> bool:
    """Whether something was done in time, and before a process ended."""
    done = asyncio.create_task(doing)
    ended = asyncio.create_task(process.wait())
    try:
        await asyncio.wait(
            {done, ended}, timeout=_READY_WITHIN, return_when=asyncio.FIRST_COMPLETED
        )
        return done.done()
    finally:
        done.cancel()
        ended.cancel()


async def publish(demo: Demo, say: Say) -> None:
    """Create the course, or publish what is new in it.

    Raises:
        Sorry: it was not published, and why.
    """

    def hear(answer: CommandAnswer) -> None:
        if isinstance(answer, CommandProgress):
            say(answer.line)

    async with operating.bus(demo.config) as bus:
        known = await operating.all_of(bus, Course)
        command = _pull() if names.token(COURSE) in known else _create(demo)
        last = await carrying_out.outcome(bus, command, hear)
    if isinstance(last, CommandFailed):
        raise Sorry(f"the course was not published: {carrying_out.why(last)}")


async def sign_up(demo: Demo) -> None:
    """Give the account of staff its password, whoever changed it meanwhile.

    Raises:
        Sorry: it has none, and why.
    """
    async with operating.bus(demo.config) as bus:
        known = await operating.all_of(bus, Account)
        new = names.token(STAFF) not in known
        command = SetAccount(
            account=STAFF,
            new=new,
            role="staff",
            password_hash=passwords.hashed(demo.password),
        )
        last = await carrying_out.outcome(bus, command, lambda _: None)
    if isinstance(last, CommandFailed):
        raise Sorry(f"there is no account: {carrying_out.why(last)}")


def _create(demo: Demo) -> Command:
    return CreateCourse(course=COURSE, giturl=str(demo.place.repository), image=IMAGE)


def _pull() -> Command:
    return PullCourse(course=COURSE)


async def _started(
    program: Program,
    dies_by: signal.Signals,
    output: int,
    environment: Mapping[str, str] | None = None,
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *become(program, dies_by=dies_by),
        stdin=asyncio.subprocess.DEVNULL,
        cwd="/",
        stdout=output,
        stderr=output,
        env={**os.environ, **(environment or {})},
        # Ctrl-C is for us; we end what we started in order
        process_group=0,
    )


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _ENDS_WITHIN)
    if process.returncode is None:
        process.kill()
        await process.wait()


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LAST_LINES:])
