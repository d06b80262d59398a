"""Brings a student's notebook from the disk of a provisioner, as it was last saved."""

from collections.abc import AsyncGenerator
from typing import NamedTuple

from nbh_kit.bus import Bus, BusAway
from nbh_kit.links import Place
from nbh_proto import NotebookRead, ReadNotebook
from nbh_proto.rescue import NotReadReason


class NotSaved(Exception):
    """There is nothing to bring, and why."""

    def __init__(self, reason: NotReadReason) -> None:
        super().__init__(reason)
        self.reason: NotReadReason = reason


class Changed(Exception):
    """It was saved anew in the middle: what was brought is of two notebooks."""


class Saved(NamedTuple):
    """A notebook on its way."""

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
    first = await _piece(bus, place, 0)
    return Saved(first.file, first.size, _pieces(bus, place, first))


async def _pieces(bus: Bus, place: Place, first: NotebookRead) -> AsyncGenerator[bytes]:
    yield first.data
    at = len(first.data)
    while at < first.size:
        next_ = await _piece(bus, place, at)
        if next_.version != first.version or not next_.data:
            raise Changed
        yield next_.data
        at += len(next_.data)


async def _piece(bus: Bus, place: Place, offset: int) -> NotebookRead:
    asked = ReadNotebook(
        course=place.course, student=place.student, notebook=place.notebook, offset=offset
    )
    found = await bus.ask(asked, NotebookRead)
    if found.reason is not None:
        raise NotSaved(found.reason)
    return found
