"""What was taken of a workspace of nbhosting 0.59, written down beside the workspace here."""

import os

import msgspec

from nbh_provisioner.files import atomic
from nbh_provisioner.files.beneath import open_beneath
from nbh_provisioner.files.failure import WorkspaceUnusable

_VERSION = 1


class Stamp(msgspec.Struct, frozen=True, array_like=True):
    """How a file was: another one, or one that was written to, has another one."""

    size: int
    """Bytes."""

    mtime_ns: int

    @classmethod
    def of(cls, about: os.stat_result) -> "Stamp":
        """That of a file."""
        return cls(about.st_size, about.st_mtime_ns)


class _Written(msgspec.Struct, frozen=True):
    v: int = _VERSION
    files: dict[str, Stamp] = {}


class Ledger:
    """The files that were taken, by their paths, as they were there."""

    def __init__(self, files: dict[str, Stamp]) -> None:
        self._files = files
        self.has_changed = False
        """Whether there is something to be written down."""

    def get(self, path: str) -> Stamp | None:
        """How a file was when it was taken; None if it never was."""
        return self._files.get(_key(path))

    def put(self, path: str, stamp: Stamp) -> None:
        """A file is taken."""
        key = _key(path)
        self.has_changed |= self._files.get(key) != stamp
        self._files[key] = stamp

    def write(self, parent: int, course: str) -> None:
        """Write it down, in the open folder that holds a student's workspaces.

        Raises:
            OSError: there is no room.
        """
        content = msgspec.json.encode(_Written(files=self._files))
        atomic.put_bytes(parent, _name(course), content, None, 0o600)


def read(parent: int, course: str) -> Ledger:
    """What was written down; nothing yet for a workspace of which nothing was taken.

    Raises:
        WorkspaceUnusable: a later release wrote it, or it is damaged.
    """
    try:
        file = open_beneath(parent, _name(course), os.O_RDONLY)
    except FileNotFoundError:
        return Ledger({})
    with os.fdopen(file, "rb") as opened:
        content = opened.read()
    try:
        written = msgspec.json.decode(content, type=_Written)
    except msgspec.MsgspecError as e:
        raise WorkspaceUnusable(f"{_name(course)}: {e}; remove it to take all files anew") from e
    if written.v > _VERSION:
        raise WorkspaceUnusable(f"{_name(course)} is a later release's")
    return Ledger(written.files)


def _name(course: str) -> str:
    # no workspace is called so, and no student reaches what is beside theirs
    return f".taken-{course}"


def _key(path: str) -> str:
    """A path in JSON: a student's file may have any bytes for a name."""
    return os.fsencode(path).decode("latin-1")
