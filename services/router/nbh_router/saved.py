"""Brings a student's files from the disk of a provisioner, as they were last saved."""

from collections.abc import AsyncGenerator, Callable
from typing import NamedTuple

from nbh_kit.bus import Bus, BusAway
from nbh_kit.links import Place
from nbh_proto import NotebookRead, ReadFile, ReadNotebook
from nbh_proto.rescue import NotReadReason

Piece = Callable[[int], ReadNotebook | ReadFile]
"""The question for what begins at so many bytes."""


class NotSaved(Exception):
    """There is nothing to bring, and why."""

    def __init__(self, reason: NotReadReason) -> None:
        super().__init__(reason)
        self.reason: NotReadReason = reason


class Changed(Exception):
    """It was saved anew in the middle: what was brought is of two files."""


class Saved(NamedTuple):
    """A file on its way."""

    file: str
    """Relative to the workspace, with its suffix."""

    size: int
    pieces: AsyncGenerator[bytes]


async def notebook(bus: Bus | None, place: Place) -> Saved:
    """A notebook, of which the beginning is here.

    Raises:
        NotSaved: there is none.
        BusAway: nobody answers. The pieces raise it as well, and `Changed`.
    """
    if bus is None:
        raise BusAway("NATS was never there")
    return await _begun(
        bus,
        lambda offset: ReadNotebook(
            course=place.course, student=place.student, notebook=place.notebook, offset=offset
        ),
    )


async def file(bus: Bus, course: str, student: str, path: str) -> Saved:
    """A file, as `notebook`."""
    return await _begun(
        bus,
        lambda offset: ReadFile(course=course, student=student, path=path, offset=offset),
    )


async def _begun(bus: Bus, piece: Piece) -> Saved:
    first = await _asked(bus, piece(0))
    return Saved(first.file, first.size, _pieces(bus, piece, first))


async def _pieces(bus: Bus, piece: Piece, first: NotebookRead) -> AsyncGenerator[bytes]:
    yield first.data
    at = len(first.data)
    while at < first.size:
        next_ = await _asked(bus, piece(at))
        if next_.version != first.version or not next_.data:
            raise Changed
        yield next_.data
        at += len(next_.data)


async def _asked(bus: Bus, asked: ReadNotebook | ReadFile) -> NotebookRead:
    found = await bus.ask(asked, NotebookRead)
    if found.reason is not None:
        raise NotSaved(found.reason)
    return found
