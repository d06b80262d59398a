"""Pages that students share, on disk: ``snapshots/<name>.html``, and what each is of beside it.

The names are secrets: the folder can be entered and not listed, so that the service that shows
the pages finds one by its name, and nobody else any. Blocking; one process has the folder.
"""

import contextlib
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import structlog

from nbh_proto import Share
from nbh_provisioner.shares.making import Work

Key = tuple[str, str, str]
"""Course, student, canonical name of the notebook."""

FOR_ONE = timedelta(hours=1)
"""How long a page for one reader stays."""

_MAKING = ".making"

logger = structlog.get_logger(__name__)


class Snapshots:
    """All of one site."""

    def __init__(self, folder: Path, keep: timedelta | None) -> None:
        """Take the folder, and how long pages stay; None for ever."""
        self._folder = folder
        self._keep = keep
        self._all: dict[Key, Share] = {}
        self._glimpses: dict[str, datetime] = {}
        """Pages for one reader, by name, and when they go. Nothing beside them says what they are
        of, so those that are there when we start go at once."""

        self._one_at_a_time = threading.RLock()

    def load(self) -> None:
        """Read what is there, and take away what a crash left half done."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o711)
        shutil.rmtree(self._folder / _MAKING, ignore_errors=True)
        self._all = {key_of(share): share for share in self._read()}
        names = {share.name for share in self._all.values()}
        for path in self._folder.iterdir():
            if path.stem not in names or path.suffix not in (".html", ".json"):
                path.unlink()

    def find(self, course: str = "", student: str = "") -> list[Share]:
        """Those of a course, of a student, or all; the newest first."""
        with self._one_at_a_time:
            everything = list(self._all.values())
        found = [
            self._dated(share)
            for share in everything
            if course in ("", share.course) and student in ("", share.student)
        ]
        return sorted(found, key=lambda share: share.at, reverse=True)

    def has(self, key: Key) -> bool:
        """Whether a notebook is shared."""
        return key in self._all

    @contextmanager
    def making(self) -> Iterator[Work]:
        """A place for a notebook and the page to be made of it, for the block.

        Raises:
            OSError: the disk is full.
        """
        room = self._folder / _MAKING / secrets.token_hex(16)
        room.mkdir(parents=True)
        try:
            for each in (room.parent, room):
                each.chmod(0o711)
            page = room / "page.html"
            page.touch()
            page.chmod(0o666)  # the container's user is another one, whoever that is here
            yield Work(room / "notebook", room / "pictures", page)
        finally:
            shutil.rmtree(room, ignore_errors=True)

    def put(self, key: Key, page: Path, at: datetime) -> Share:
        """Keep a page, in the place of the one that was shared before.

        Raises:
            OSError: the disk is full; what was there is there.
        """
        page.chmod(0o644)
        _synced(page)
        with self._one_at_a_time:
            share = self._share(key, at, page.stat().st_size)
            # what the page is of comes last: a page of which nobody knows goes at the next start
            page.replace(self._page(share))
            self._write(share)
            self._all[key] = share
        return self._dated(share)

    def put_for_one(self, key: Key, page: Path, at: datetime) -> Share:
        """Keep a page for a while, under a name that is told to one reader; beside what is shared.

        Raises:
            OSError: the disk is full.
        """
        page.chmod(0o644)
        course, student, notebook = key
        share = Share(
            course=course,
            student=student,
            notebook=notebook,
            name=secrets.token_hex(16),
            at=at,
            expires=at + FOR_ONE,
            size=page.stat().st_size,
        )
        page.replace(self._page(share))
        with self._one_at_a_time:
            self._glimpses[share.name] = at + FOR_ONE
        return share

    def forget_glimpses(self, now: datetime) -> None:
        """Take away the pages for one reader whose time is over."""
        with self._one_at_a_time:
            over = [name for name, ends in self._glimpses.items() if ends <= now]
            for name in over:
                (self._folder / f"{name}.html").unlink(missing_ok=True)
                del self._glimpses[name]

    def withdraw(self, is_meant: Callable[[Share], bool]) -> list[Share]:
        """Take pages away for good; their links will never lead anywhere again."""
        with self._one_at_a_time:
            gone = [share for share in self._all.values() if is_meant(share)]
            for share in gone:
                self._page(share).unlink(missing_ok=True)
                self._about(share).unlink(missing_ok=True)
                del self._all[key_of(share)]
        if gone:
            _synced(self._folder)
        return gone

    def rename(self, course: str, to: str) -> None:
        """A course has another name; the links stay."""
        with self._one_at_a_time:
            for share in self.find(course):
                renamed = msgspec.structs.replace(share, course=to, expires=None)
                self._write(renamed)
                del self._all[key_of(share)]
                self._all[key_of(renamed)] = renamed

    def is_over(self, now: datetime, share: Share) -> bool:
        """Whether a page is to go."""
        return self._keep is not None and share.at + self._keep <= now

    def _share(self, key: Key, at: datetime, size: int) -> Share:
        course, student, notebook = key
        known = self._all.get(key)
        name = known.name if known else secrets.token_hex(16)
        return Share(
            course=course, student=student, notebook=notebook, name=name, at=at, size=size
        )

    def _dated(self, share: Share) -> Share:
        # by today's setting, not by the one of then
        ends = share.at + self._keep if self._keep else None
        return msgspec.structs.replace(share, expires=ends)

    def _read(self) -> Iterable[Share]:
        for path in self._folder.glob("*.json"):
            try:
                share = msgspec.json.decode(path.read_bytes(), type=Share)
            except msgspec.MsgspecError as e:
                logger.error("nobody can tell what a page is of", file=str(path), error=str(e))
                continue
            if self._page(share).exists():
                yield share

    def _write(self, share: Share) -> None:
        part = self._about(share).with_suffix(".part")
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
        part.write_bytes(msgspec.json.encode(share))
        part.chmod(0o600)
        _synced(part)
        part.replace(self._about(share))
        _synced(self._folder)

    def _page(self, share: Share) -> Path:
        return self._folder / f"{share.name}.html"

    def _about(self, share: Share) -> Path:
        return self._folder / f"{share.name}.json"


def key_of(share: Share) -> Key:
    """Whose page of which notebook it is."""
    return share.course, share.student, share.notebook


def _synced(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
