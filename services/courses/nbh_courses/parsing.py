"""Has notebooks read by `parser`, in a process that may die of any of them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import msgspec

from nbh_courses.parser import HELLO, REPLY, REQUEST, Parsed
from nbh_proto.names import NOTEBOOK_SUFFIXES

MAX_BYTES = 64 * 1024**2
"""Of one notebook. Students could open a larger one; nobody reads its title."""

_MOST_REPLY = 64 * 1024


class Patience(NamedTuple):
    """How long is waited, in seconds."""

    file: float = 60.0
    """For one file's answer."""

    start: float = 30.0
    """For the process to have imported what it needs, once."""

    idle: float = 15.0
    """Without a file, until the child is let go."""


class NoReader(Exception):
    """Nothing can be read at the moment; it says nothing about any file."""


class _Dead(Exception):
    """The child did not answer."""


class Parser:
    """One child at a time, made when there is something to read; for any thread.

    `start` is to be called before privileges are dropped, with the user to become.
    """

    def __init__(self, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._turn = threading.Lock()
        self._nursery: _Nursery | None = None
        self._child: _Child | None = None
        self._users = 0
        self._letting_go: threading.Timer | None = None

    def start(self, uid: int | None = None) -> None:
        """Have the process whose children read."""
        self._nursery = self._nursery or _Nursery(uid)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Have the child stay while the block runs, and go some time after the last one."""
        with self._turn:
            self._users += 1
            if self._letting_go:
                self._letting_go.cancel()
                self._letting_go = None
        try:
            yield
        finally:
            with self._turn:
                self._users -= 1
                if not self._users:
                    self._letting_go = threading.Timer(self._patience.idle, self.let_go)
                    self._letting_go.daemon = True
                    self._letting_go.start()

    def let_go(self) -> None:
        """End the child, if nobody is working with it."""
        with self._turn:
            if not self._users:
                self._end_child()

    def close(self) -> None:
        """End all."""
        with self._turn:
            if self._letting_go:
                self._letting_go.cancel()
            self._end()

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        return self._child.pid if self._child else None

    def parse(self, text: bytes, suffix: str) -> Parsed:
        """Title and version of a notebook, or why it cannot be read.

        Raises:
            NoReader: it cannot be asked. Never because of the notebook.
        """
        with self._turn:
            if self._child:
                try:
                    return self._asked(text, suffix)
                except _Dead:
                    pass  # perhaps of another file: this one gets a child of its own
            try:
                return self._asked(text, suffix)
            except _Dead as e:
                return Parsed(error=str(e), fatal=True)

    def _asked(self, text: bytes, suffix: str) -> Parsed:
        self._child = self._child or self._new_child()
        try:
            return self._child.ask(text, suffix)
        except _Dead:
            self._end_child()
            raise

    def _new_child(self) -> "_Child":
        for _ in range(2):
            try:
                self.start()
                assert self._nursery
                return _Child(self._nursery.child(), self._patience)
            except (OSError, NoReader) as e:
                failure = e
                self._end()  # it may have been killed; perhaps we may start it again
        raise NoReader(f"nothing reads notebooks: {failure}") from failure

    def _end_child(self) -> None:
        if self._child:
            self._child.end()
            self._child = None

    def _end(self) -> None:
        self._end_child()
        if self._nursery:
            self._nursery.end()
            self._nursery = None


class _Nursery:
    """The process whose children read. Started as who we are, before privileges are dropped."""

    def __init__(self, uid: int | None) -> None:
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                # -I: neither the folder nor the environment says what is imported
                [sys.executable, "-I", "-m", "nbh_courses.parser", *_as_user(uid)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"PATH": "/nonexistent", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"},
                start_new_session=True,
            )

    def child(self) -> socket.socket:
        """A socket with a new child at its other end.

        Raises:
            OSError: the process is not there any more.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._channel, [b"c"], [theirs.fileno()])
        return ours

    def end(self) -> None:
        """End it, and with it nobody: children end when their sockets are closed."""
        self._channel.close()
        with contextlib.suppress(PermissionError):  # it has not yet become who it should be
            self._process.kill()
        self._process.wait()


def _as_user(uid: int | None) -> list[str]:
    return [] if uid is None else ["--uid", str(uid)]


class _Child:
    def __init__(self, channel: socket.socket, patience: Patience) -> None:
        self._channel = channel
        try:
            channel.settimeout(patience.start)
            (self.pid,) = HELLO.unpack(self._received(HELLO.size))
            channel.settimeout(patience.file)
        except (OSError, _Dead) as e:
            channel.close()
            raise NoReader("the process that reads notebooks does not answer") from e

    def ask(self, text: bytes, suffix: str) -> Parsed:
        """Have one file read.

        Raises:
            _Dead: there is no answer.
        """
        try:
            head = REQUEST.pack(len(text), NOTEBOOK_SUFFIXES.index(suffix))
            self._channel.sendall(head)
            self._channel.sendall(text)
            (length,) = REPLY.unpack(self._received(REPLY.size))
            if length > _MOST_REPLY:
                raise _Dead("reading it went wrong")
            return msgspec.json.decode(self._received(length), type=Parsed)
        except TimeoutError as e:
            raise _Dead("reading it takes too long") from e
        except (OSError, msgspec.MsgspecError) as e:
            raise _Dead("reading it takes too much memory or time") from e

    def _received(self, length: int) -> bytes:
        received = b""
        while len(received) < length:
            chunk = self._channel.recv(length - len(received))
            if not chunk:
                raise _Dead("reading it takes too much memory or time")
            received += chunk
        return received

    def end(self) -> None:
        """End it, whatever it does."""
        self._channel.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
