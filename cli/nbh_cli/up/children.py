"""One program, kept running: started, watched, started again with back-off, ended in time."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from nbh_cli.up.backoff import Backoff
from nbh_cli.up.log import Log

_LAST_WORDS = 0.5
"""Seconds that we listen to what is left in a pipe of which the program has ended."""

_BECOME = Path(__file__).with_name("child.py")


class Program(NamedTuple):
    """What to run, and with which rights."""

    name: str
    argv: tuple[str, ...]
    """The full path of a binary, and its arguments."""

    uid: int | None = None
    """Who it is from its first instruction on; None if it drops its rights itself, or has none."""

    low_ports: bool = False
    """Whether it may listen on ports below 1024 nevertheless."""

    show: tuple[tuple[Path, Path], ...] = ()
    """(closed folder, path behind it): what it must reach all the same (`nbh_cli.up.reach`)."""

    environment: tuple[tuple[str, str], ...] = ()
    folder: Path = Path("/")
    """Where it starts. Ours may be where its user cannot go."""


class Child:
    """A program and the process that runs it now."""

    def __init__(
        self, program: Program, log: Log, before: Callable[[], None] = lambda: None
    ) -> None:
        """``before`` is called before each start; an OSError there counts as a failed start."""
        self.program = program
        self.started = asyncio.Event()
        """Set once the process is there for the first time."""

        self.ends = 0
        """How often it has ended by itself."""

        self._log = log
        self._before = before
        self._process: asyncio.subprocess.Process | None = None
        self._copying: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """The program's name."""
        return self.program.name

    @property
    def pid(self) -> int | None:
        """The process that runs now."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process and running else None

    async def keep(self) -> None:
        """Run it, again and again. Ends only by being cancelled; the process runs on then."""
        backoff = Backoff()
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            how = await self._run()
            self.ends += 1
            backoff = backoff.after(loop.time() - began)
            self._log.say(f"{self.name} {how}; starting it again in {backoff.wait:.1f} s")
            await asyncio.sleep(backoff.wait)

    def terminate(self) -> None:
        """Ask it to end; `keep` starts it again."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self._signal(signal.SIGKILL)

    async def end(self, within: float) -> None:
        """Ask it to end, wait so many seconds, then kill it and whatever it started.

        `keep` must have been cancelled before.
        """
        if self._process is None or self._copying is None or self.pid is None:
            return
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), within)
        except TimeoutError:
            self._log.say(f"{self.name} did not end within {within:.0f} s and is killed")
            self._signal(signal.SIGKILL)
            await self._process.wait()
        await self._clear_away(self._process.pid, self._copying)

    async def _run(self) -> str:
        # A pipe of our own: what asyncio's are, wait() waits for on some versions of Python, and a
        # grandchild may hold one open for ever.
        ours, theirs = os.pipe()
        try:
            self._before()
            self._process = await self._start(theirs)
        except OSError as e:
            os.close(ours)
            return f"cannot be started: {e}"
        finally:
            os.close(theirs)
        self.started.set()
        self._copying = asyncio.create_task(self._log.copy(self.name, ours))
        code = await self._process.wait()
        await self._clear_away(self._process.pid, self._copying)
        return how_it_ended(code)

    async def _clear_away(self, pid: int, copying: "asyncio.Task[None]") -> None:
        _kill_group(pid)
        await asyncio.wait({copying}, timeout=_LAST_WORDS)
        copying.cancel()

    async def _start(self, output: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *become(self.program),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=self.program.folder,
            env={**os.environ, **dict(self.program.environment)},
            # Ctrl-C reaches a terminal's whole group: we alone hear it, and end things in order
            process_group=0,
        )

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)


def _kill_group(leader: int) -> None:
    # what a program started itself and left behind, such as a git
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def become(program: Program, *, dies_by: signal.Signals = signal.SIGKILL) -> tuple[str, ...]:
    """The arguments that start a program so that it ends with us (`nbh_cli.up.child`)."""
    options = ["--parent", str(os.getpid()), "--dies-by", str(int(dies_by))]
    if program.uid is not None:
        options += ["--as", str(program.uid)]
    if program.low_ports:
        options += ["--low-ports"]
    for barrier, path in program.show:
        options += ["--show", str(barrier), str(path)]
    return (sys.executable, "-I", "-S", str(_BECOME), *options, "--", *program.argv)


def how_it_ended(code: int) -> str:
    """An exit status or signal, as a person says it."""
    if code >= 0:
        return f"ended with exit status {code}"
    with contextlib.suppress(ValueError):
        return f"was killed by {signal.Signals(-code).name}"
    return f"was killed by signal {-code}"
