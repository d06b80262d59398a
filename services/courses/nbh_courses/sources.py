"""Where a course's files come from: git's mirror, or a folder that a teacher works in."""

from collections.abc import Iterator
from typing import Protocol

from nbh_courses.nodes import File


class Source(Protocol):
    """Reads the files of a tree."""

    def size(self, file: File) -> int:
        """Bytes of a file."""

    def content(self, file: File) -> Iterator[bytes]:
        """A file's bytes, in pieces; to be read to the end before anything else is asked for."""


def text(source: Source, file: File, most: int) -> bytes | None:
    """A file's bytes; None if there are more than that."""
    if source.size(file) > most:
        return None
    return b"".join(source.content(file))
