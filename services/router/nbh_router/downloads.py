"""What a student downloads when their lab does not serve it."""

from collections.abc import AsyncGenerator
from urllib.parse import quote

from starlette.responses import StreamingResponse

from nbh_kit.bus import Bus, BusAway
from nbh_kit.links import Place
from nbh_router import archive, saved


class NothingSaved(Exception):
    """They have no file in the course."""


async def notebook(bus: Bus | None, place: Place) -> StreamingResponse:
    """The notebook's file.

    Raises:
        NotSaved: there is none.
        BusAway: nobody answers.
    """
    found = await saved.notebook(bus, place)
    name = found.file.rpartition("/")[2]
    length = {"Content-Length": str(found.size)}
    return _download(found.pieces, name, "application/octet-stream", length)


async def work(bus: Bus | None, place: Place, note: tuple[str, str]) -> StreamingResponse:
    """All of their files of the course, as a .zip; ``note`` as in `archive.pieces`.

    Raises:
        NothingSaved: there is none.
        BusAway: nobody answers.
    """
    if bus is None:
        raise BusAway("NATS was never there")
    found = await archive.found(bus, place.course, place.student)
    if not found.files:
        raise NothingSaved
    pieces = archive.pieces(bus, place.course, place.student, found, note)
    return _download(pieces, f"{place.course}.zip", "application/zip", {})


def _download(
    pieces: AsyncGenerator[bytes], name: str, media_type: str, more: dict[str, str]
) -> StreamingResponse:
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return StreamingResponse(pieces, headers=headers | more, media_type=media_type)
