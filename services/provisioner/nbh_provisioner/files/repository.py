"""A workspace that is a git clone of its course (C1, C2), from outside; git never runs in it."""

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbh_provisioner.files import atomic, folders, notebooks
from nbh_provisioner.files.atomic import Owner
from nbh_provisioner.files.beneath import folder, open_beneath

_GIT = ".git"
_CONFIG_BYTES = 64 * 1024


def config_of(workspace: int) -> bytes | None:
    """The repository's configuration, empty if it is none that can be read; None if there is no
    repository at all.

    Raises:
        OSError: what the kernel says otherwise.
    """
    mode = notebooks.mode_of(workspace, _GIT)
    if mode is None:
        return None
    try:
        return _read(workspace, f"{_GIT}/config")
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError as e:
        if e.errno == errno.ELOOP:
            return b""
        raise


def put_config(workspace: int, config: bytes, owner: Owner | None) -> None:
    """Replace the repository's configuration, whole or not at all.

    Raises:
        OSError: a link is on the way, or the disk is full.
    """
    with folder(workspace, _GIT) as place:
        atomic.put_bytes(place, "config", config, owner, 0o644)


def bring_in(clone: Path, workspace: int, owner: Owner | None) -> None:
    """Move what the workspace lacks of a prepared clone into it; what is there stays.

    The repository comes last: as long as it is missing, the next attempt begins anew.

    Args:
        clone: a folder that only we can reach.

    Raises:
        OSError: the disk is full, or a link was put on the way.
    """
    source = os.open(clone, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _give_all(source, owner)
        for name in _names(source):
            if name != _GIT:
                _add(source, name, workspace, owner)
        _add_repository(source, workspace, owner)
    finally:
        os.close(source)


def _add_repository(source: int, workspace: int, owner: Owner | None) -> None:
    try:
        atomic.rename_new(source, _GIT, workspace, _GIT)
    except FileExistsError:
        return
    except OSError as e:
        if e.errno != errno.EXDEV:
            raise
        _carry_repository(source, workspace, owner)


def _add(source: int, name: str, target: int, owner: Owner | None) -> None:
    try:
        atomic.rename_new(source, name, target, name)
    except FileExistsError:
        _add_to_what_is_there(source, name, target, owner)
    except OSError as e:
        if e.errno != errno.EXDEV:
            raise
        _carry(source, name, target, owner)


def _add_to_what_is_there(source: int, name: str, target: int, owner: Owner | None) -> None:
    ours, theirs = notebooks.mode_of(source, name), notebooks.mode_of(target, name)
    if ours and theirs and stat.S_ISDIR(ours) and stat.S_ISDIR(theirs):
        with folder(source, name) as inner, folder(target, name) as outer:
            for below in _names(inner):
                _add(inner, below, outer, owner)


def _carry(source: int, name: str, target: int, owner: Owner | None) -> None:
    """Copy one thing to another file system, unless something is there."""
    mode = os.stat(name, dir_fd=source, follow_symlinks=False).st_mode
    if stat.S_ISDIR(mode):
        folders.make(target, name, owner)
        with folder(source, name) as inner, folder(target, name) as outer:
            for below in _names(inner):
                _carry(inner, below, outer, owner)
    elif stat.S_ISLNK(mode):
        _carry_link(source, name, target, owner)
    else:
        with _opened(source, name) as file:
            atomic.put_copy(target, name, file, owner, replace=False)


def _carry_link(source: int, name: str, target: int, owner: Owner | None) -> None:
    try:
        os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
    except FileExistsError:
        return
    if owner is not None:
        os.chown(name, *owner, dir_fd=target, follow_symlinks=False)


def _carry_repository(source: int, workspace: int, owner: Owner | None) -> None:
    part = atomic.temporary(_GIT)
    shutil.rmtree(part, ignore_errors=True, dir_fd=workspace)
    folders.make(workspace, part, owner)
    try:
        with folder(source, _GIT) as inner, folder(workspace, part) as outer:
            for name in _names(inner):
                _carry(inner, name, outer, owner)
        atomic.rename_new(workspace, part, workspace, _GIT)
    except OSError:
        # It may be the room that the student lacks.
        shutil.rmtree(part, ignore_errors=True, dir_fd=workspace)
        raise


def _names(folder_: int) -> list[str]:
    return os.listdir(folder_)


def _give_all(source: int, owner: Owner | None) -> None:
    if owner is None:
        return
    for _, names, files, here in os.fwalk(dir_fd=source):
        for name in (*names, *files):
            os.chown(name, *owner, dir_fd=here, follow_symlinks=False)


def _read(root: int, path: str) -> bytes:
    # O_NONBLOCK: a student could have put a pipe there, which nobody ever writes to.
    descriptor = open_beneath(root, path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b""
        content = file.read(_CONFIG_BYTES + 1)
    return content if len(content) <= _CONFIG_BYTES else b""


@contextmanager
def _opened(place: int, name: str) -> Iterator[int]:
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
