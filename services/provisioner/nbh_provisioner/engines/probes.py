"""Tries to reach places from inside a lab: with sockets that are made in its network namespace,
before anything of the student's runs there."""

import contextlib
import ctypes
import os
import selectors
import socket
import threading
import time
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Literal

_CLONE_NEWNET = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)

Place = tuple[str, int]
"""An IPv4 address and a port."""

Outcome = Literal["reached", "refused", "silent"]


def outcomes(namespace: Path, places: Iterable[Place], within: float) -> dict[Place, Outcome]:
    """What becomes of a TCP connection to each of the places, all at once.

    Args:
        within: seconds after which a place counts as silent.

    Raises:
        OSError: the namespace cannot be entered.
    """
    wanted = tuple(places)
    found: dict[Place, Outcome] = {}
    with contextlib.ExitStack() as stack:
        waiting = selectors.DefaultSelector()
        stack.callback(waiting.close)
        for place, one in zip(wanted, _made_inside(namespace, len(wanted)), strict=True):
            stack.callback(one.close)
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                one.connect_ex(place)
            waiting.register(one, selectors.EVENT_WRITE, place)
        until = time.monotonic() + within
        while len(found) < len(wanted) and (left := until - time.monotonic()) > 0:
            for key, _ in waiting.select(left):
                found[key.data] = _outcome(key.fileobj)
                waiting.unregister(key.fileobj)
    return {place: found.get(place, "silent") for place in wanted}


@contextlib.contextmanager
def listening(address: str) -> Generator[Place]:
    """A port of this machine that answers, for as long as the block runs."""
    with socket.create_server((address, 0)) as server:
        yield server.getsockname()


def _outcome(one: object) -> Outcome:
    assert isinstance(one, socket.socket)
    error = one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    return "refused" if error else "reached"


def _made_inside(namespace: Path, number: int) -> list[socket.socket]:
    """Sockets stay where they were made: by a thread that enters and ends there."""
    made: list[socket.socket] = []
    failed: list[OSError] = []

    def run() -> None:
        try:
            with namespace.open("rb") as held:
                _enter(held.fileno())
            made.extend(socket.socket() for _ in range(number))
        except OSError as e:
            failed.append(e)

    thread = threading.Thread(target=run, name="probe")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return made


def _enter(namespace: int) -> None:
    if _libc.setns(namespace, _CLONE_NEWNET) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), "setns")
