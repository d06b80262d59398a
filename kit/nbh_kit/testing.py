"""What tests need of the real world: a nats-server of their own, free ports, patience."""

import asyncio
import contextlib
import functools
import itertools
import os
import random
import socket
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar, overload

import msgspec

from nbh_kit import programs

T = TypeVar("T")

_FIRST_PORT, _PAST_PORT = 10_000, 32_768

_CONFIG = """
host: 127.0.0.1
port: {port}
jetstream {{ store_dir: "{store}", sync_interval: {sync} }}
"""


@asynccontextmanager
async def nats_server(
    store: Path | None = None, *, port: int = -1, sync: str = "always"
) -> AsyncGenerator[str]:
    """Run a real nats-server with JetStream on a free port (or the one given); yield its URL.

    ``sync`` is its ``sync_interval``; where a test only fills a stream, seconds are quicker.

    It writes the port it took, so none is guessed; it is ready in some 20 ms.
    """
    with tempfile.TemporaryDirectory(prefix="nbh-nats-") as folder:
        config = Path(folder, "nats.conf")
        config.write_text(
            _CONFIG.format(port=port, sync=sync, store=store or Path(folder, "store"))
        )
        process = await asyncio.create_subprocess_exec(
            str(programs.find("nats-server")),
            "-c",
            str(config),
            "--ports_file_dir",
            folder,
            "-l",
            str(Path(folder, "log")),
        )
        try:
            ports = await eventually(lambda: _ports(Path(folder), process.pid))
            yield ports[0]
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


def _ports(folder: Path, pid: int) -> list[str]:
    text = (folder / f"nats-server_{pid}.ports").read_text()
    return list(msgspec.json.decode(text)["nats"])


@overload
async def eventually(
    question: Callable[[], Awaitable[T]], *, within: float = 30.0, pause: float = 0.01
) -> T: ...


@overload
async def eventually(
    question: Callable[[], T], *, within: float = 30.0, pause: float = 0.01
) -> T: ...


async def eventually(
    question: Callable[[], Any],
    *,
    within: float = 30.0,
    pause: float = 0.01,
) -> Any:
    """Ask until the answer is true, and return it; what it raises meanwhile does not count.

    Raises:
        AssertionError: it was not true within so many seconds; says the last answer or error.
    """
    deadline = asyncio.get_running_loop().time() + within
    last: object = None
    while True:
        try:
            answer = question()
            value = await answer if isinstance(answer, Awaitable) else answer
            if value:
                return value
            last = value
        except Exception as e:
            last = e
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not true within {within} s; last: {last!r}")
        await asyncio.sleep(pause)


def free_ports(count: int) -> int:
    """The first of so many ports in a row that nobody uses right now."""
    while True:
        first, *others = [free_port() for _ in range(count)]
        if others == list(range(first + 1, first + count)):
            return first


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses right now, and that no outgoing connection will take.

    The system takes those from 32768 up (Linux, ip_local_port_range), at any moment. Tests
    beside these (pytest-xdist) take others: between the choice and the use they cannot see ours.
    Nor is a port told twice before all others were: the first to ask may not use it yet.
    """
    return next(port for port in _ports_in_turn() if _is_free(port))


@functools.cache
def _ports_in_turn() -> Iterator[int]:
    beside = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    ours = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    share = (_PAST_PORT - _FIRST_PORT) // beside
    first, begin = _FIRST_PORT + ours * share, random.randrange(share)
    return (first + n % share for n in itertools.count(begin))


def _is_free(port: int) -> bool:
    with socket.socket() as s, contextlib.suppress(OSError):
        s.bind(("127.0.0.1", port))
        return True
    return False
