"""Runs the git program: literal arguments, a closed environment, limits, and its words live."""

import asyncio
import contextlib
import os
import re
import signal
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from nbh_courses import environment, failure
from nbh_courses.egress import Target
from nbh_courses.environment import CONFIGURATION
from nbh_courses.failure import CourseError
from nbh_kit import programs

Say = Callable[[str], Awaitable[None]]
"""Tells whoever waits one line about how it goes."""

_MOST_OUTPUT = 4 * 1024**2
_LAST_LINES = 30
_LONGEST_LINE = 200
_SECONDS_BETWEEN = 0.3
_PROGRESS = re.compile(r"(?:remote: )?([A-Z][a-z]+ (?:objects|deltas)|Updating files): .*")


class Stopping(Exception):
    """We are asked to leave: what was begun will be asked for again."""


class Limits(NamedTuple):
    """What one run of git may take."""

    seconds: float
    max_bytes: int
    """Of each file it writes; a fetch writes one pack."""


class Git:
    """The git program, as it may be run here."""

    def __init__(self, closed: Mapping[str, str], limits: Limits) -> None:
        self._environment = dict(closed)
        self._limits = limits
        self._before = _limited(limits)
        self._running: set[asyncio.subprocess.Process] = set()
        self._stopping = False

    async def run(
        self, *arguments: str, folder: Path, say: Say | None = None, to: Target | None = None
    ) -> str:
        """Run git in a folder and return what it wrote; its progress is said live.

        Where it speaks to another machine, ``to`` is that machine, and no other.

        Raises:
            CourseError: it failed, or took too long; says why.
            Stopping: we are leaving.
        """
        if self._stopping:
            raise Stopping
        process = await self._started(arguments, folder, to)
        self._running.add(process)
        try:
            async with asyncio.timeout(self._limits.seconds):
                output, said = await _heard(process, say)
                status = await process.wait()
        except TimeoutError as e:
            within = f"{self._limits.seconds:.0f} s (courses.fetch_within)"
            raise CourseError("slow", f"git {arguments[0]} took longer than {within}") from e
        finally:
            await _end(process)
            self._running.discard(process)
        if self._stopping:
            raise Stopping
        if status:
            raise failure.of_git(status, said)
        return output

    def stop(self) -> None:
        """End what runs; from now on nothing is run."""
        self._stopping = True
        for process in self._running:
            _kill(process)

    async def _started(
        self, arguments: tuple[str, ...], folder: Path, to: Target | None
    ) -> asyncio.subprocess.Process:
        given = (*CONFIGURATION, *(to.for_git if to else ()))
        settings = (part for setting in given for part in ("-c", setting))
        return await asyncio.create_subprocess_exec(
            *(*self._before, *settings, *arguments),
            cwd=folder,
            env=environment.towards(self._environment, to),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            umask=0o022,  # labs read the mirror, as users of their own
            # SIGXFSZ stays ignored, so that a file too large is an error that git tells
            restore_signals=False,
        )


def _limited(limits: Limits) -> tuple[str, ...]:
    """The programs that set the limits and then become git.

    util-linux's, not a function between fork and exec: we have threads. Git dies with us, so that
    nobody works in a mirror which the next one of us takes for idle.
    """
    return (
        str(programs.find("prlimit")),
        f"--fsize={limits.max_bytes}",
        f"--cpu={max(1, round(limits.seconds))}",
        "--core=0",
        "--",
        str(programs.find("setpriv")),
        *("--pdeathsig", "KILL", "--no-new-privs"),
        "--",
        str(programs.find("git")),
    )


async def _heard(process: asyncio.subprocess.Process, say: Say | None) -> tuple[str, "deque[str]"]:
    assert process.stdout is not None
    assert process.stderr is not None
    said: deque[str] = deque(maxlen=_LAST_LINES)
    output, _ = await asyncio.gather(_output(process.stdout), _listened(process.stderr, said, say))
    return output.decode(errors="replace"), said


async def _output(stream: asyncio.StreamReader) -> bytes:
    output = b""
    while chunk := await stream.read(64 * 1024):
        output += chunk
        if len(output) > _MOST_OUTPUT:
            raise CourseError("too-big", "the repository has more branches than we look at")
    return output


async def _listened(stream: asyncio.StreamReader, said: "deque[str]", say: Say | None) -> None:
    clock = asyncio.get_running_loop().time
    last = 0.0
    async for line in _lines(stream):
        if not _PROGRESS.fullmatch(line):
            said.append(line)
        elif say and (clock() - last >= _SECONDS_BETWEEN or line.endswith("done.")):
            last = clock()
            await say(line)


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Lines as git writes them: a progress line ends with a carriage return and is overwritten."""
    rest = b""
    while chunk := await stream.read(8 * 1024):
        *whole, rest = re.split(rb"[\r\n]+", rest[-_LONGEST_LINE:] + chunk)
        for line in whole:
            if text := _text(line):
                yield text
    if text := _text(rest):
        yield text


def _text(line: bytes) -> str:
    return line[:_LONGEST_LINE].decode(errors="replace").strip()


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        _kill(process)
        await process.wait()


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
