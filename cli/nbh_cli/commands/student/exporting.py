"""`nbh student export`: a student's files and what is known of them, in one file."""

import asyncio
import os
import stat
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from nbh_cli import mentions, operating, output, units
from nbh_cli.backups.listing import Entry, as_name
from nbh_cli.backups.reading import Reading
from nbh_cli.backups.store import Store, Unwritable
from nbh_cli.commands.stats import asking
from nbh_cli.operating import DEFAULT_CONFIG, ConfigFile, StudentName
from nbh_cli.sorry import Sorry
from nbh_kit.bus import Bus, BusAway
from nbh_kit.config import Config
from nbh_proto import FindShares, SharesFound
from nbh_proto.names import BadName, checked_id

ALL = "all"

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_EARLIEST, _LATEST = (1980, 1, 1, 0, 0, 0), 2107
"""ZIP's own."""

_PIECE = 1024**2
_MOST_HOLES = 1024**3
"""A zip has no holes: a file of a terabyte that is one would be read for hours."""

Rows = list[dict[str, Any]]


def export(
    course: Annotated[str, Parameter(help="A course, or `all`.")],
    student: StudentName,
    file: Annotated[Path, Parameter(help="The zip file to write; it must not be there.")],
    /,
    *,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Write a zip file with the files of STUDENT, the pages that they share, and all that
    statistics, streams and buckets say of them, as JSON. Nothing secret is in it. Exit status 1 if
    something could not be read: the rest is there, and what is missing is said."""
    check(student)
    settings = operating.load(config)
    try:
        left_out = asyncio.run(_export(settings, course, student, file))
    except FileExistsError as e:
        raise Sorry(f"{file} is there already", 2) from e
    except (OSError, Unwritable) as e:
        raise Sorry(str(e)) from e
    for what in left_out:
        print(f"left out: {output.text(what)}")
    print(f"{file}: {units.sized(file.stat().st_size)}")
    return 1 if left_out else 0


def check(student: str) -> None:
    """Make sure that it is a student's id.

    Raises:
        Sorry: it is none.
    """
    try:
        checked_id("student", student)
    except BadName as e:
        raise Sorry(f"{student!r} is {e}", 2) from e


async def _export(config: Config, course: str, student: str, file: Path) -> list[str]:
    async with operating.bus(config) as bus:
        said = [s async for s in mentions.said(bus, student)]
        values = [v async for v in mentions.values(bus, student)]
        shares = await _shares(bus, course, student)
    known = {
        "statistics.jsonl": _of(_statistics(config, student), course),
        "messages.jsonl": _of([s._asdict() for s in said], course, "message"),
        "buckets.jsonl": _of([v._asdict() for v in values], course, "value"),
        "shares.jsonl": [msgspec.to_builtins(s) for s in shares.shares],
    }
    new = file.with_name(f".{file.name}.new")
    with tempfile.TemporaryDirectory(prefix=".nbh-export-", dir=file.parent) as work:
        try:
            with os.fdopen(os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as out:
                left_out = _write(config, course, student, out, known, Store(Path(work)))
            os.link(new, file)
        finally:
            new.unlink(missing_ok=True)
    return left_out


async def _shares(bus: Bus, course: str, student: str) -> SharesFound:
    asked = FindShares(only_course="" if course == ALL else course, only_student=student)
    try:
        return await bus.ask(asked, SharesFound)
    except BusAway as e:
        raise Sorry("the service provisioner does not answer; see the log of nbh up") from e


def _statistics(config: Config, student: str) -> Rows:
    lines = asking.content(config, ("students", student, "events"), "jsonl", {})
    return [msgspec.json.decode(line) for line in lines.splitlines()]


def _of(rows: Rows, course: str, inside: str = "") -> Rows:
    """Those of a course, without what is secret."""
    found = []
    for row in rows:
        whose = (row[inside] if inside else row).get("course")
        if course in (ALL, whose):
            found.append(mentions.without_secrets(row))
    return found


def _write(
    config: Config,
    course: str,
    student: str,
    out: Any,
    known: dict[str, Rows],
    store: Store,
) -> list[str]:
    left_out: list[str] = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in known.items():
            archive.writestr(name, b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
        for share in known["shares.jsonl"]:
            page = config.site.data / "snapshots" / f"{share['name']}.html"
            archive.write(page, f"shared/{share['name']}.html")
        for each in _courses(config, course, student):
            folder = config.site.data / "students" / student / each
            reading = _read(folder, store)
            left_out += [f"{each}/{what}" for what in reading.left_out]
            left_out += _add(archive, f"files/{each}", reading.entries, store)
    return left_out


def _courses(config: Config, course: str, student: str) -> list[str]:
    try:
        names = sorted(p.name for p in (config.site.data / "students" / student).iterdir())
    except FileNotFoundError:
        return []
    return [name for name in names if name[0] != "." and course in (ALL, name)]


def _read(folder: Path, store: Store) -> Reading:
    reading = Reading(store, {})
    descriptor = os.open(folder, _FOLDER)
    try:
        reading.read(descriptor)
    finally:
        os.close(descriptor)
    return reading


def _add(
    archive: zipfile.ZipFile, top: str, entries: Iterable[Entry], store: Store
) -> Iterator[str]:
    """Put a folder into the archive; what was left out, and why."""
    for entry in entries:
        # what no zip can have in a name is a question mark there
        name = f"{top}/{as_name(entry.path)}".encode(errors="replace").decode().rstrip("/")
        if _holes(entry) > _MOST_HOLES:
            yield f"{name}: {units.sized(_holes(entry))} of it are holes"
            continue
        info = zipfile.ZipInfo(f"{name}/" if entry.kind == "folder" else name, _when(entry))
        info.compress_type = zipfile.ZIP_DEFLATED
        match entry.kind:
            case "folder":
                info.external_attr = (stat.S_IFDIR | 0o755) << 16
                archive.writestr(info, b"")
            case "link":
                info.external_attr = (stat.S_IFLNK | 0o777) << 16
                archive.writestr(info, as_name(entry.target).encode(errors="replace"))
            case "file":
                info.external_attr = (stat.S_IFREG | 0o644) << 16
                with archive.open(info, "w", force_zip64=True) as file:
                    for piece in _content(entry, store):
                        file.write(piece)


def _holes(entry: Entry) -> int:
    return entry.size - sum(length for _, length in _extents(entry))


def _extents(entry: Entry) -> tuple[tuple[int, int], ...]:
    return ((0, entry.size),) if entry.extents is None else entry.extents


def _content(entry: Entry, store: Store) -> Iterator[bytes]:
    at = 0
    with store.opened(entry.object) as source:
        for offset, length in _extents(entry):
            yield from _zeros(offset - at)
            at = offset + length
            while length and (piece := source.read(min(length, _PIECE))):
                length -= len(piece)
                yield piece
    yield from _zeros(entry.size - at)


def _zeros(count: int) -> Iterator[bytes]:
    for at in range(0, count, _PIECE):
        yield bytes(min(_PIECE, count - at))


def _when(entry: Entry) -> tuple[int, int, int, int, int, int]:
    then = time.gmtime(entry.mtime / 1e9)[:6]
    return (then[0], *then[1:]) if _EARLIEST[0] <= then[0] <= _LATEST else _EARLIEST
