"""A folder that a teacher works in, or a CI job, read as if it had been pushed."""

import hashlib
import os
import stat
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from nbh_courses.nodes import File, Folder, Link, Submodule
from nbh_kit import programs

_CHUNK = 1024**2


class OnDisk:
    """A `Source` whose files have their paths as blobs."""

    def size(self, file: File) -> int:
        """Bytes of a file."""
        return os.stat(file.blob).st_size  # noqa: PTH116  # a path in bytes, in no encoding

    def content(self, file: File) -> Iterator[bytes]:
        """A file's bytes, in pieces."""
        with open(file.blob, "rb") as opened:  # noqa: PTH123  # a path in bytes, in no encoding
            while chunk := opened.read(_CHUNK):
                yield chunk


def read(folder: Path) -> Folder:
    """The tree of a folder: what git would commit of it, or all of it where there is no git."""
    root: Folder = {}
    for path in _paths(folder):
        _put(root, path.split("/"), folder / path)
    return root


def commit_of(folder: Path) -> str:
    """The commit that is checked out; empty if there is none."""
    return (_git(folder, "rev-parse", "--verify", "--quiet", "HEAD") or b"").decode().strip()


def name_of(folder: Path) -> str:
    """An id for the course of a folder; it is shown to nobody."""
    return "folder-" + hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]


def _paths(folder: Path) -> Iterable[str]:
    listed = _git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listed is not None:
        return sorted({os.fsdecode(path) for path in listed.split(b"\0") if path})
    found = (path.relative_to(folder) for path in folder.rglob("*"))
    return sorted(str(path) for path in found if ".git" not in path.parts)


def _git(folder: Path, *arguments: str) -> bytes | None:
    try:
        git = programs.find("git")
    except programs.ProgramMissing:
        return None
    done = subprocess.run(
        [str(git), "-c", "core.fsmonitor=false", *arguments], cwd=folder, capture_output=True
    )
    return done.stdout if done.returncode == 0 else None


def _put(root: Folder, parts: list[str], path: Path) -> None:
    try:
        found = path.lstat()
    except OSError:  # deleted, and not yet committed
        return
    here = root
    for part in parts[:-1]:
        inner = here.setdefault(part, {})
        if not isinstance(inner, dict):
            return
        here = inner
    if stat.S_ISLNK(found.st_mode):
        here[parts[-1]] = Link(str(path.readlink()))
    elif stat.S_ISREG(found.st_mode):
        here[parts[-1]] = File(os.fsencode(path), bool(found.st_mode & stat.S_IXUSR))
    elif stat.S_ISDIR(found.st_mode) and (path / ".git").exists():
        here[parts[-1]] = Submodule()
    elif stat.S_ISDIR(found.st_mode):
        here.setdefault(parts[-1], {})
