"""The index of a revision on the disk, beside the revisions: INDEXES is made from this again.

``indexes/<commit>.json``. It is a cache too: what was read of a file stands under the file's blob.
"""

import contextlib
import hashlib
from importlib.metadata import version
from pathlib import Path

import msgspec
import structlog

from nbh_courses.parser import Parsed
from nbh_kit import durable
from nbh_proto import CourseIndex, Problem

logger = structlog.get_logger(__name__)

_RULES = 3
"""To be raised when another index would be made of the same files."""


def made_by() -> str:
    """What makes indexes here; one made by something else is made again."""
    return f"{_RULES} jupytext {version('jupytext')}"


def digest(local: bytes | None) -> str:
    """What tells one operator's layer from another; empty if there is none."""
    return hashlib.sha256(local).hexdigest() if local is not None else ""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An index, and what it takes to make the next one quickly."""

    v: int = 1
    made_by: str
    local: str
    """The `digest` of the operator's layer."""

    index: CourseIndex
    """Whole: nothing is left out here."""

    parsed: dict[str, Parsed] = {}
    """By the blob's id and the suffix."""

    submodules: tuple[str, ...] = ()
    """The commits of those that are in it."""

    others: tuple[Problem, ...] = ()
    """What is wrong with the others."""


class Indexes:
    """The indexes of one course."""

    def __init__(self, place: Path) -> None:
        self._folder = place / "indexes"

    def of(self, commit: str) -> Kept | None:
        """The index of a revision; None if there is none that is of use."""
        return self._read(self._file(commit))

    def stamp(self, commit: str) -> tuple[str, int, int] | None:
        """What tells one writing of an index from the next; None if there is none."""
        try:
            found = self._file(commit).stat()
        except FileNotFoundError:
            return None
        return commit, found.st_ino, found.st_mtime_ns

    def newest(self) -> Kept | None:
        """The one that was made last."""
        if not self._folder.is_dir():
            return None
        files = sorted(self._folder.glob("*.json"), key=lambda file: file.stat().st_mtime)
        return self._read(files[-1]) if files else None

    def keep(self, kept: Kept) -> None:
        """Write an index down."""
        self._folder.mkdir(exist_ok=True)
        durable.replace_file(self._file(kept.index.commit), msgspec.json.encode(kept))

    def forget_before(self, commit: str) -> None:
        """Remove the indexes that are older than a revision's. A newer one is being published."""
        try:
            made = self._file(commit).stat().st_mtime_ns
        except FileNotFoundError:
            return
        for file in self._folder.glob("*.json"):
            with contextlib.suppress(FileNotFoundError):
                if file.stat().st_mtime_ns < made:
                    file.unlink()

    def _file(self, commit: str) -> Path:
        return self._folder / f"{commit}.json"

    def _read(self, file: Path) -> Kept | None:
        try:
            kept = msgspec.json.decode(file.read_bytes(), type=Kept)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError as e:
            logger.warning("an index that cannot be read", file=str(file), error=str(e))
            return None
        return kept if kept.made_by == made_by() else None
