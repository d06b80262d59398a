"""All that a student has in a course, as one .zip that is made while it is sent."""

import asyncio
import io
import zipfile
from collections.abc import AsyncGenerator, Iterable
from datetime import UTC, datetime
from typing import Any

from nbh_kit.bus import Bus
from nbh_proto import FileFound, FilesFound, FindFiles
from nbh_proto.rescue import PIECE
from nbh_router import saved
from nbh_router.saved import Changed, NotSaved

_OLDEST, _LATEST = 315532800, 4354819198
"""Unix seconds: a .zip has no dates before 1980 and after 2107."""


async def found(bus: Bus, course: str, student: str) -> FilesFound:
    """What there is to send.

    Raises:
        BusAway: nobody answers.
    """
    return await bus.ask(FindFiles(course=course, student=student), FilesFound)


async def pieces(
    bus: Bus, course: str, student: str, files: FilesFound, note: tuple[str, str]
) -> AsyncGenerator[bytes]:
    """The archive, of which no more than a piece is here at any time.

    Args:
        note: the name of a file that says what is missing, and its first line; it is there if
            something is.

    Raises:
        BusAway: nobody answers any more; what was sent is no archive then.
    """
    out = _Sent()
    missing = list(files.left_out)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in files.files:
            try:
                read = await saved.file(bus, course, student, file.path)
            except NotSaved:
                missing.append(file.path)
                continue
            with archive.open(_entry(course, file), "w") as entry:
                try:
                    async for piece in read.pieces:
                        # not in the loop that everybody's clicks go through
                        await asyncio.to_thread(entry.write, piece)
                        if out.has(PIECE):
                            yield out.taken()
                except (Changed, NotSaved):
                    missing.append(file.path)
        if missing or files.is_more:
            archive.writestr(f"{course}/{note[0]}", _listed(note[1], missing, files.is_more))
    yield out.taken()


def _entry(course: str, file: FileFound) -> zipfile.ZipInfo:
    t = datetime.fromtimestamp(min(max(file.changed, _OLDEST), _LATEST), UTC)
    # some programs take a backslash for what separates folders
    name = f"{course}/{file.path}".replace("\\", "_")
    entry = zipfile.ZipInfo(name, (t.year, t.month, t.day, t.hour, t.minute, t.second))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o100644 << 16
    return entry


def _listed(first: str, missing: Iterable[str], is_more: bool) -> str:
    return "\n".join([first, "", *sorted(missing), *(["…"] if is_more else []), ""])


class _Sent(io.RawIOBase):
    """Takes what is written, to be sent on; nobody goes back in it."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._waiting += data
        return len(data)

    def has(self, size: int) -> bool:
        return len(self._waiting) >= size

    def taken(self) -> bytes:
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken
