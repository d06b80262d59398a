"""Makes a backup while the system runs.

Statistics come before streams: what happens in between is in the stream that is kept, after the
place that the tables know, so it is counted once. Files come first, since they take the longest.
"""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from nbh_cli import operating
from nbh_cli.backups import listing, streams, tables
from nbh_cli.backups.listing import Entry, Listed
from nbh_cli.backups.reading import Reading
from nbh_cli.backups.shelf import Image, Manifest, NoBackup, Shelf
from nbh_cli.backups.store import Store
from nbh_kit.bus import Bus
from nbh_kit.config import Config
from nbh_proto import Course, names, now

WHOLE = ("secrets", "accounts", "local", "snapshots", "builder", "courses")
"""The folders that are kept as one each; a workspace is one, too. What is not here is made anew
(`labs`, `traefik`), or is kept by who owns it (`nats`, `clickhouse`)."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_TOLD = 1000

Say = Callable[[str], None]


class Made(NamedTuple):
    """A backup that is whole."""

    name: str
    manifest: Manifest
    added: int
    """Bytes that it took."""


class Files(NamedTuple):
    """What became of the files."""

    folders: list[Listed]
    left_out: list[str]
    torn: list[str]


async def make(config: Config, release: str, bus: Bus, shelf: Shelf, say: Say) -> Made:
    """Make one in a shelf that is locked.

    Raises:
        NoStatistics, StreamTrouble, Unwritable: and there is no new backup.
    """
    made = now()
    files = await asyncio.to_thread(files_of, config.site.data, shelf, say)
    say("statistics")
    kept_tables = await tables.keep(bus, config, shelf.store)
    say("streams and buckets")
    kept_streams = [await streams.keep(bus.client, shelf.store, name) for name in streams.NAMES]
    courses = await operating.all_of(bus, Course)
    manifest = Manifest(
        release=release,
        site=config.site.name,
        made=made,
        folders=shelf.store.keep(_lines(files.folders)),
        streams=tuple(kept_streams),
        tables=kept_tables,
        images=tuple(_image(held.value) for _, held in sorted(courses.items())),
        workspaces=sum(f.place.startswith("students/") for f in files.folders),
        files=sum(f.files for f in files.folders),
        bytes=sum(f.bytes for f in files.folders),
        left_out=tuple(files.left_out[:_MOST_TOLD]),
        torn=tuple(files.torn[:_MOST_TOLD]),
    )
    return Made(shelf.put(manifest), manifest, shelf.store.added)


def files_of(data: Path, shelf: Shelf, say: Say) -> Files:
    """Keep all folders of a system; of what the last backup has, only what changed is read.

    Raises:
        Unwritable: the store takes no more.
    """
    before = _before(shelf)
    files = Files([], [], [])
    for place in places(data):
        say(place)
        reading = Reading(shelf.store, _entries(shelf.store, before.get(place)))
        try:
            with _opened(data, place) as folder:
                reading.read(folder)
        except OSError as e:
            if not isinstance(e, FileNotFoundError):
                files.left_out.append(f"{place}: {e.strerror}")
            continue
        files.folders.append(_listed(shelf.store, place, reading.entries))
        files.left_out.extend(f"{place}/{each}" for each in reading.left_out)
        files.torn.extend(f"{place}/{each}" for each in reading.torn)
    return files


def places(data: Path) -> Iterator[str]:
    """The folders that are kept, below ``data``."""
    yield from (name for name in WHOLE if (data / name).is_dir())
    for student in _ids(data / "students"):
        for course in _ids(data / "students" / student):
            yield f"students/{student}/{course}"


def _ids(folder: Path) -> list[str]:
    # these folders are ours and closed: no student makes anything there
    try:
        return sorted(
            entry.name
            for entry in os.scandir(folder)
            if names.ID.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)
        )
    except FileNotFoundError:
        return []


@contextmanager
def _opened(data: Path, place: str) -> Iterator[int]:
    descriptor = os.open(data / place, _FOLDER)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _before(shelf: Shelf) -> Mapping[str, Listed]:
    """The folders of the last backup; none where it cannot be read: then all is read anew."""
    try:
        return {folder.place: folder for folder in shelf.folders(shelf.read())}
    except (NoBackup, OSError, msgspec.MsgspecError):
        return {}


def _entries(store: Store, folder: Listed | None) -> Mapping[str, Entry]:
    if folder is None:
        return {}
    try:
        entries = listing.read(store.read(folder.listing))
    except (OSError, msgspec.MsgspecError):
        return {}
    return {entry.path: entry for entry in entries if entry.kind == "file"}


def _listed(store: Store, place: str, entries: list[Entry]) -> Listed:
    files = [entry for entry in entries if entry.kind == "file"]
    return Listed(
        place=place,
        listing=store.keep(listing.written(entries)),
        files=len(files),
        bytes=sum(_written(file) for file in files),
    )


def _written(file: Entry) -> int:
    if file.extents is None:
        return file.size
    return sum(length for _, length in file.extents)


def _lines(folders: list[Listed]) -> bytes:
    return b"".join(msgspec.json.encode(folder) + b"\n" for folder in folders)


def _image(course: Course) -> Image:
    return Image(course=course.course, image=course.image, version=course.version)
