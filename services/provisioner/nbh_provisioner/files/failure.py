"""Why a student's files could not be got ready.

FilesError
├── NotebookUnknown      neither the course nor the workspace has it
├── WorkspaceUnusable    something stands in the way; the student's own doing, or the disk's
└── DiskFull             no space
    └── ShareUsedUp      what the student may take of it is taken
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from nbh_proto.access import Reason


class FilesError(Exception):
    """A student's files could not be got ready; ``str()`` is for the operator."""

    reason: ClassVar[Reason] = "workspace-unusable"


class NotebookUnknown(FilesError):
    """There is no such notebook."""

    reason = "notebook-unknown"

    def __init__(self, name: str) -> None:
        super().__init__(f"neither the course nor the workspace has {name!r}")
        self.name = name


class WorkspaceUnusable(FilesError):
    """Something stands in the way."""


class DiskFull(FilesError):
    """There is no space left where students' files are."""

    reason: ClassVar[Reason] = "disk-full"


class ShareUsedUp(DiskFull):
    """The student may not have more of the space."""

    reason = "workspace-full"


_NO_ROOM: dict[int, type[DiskFull]] = {errno.ENOSPC: DiskFull, errno.EDQUOT: ShareUsedUp}


@contextmanager
def if_there_is_room() -> Iterator[None]:
    """What there is no room for stays undone, from there to the end of the block."""
    try:
        yield
    except OSError as e:
        if e.errno not in _NO_ROOM:
            raise


@contextmanager
def told() -> Iterator[None]:
    """What the kernel refuses inside the block is told as a `FilesError`."""
    try:
        yield
    except OSError as e:
        kind = _NO_ROOM.get(e.errno or 0, WorkspaceUnusable)
        raise kind(f"{e.strerror}: {e.filename or ''}") from e
