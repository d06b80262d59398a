"""Reads notebooks that anybody wrote: ``python -m nbh_courses.parser``, asked by `parsing`.

It imports what it needs, becomes who it should be, and then forks a child for whoever sends it a
socket: the child hears files and answers on that socket, and ends with it. So no notebook can take
the service's memory, time or files, and a child that dies of one is replaced in a millisecond,
by a user who may not even read the interpreter (ADR 6).
"""

import argparse
import ctypes
import gc
import logging
import os
import resource
import signal
import socket
import struct
import warnings
from collections.abc import Callable

import msgspec

from nbh_kit import run
from nbh_proto.names import NOTEBOOK_SUFFIXES

HELLO = struct.Struct(">I")
"""The child's process id, said first."""

REQUEST = struct.Struct(">IB")
"""How many bytes follow, and which of `NOTEBOOK_SUFFIXES` the file has."""

REPLY = struct.Struct(">I")
"""How many bytes of JSON follow: a `Parsed`."""

_MEMORY = 512 * 1024**2
_SECONDS = 10
"""Of processor time, for one file."""

_LONGEST_ERROR = 200


class Parsed(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one file says of itself, empty where it says nothing; or why it cannot be read."""

    title: str = ""
    version: str = ""
    error: str = ""
    fatal: bool = False
    """Its reader died of it, or was killed: it is not tried again."""


def main() -> None:
    """Fork for each socket that comes, until the other side closes. ``uid`` is for root only."""
    arguments = argparse.ArgumentParser(prog="nbh_courses.parser")
    arguments.add_argument("--uid", type=int)
    uid = arguments.parse_args().uid
    warnings.simplefilter("ignore")
    logging.disable()
    from nbh_courses import titles

    titles.warm_up()
    if uid is not None:
        run.drop_privileges(uid)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are reaped by the kernel
    _keep_what_is_used()
    with socket.socket(fileno=0) as asked:
        while (channel := _sent(asked)) is not None:
            with channel:
                if os.fork() == 0:
                    asked.close()
                    _serve(channel, titles.told)
                    os._exit(0)


def _keep_what_is_used() -> None:
    """Give back what reading the samples took, 8 of 39 MiB; what is shared then stays shared."""
    gc.collect()
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):  # of GNU's library only
        libc.malloc_trim(0)
    gc.freeze()


def _sent(asked: socket.socket) -> socket.socket | None:
    """The next socket that somebody sends; None if nobody will."""
    message, fds, _, _ = socket.recv_fds(asked, 1, 1)
    return socket.socket(fileno=fds[0]) if message and fds else None


def _serve(channel: socket.socket, told: Callable[[bytes, str], tuple[str, str]]) -> None:
    _limit()
    channel.sendall(HELLO.pack(os.getpid()))
    while head := _received(channel, REQUEST.size):
        length, suffix = REQUEST.unpack(head)
        text = _received(channel, length)
        _allow_more_time()
        answer = msgspec.json.encode(_parsed(told, text, NOTEBOOK_SUFFIXES[suffix]))
        channel.sendall(REPLY.pack(len(answer)) + answer)


def _parsed(told: Callable[[bytes, str], tuple[str, str]], text: bytes, suffix: str) -> Parsed:
    try:
        title, version = told(text, suffix)
    except Exception as e:  # a hostile file has its reader raise anything
        said = " ".join(str(e).split()) or type(e).__name__
        return Parsed(error="".join(c if c.isprintable() else "?" for c in said[:_LONGEST_ERROR]))
    return Parsed(title, version)


def _received(channel: socket.socket, length: int) -> bytes:
    """So many bytes; none if the other side has closed."""
    received = bytearray()
    while len(received) < length:
        chunk = channel.recv(min(length - len(received), 1 << 20))
        if not chunk:
            return b""
        received += chunk
    return bytes(received)


def _limit() -> None:
    for what, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),  # jupytext would start pandoc for who asks (not for root)
    ):
        resource.setrlimit(what, (most, most))


def _allow_more_time() -> None:
    """The soft limit is for the whole process: so much more than it has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + _SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
