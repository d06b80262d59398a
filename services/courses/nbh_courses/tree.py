"""What a commit holds, read from the bare mirror with GitPython: trees and blobs, no checkout.

No filter, attribute, hook or link of a repository is carried out by reading it so (S-43, S-44).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import git
from git.exc import GitError
from git.objects.fun import tree_entries_from_data
from gitdb.exc import ODBError  # type: ignore[import-untyped]  # gitdb has no types

from nbh_courses.failure import CourseError
from nbh_courses.nodes import File, Folder, Link, Submodule

MAX_ENTRIES = 300_000

_DEEPEST = 2048
"""Bytes of a path. `layout` leaves out what is half as long, and tells."""

_MAX_TREE = 64 * 1024**2
_MAX_LINK = 4096
_CHUNK = 256 * 1024
_FOLDER, _LINK, _SUBMODULE = 0o40000, 0o120000, 0o160000
_EXECUTABLE = 0o100
_NOTHING = (b"", 0)

Entry: TypeAlias = "tuple[bytes, int, str]"
"""An object's id, its mode, its name."""

Unread: TypeAlias = "tuple[bytes, Folder, int, frozenset[bytes]]"
"""A tree's id, the folder to fill from it, how long the path to it is, and the submodules that are
filled in like folders."""


class Reader:
    """One mirror, being read; not for two threads at once."""

    def __init__(self, repository: git.Repo) -> None:
        self._repository = repository
        self._lists: dict[bytes, Sequence[Entry]] = {}
        """Trees that were read: a bomb is made of few, many times."""

    def commit(self, ref: str) -> str:
        """The id of the commit that a reference names.

        Raises:
            CourseError: there is none.
        """
        with _told():
            return str(self._repository.commit(ref).hexsha)

    def folder(self, commit: str, submodules: frozenset[bytes] = frozenset()) -> Folder:
        """All that a commit holds, but for what lies too deep to be used.

        ``submodules`` are commits that are there to be read; theirs are not.

        Raises:
            CourseError: there is too much of it, or it is no proper tree.
        """
        root: Folder = {}
        entries = 0
        with _told():
            tree = self._repository.commit(commit).tree.binsha
            left: list[Unread] = [(tree, root, 0, submodules)]
            while left:
                tree, folder, length, filled = left.pop()
                left += self._read(tree, folder, length, filled)
                entries += len(folder)
                if entries > MAX_ENTRIES:
                    raise CourseError("too-big", f"more than {MAX_ENTRIES} files and folders")
        return root

    def _read(
        self, tree: bytes, folder: Folder, length: int, filled: frozenset[bytes]
    ) -> Iterator[Unread]:
        for id_, mode, name in self._list(tree):
            longer = length + len(name.encode(errors="surrogateescape")) + 1
            if longer > _DEEPEST:
                continue
            if mode == _FOLDER:
                inner: Folder = {}
                folder[name] = inner
                yield id_, inner, longer, filled
            elif mode == _SUBMODULE and id_ in filled:
                inner = {}
                folder[name] = inner
                yield self._repository.commit(id_.hex()).tree.binsha, inner, longer, frozenset()
            elif mode == _SUBMODULE:
                folder[name] = Submodule(id_)
            elif mode == _LINK:
                folder[name] = Link(self._target(id_))
            else:
                folder[name] = File(id_, bool(mode & _EXECUTABLE))

    def _list(self, tree: bytes) -> Sequence[Entry]:
        if tree not in self._lists:
            if self._repository.odb.info(tree).size > _MAX_TREE:
                raise CourseError("too-big", f"a folder's list is larger than {_MAX_TREE} bytes")
            # GitPython refuses what is no name: "..", ".git" in all its guises (S-44)
            data = self._repository.odb.stream(tree).read()
            self._lists[tree] = tree_entries_from_data(data)
        return self._lists[tree]

    def _target(self, blob: bytes) -> str:
        if self._repository.odb.info(blob).size > _MAX_LINK:
            return ""  # leads nowhere, as any path so long does
        target: bytes = self._repository.odb.stream(blob).read()
        return target.decode(errors="surrogateescape")

    def changes(self, before: str, after: str) -> int:
        """How many files two commits do not share: new ones, others, and those that are gone.

        It is counted as far as `MAX_ENTRIES`.

        Raises:
            CourseError: one of them cannot be read.
        """
        count = seen = 0
        with _told():
            left = [tuple(self._repository.commit(c).tree.binsha for c in (before, after))]
            while left and seen < MAX_ENTRIES:
                old, new = (self._entries(tree) for tree in left.pop())
                differ = [n for n in old.keys() | new.keys() if old.get(n) != new.get(n)]
                seen += len(old) + len(new)
                for each in ((old.get(n, _NOTHING), new.get(n, _NOTHING)) for n in differ):
                    count += any(mode not in (0, _FOLDER) for _, mode in each)
                    if any(mode == _FOLDER for _, mode in each):
                        left.append(tuple(id_ if mode == _FOLDER else b"" for id_, mode in each))
        return count

    def _entries(self, tree: bytes) -> dict[str, tuple[bytes, int]]:
        """A tree's objects and modes by name; none of one that is not there."""
        return {name: (id_, mode) for id_, mode, name in self._list(tree)} if tree else {}

    def size(self, file: File) -> int:
        """Bytes of a file."""
        with _told():
            return int(self._repository.odb.info(file.blob).size)

    def content(self, file: File) -> Iterator[bytes]:
        """A file's bytes, in pieces; to be read to the end before anything else is asked for.

        Look at its size first: GitPython reads to the end even what is given up.
        """
        with _told():
            stream = self._repository.odb.stream(file.blob)
            while chunk := stream.read(_CHUNK):
                yield chunk


@contextmanager
def opened(mirror: Path, environment: Mapping[str, str]) -> Iterator[Reader]:
    """Read a mirror while the block runs; git itself, which GitPython asks, in our environment.

    Raises:
        CourseError: there is no repository that can be read.
    """
    with _told():
        repository = git.Repo(mirror, expand_vars=False)
    try:
        repository.git.update_environment(**environment)
        yield Reader(repository)
    finally:
        repository.close()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (GitError, ODBError, ValueError) as e:
        raise CourseError("unreadable", str(e)) from e
