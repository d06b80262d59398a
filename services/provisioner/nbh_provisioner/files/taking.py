"""Copies what a student had in nbhosting 0.59 into their workspace, and loses nothing of either.

The source is a student's too: it is opened as their workspace is, and nothing in it is followed
(S-40). What was taken is written down beside the workspace, where no student can reach it, so that
it is known at the next time which file has changed since, there or here.

=====================  ============================================================
the file here is       then
=====================  ============================================================
not there              it is copied, unless it was taken before and deleted since
as it was taken        it is copied if it has changed there
an untouched original  it is copied: nobody has worked on what a click has brought
anything else          it stays, and the old one comes beside it under a dated name
=====================  ============================================================
"""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from nbh_provisioner import lab_paths
from nbh_provisioner.files import atomic, beneath, folders, kept, origins
from nbh_provisioner.files.atomic import Owner
from nbh_provisioner.files.beneath import folder
from nbh_provisioner.files.ledger import Ledger, Stamp

_OF_THE_OLD_SERVER = frozenset((".port",))
"""What nbhosting 0.59 itself wrote into workspaces (L5)."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_KINDS = ((stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))


class NotTaken(NamedTuple):
    """Something that stays where it was, and why."""

    path: str
    why: str


@dataclass
class Outcome:
    """What came of it so far."""

    copied: int = 0
    size: int = 0
    known: int = 0
    beside: list[str] = field(default_factory=list)
    left_out: list[NotTaken] = field(default_factory=list)


def take(source: int, workspace: int, owner: Owner | None, ledger: Ledger) -> Outcome:
    """Copy what is beneath the open folder ``source`` to where it belongs in the open workspace.

    Args:
        owner: whose it is here, whoever had it there; None where we may not give files away.
        ledger: what was taken before; gets what is taken now.

    Raises:
        OSError: there is no room, or the disk fails. What was taken until then is in the ledger.
    """
    taking = _Taking(workspace, owner, ledger, whose=os.fstat(source).st_uid)
    waiting = [""]
    while waiting:
        waiting += taking.folder(source, waiting.pop())
    return taking.outcome


class _Taking:
    """One workspace. A folder of each side is open at a time: who had it nested as they liked."""

    def __init__(self, workspace: int, owner: Owner | None, ledger: Ledger, *, whose: int) -> None:
        self.outcome = Outcome()
        self._whose = whose
        self._workspace = workspace
        self._owner = owner
        self._ledger = ledger

    def folder(self, source: int, path: str) -> list[str]:
        """Take what is in one folder; the folders in it, which are yet to be taken."""
        below: list[str] = []
        with self._told(path), folder(source, path) as here:
            folders.make(self._workspace, path, self._owner)
            with folder(self._workspace, path) as there, os.scandir(here) as entries:
                for entry in entries:
                    at = f"{path}/{entry.name}" if path else entry.name
                    with self._told(at):
                        below += self._entry(here, there, entry, at)
        return below

    def _entry(self, here: int, there: int, entry: "os.DirEntry[str]", path: str) -> Iterator[str]:
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            yield path
        elif stat.S_ISLNK(mode):
            self._link(here, there, entry.name, path)
        elif not stat.S_ISREG(mode):
            kind = next((what for is_it, what in _KINDS if is_it(mode)), "a device")
            self._leave(path, f"it is {kind}, no file")
        elif path not in _OF_THE_OLD_SERVER:
            self._file(here, there, entry.name, path)

    def _file(self, here: int, there: int, name: str, path: str) -> None:
        with beneath.file(here, name) as file:
            about = os.fstat(file)
            if about.st_nlink > 1 and about.st_uid != self._whose:
                self._leave(path, "it is another name of a file of somebody else")
                return
            stamp = Stamp.of(about)
            was = self._ledger.get(path)
            present = _stamp(there, name)
            if stamp in (was, present):
                self.outcome.known += 1
            elif present is None or present == was or _is_untouched(there, name):
                self._copy(file, stamp, there, name, path, replace=present is not None)
            else:
                self._copy_beside(file, stamp, there, name, path)
        self._ledger.put(path, stamp)

    def _copy(
        self, file: int, stamp: Stamp, there: int, name: str, path: str, *, replace: bool
    ) -> None:
        if not atomic.put_foreign(there, name, file, self._owner, replace=replace):
            self._copy_beside(file, stamp, there, name, path)  # their lab has just made one
            return
        if Stamp.of(os.fstat(file)) != stamp:
            # the next time it differs from what is written down here, and is copied again
            self._leave(path, "it changed while it was copied; import again")
        self.outcome.copied += 1
        self.outcome.size += stamp.size

    def _copy_beside(self, file: int, stamp: Stamp, there: int, name: str, path: str) -> None:
        """Under the name that a reset would have given it then: undoing one brings it back."""
        at = datetime.fromtimestamp(stamp.mtime_ns // 10**9, UTC)
        mark = hashlib.sha256(f"0.59 {stamp.size} {stamp.mtime_ns}".encode()).hexdigest()[:6]
        old = kept.kept_name(name, at, mark)
        if atomic.put_foreign(there, old, file, self._owner, replace=False):
            self.outcome.copied += 1
            self.outcome.size += stamp.size
        parent, slash, _ = path.rpartition("/")
        self.outcome.beside.append(sayable(f"{parent}{slash}{old}"))

    def _link(self, here: int, there: int, name: str, path: str) -> None:
        target = os.readlink(name, dir_fd=here)
        if target.startswith(f"{lab_paths.STATIC}/"):
            return  # made anew at each open, where it is needed (S10)
        if _leads_out(path, target):
            self._leave(path, f"it is a link out of the workspace, to {sayable(target)}")
            return
        try:
            os.symlink(target, name, dir_fd=there)
        except FileExistsError:
            return
        if self._owner is not None:
            os.chown(name, *self._owner, dir_fd=there, follow_symlinks=False)

    def _leave(self, path: str, why: str) -> None:
        self.outcome.left_out.append(NotTaken(sayable(path), why))

    @contextmanager
    def _told(self, path: str) -> Iterator[None]:
        """What the kernel refuses of one thing is left out; the rest goes on."""
        try:
            yield
        except OSError as e:
            if e.errno in _NO_ROOM:
                raise
            self._leave(path, _REFUSALS.get(e.errno or 0, e.strerror or str(e)))


_REFUSALS = {
    errno.ELOOP: "a link has come into its place",
    errno.ENOTDIR: "something else has the name of a folder on its way here",
    errno.EXDEV: "it is on another file system",
    errno.ENAMETOOLONG: "its path is too long",
    errno.EISDIR: "a folder has its name here",
}


def sayable(path: str) -> str:
    """A name that a student gave, as text."""
    return os.fsencode(path).decode(errors="replace")


def _stamp(place: int, name: str) -> Stamp | None:
    """That of what has the name, whatever it is; None if nothing has."""
    try:
        return Stamp.of(os.stat(name, dir_fd=place, follow_symlinks=False))
    except FileNotFoundError:
        return None


def _is_untouched(place: int, name: str) -> bool:
    """Whether it is the course's original, as a click has brought it."""
    try:
        with beneath.file(place, name) as file:
            original = origins.read(file)
            return original is not None and original == origins.digest(file)
    except OSError:
        return False


def _leads_out(path: str, target: str) -> bool:
    if target.startswith("/"):
        return not os.path.normpath(target).startswith(f"{lab_paths.HOME}/")
    end = os.path.normpath(f"{path.rpartition('/')[0] or '.'}/{target}")
    return end == ".." or end.startswith("../")
