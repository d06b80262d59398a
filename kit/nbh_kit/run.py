"""How a service runs: its log, its end, its rights."""

import asyncio
import concurrent.futures.thread  # noqa: F401  # asyncio.to_thread imports it at its first use,
import contextlib
import ctypes
import encodings.idna  # noqa: F401  # and so does looking up a host's name: too late once dropped
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, Literal

import structlog

from nbh_kit import lines
from nbh_kit.lines import Lines
from nbh_kit.metrics import Counter, Metrics
from nbh_proto import names

LogLevel = Literal["debug", "info", "warning", "error"]

_COUNTED = ("info", "warning", "error", "critical")

_PR_SET_PDEATHSIG, _PR_GET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 2, 38

logger = structlog.get_logger(__name__)


def configure_logging(service: str, level: LogLevel, metrics: Metrics | None = None) -> None:
    """JSON lines on stderr, columns on a terminal (E-4): constant event text, data as fields.

    ``metrics`` get how many there are of each level.
    """
    counter = (metrics or Metrics()).counter(
        "nbhosting_log_lines_total", "Lines of the log, by level.", level=_COUNTED
    )
    least = logging.getLevelName(level.upper())
    if sys.stderr.isatty() or os.environ.get("NBH_LOG") == "columns":
        structlog.configure(
            processors=_columns(service, counter),
            wrapper_class=structlog.make_filtering_bound_logger(least),
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        )
    else:
        structlog.configure(
            wrapper_class=lines.logger_class(least, Lines(service, counter)),
            logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
            cache_logger_on_first_use=True,
        )
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter("%(name)s: %(message)s", counter))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def without_capabilities(line: str) -> str:
    """A line for the log: paths and addresses of labs hold their capabilities (S-19)."""
    return names.CAPABILITY.sub("***", line)


def _columns(service: str, counter: Counter) -> list[Any]:
    """What writes for a person at a terminal."""

    def note(_logger: Any, level: str, said: dict[str, Any]) -> dict[str, Any]:
        counter.add(level)
        return {"service": service, **lines.about(), **said}

    return [
        note,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        lambda _logger, _level, line: without_capabilities(line),
    ]


class _Formatter(logging.Formatter):
    """Of what libraries say, which is counted too."""

    def __init__(self, form: str, counter: Counter) -> None:
        super().__init__(form)
        self._counter = counter

    def format(self, record: logging.LogRecord) -> str:
        self._counter.add(record.levelname.lower())
        return without_capabilities(super().format(record))


def drop_privileges(uid: int | None) -> None:
    """Become an unprivileged user for good, if we are root and one is given (S-5).

    Called after everything is imported and before anything is opened to the world: the
    interpreter may stand where that user cannot read.
    """
    if uid is None or os.getuid() != 0:
        return
    with _dying_with_the_parent():
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    os.umask(0o027)
    os.environ["HOME"] = "/nonexistent"


@contextlib.contextmanager
def _dying_with_the_parent() -> Iterator[None]:
    # The kernel forgets at a change of user that we wanted to end with `nbh up` (prctl(2)), and
    # our program may gain nothing back by what it executes.
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getppid()
    dies_by = ctypes.c_int()
    libc.prctl(_PR_GET_PDEATHSIG, ctypes.byref(dies_by), 0, 0, 0)
    yield
    libc.prctl(_PR_SET_PDEATHSIG, dies_by, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if dies_by.value and os.getppid() != parent:  # it ended meanwhile
        os.kill(os.getpid(), dies_by.value)


async def stoppable(serving: Coroutine[Any, Any, None], *, finish_within: float = 10.0) -> None:
    """Run a service that hears SIGTERM and SIGINT from its first step on.

    It may be told before it has come to `until_stopped`: while it waits for NATS, or when it has
    begun to serve. Then it is cancelled, and ends in order what it has begun. A second signal ends
    at once.
    """
    stopped = _heard()
    task = asyncio.ensure_future(serving)
    waiting: asyncio.Future[Any] = asyncio.ensure_future(stopped.wait())
    await asyncio.wait({waiting, task}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not task.done():
        await _end({task}, finish_within)
    if not task.cancelled():
        task.result()


async def until_stopped(*forever: Awaitable[None], finish_within: float = 10.0) -> None:
    """Wait for SIGTERM or SIGINT; a second one ends at once (R-19).

    ``forever`` are loops that never return: if one does, or raises, the service ends with it.
    When told to stop they are cancelled, and have so many seconds to finish what they have begun.
    """
    stopped = _heard()
    waiting: asyncio.Future[Any] = asyncio.ensure_future(stopped.wait())
    loops: set[asyncio.Future[Any]] = {asyncio.ensure_future(f) for f in forever}
    done, _ = await asyncio.wait({waiting, *loops}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    await _end(loops, finish_within)
    for task in done - {waiting}:
        task.result()
        raise RuntimeError("a loop that should run for ever has returned")


def _heard() -> asyncio.Event:
    """Is set by the first signal from now on; the second one ends the process."""
    stopped = asyncio.Event()

    def stop() -> None:
        if stopped.is_set():
            os._exit(1)
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    return stopped


async def _end(tasks: set[asyncio.Future[Any]], within: float) -> None:
    """Cancel, and cancel again what goes on regardless (see `nbh_kit.cancelling`)."""
    going_on = tasks
    while going_on:
        for task in going_on:
            task.cancel()
        _, going_on = await asyncio.wait(going_on, timeout=within)


async def every(seconds: float, call: Callable[[], Awaitable[None]]) -> None:
    """Call again and again; what a call raises is logged, and the next one comes."""
    while True:
        try:
            await call()
        except Exception:
            logger.exception("a round failed", round=getattr(call, "__qualname__", repr(call)))
        await asyncio.sleep(seconds)
