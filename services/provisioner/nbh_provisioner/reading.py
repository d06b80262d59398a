"""Gives students their files as they were last saved, whatever became of their labs."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import structlog

from nbh_kit.bus import Bus
from nbh_proto import FilesFound, FindFiles, NotebookRead, ReadFile, ReadNotebook, names
from nbh_proto.names import BadName
from nbh_proto.rescue import PIECE
from nbh_provisioner.files import choosing, reading
from nbh_provisioner.files.choosing import BOUNDS, Bounds
from nbh_provisioner.files.failure import FilesError, NotebookUnknown, told
from nbh_provisioner.files.reading import Piece, TooLarge
from nbh_provisioner.files.workspace import Workspaces

logger = structlog.get_logger(__name__)


class Reading:
    """The answers to `ReadNotebook`, `FindFiles` and `ReadFile`."""

    def __init__(self, workspaces: Workspaces, most: int, bounds: Bounds = BOUNDS) -> None:
        """``most`` is how many bytes a notebook may have, ``bounds`` are those of all files."""
        self._workspaces = workspaces
        self._most = most
        self._bounds = bounds

    @asynccontextmanager
    async def answering(self, bus: Bus) -> AsyncGenerator[None]:
        """Answer while the block runs."""
        async with (
            bus.answering(ReadNotebook, self.read),
            bus.answering(FindFiles, self.find),
            bus.answering(ReadFile, self.read_file),
        ):
            yield

    async def read(self, asked: ReadNotebook) -> NotebookRead:
        """A piece of a notebook, or why there is none."""
        try:
            names.notebook(asked.notebook)
        except BadName:
            return NotebookRead(reason="notebook-unknown")
        return await _told(lambda: self._piece(asked))

    async def find(self, asked: FindFiles) -> FilesFound:
        """What a student has; nothing where they have no workspace."""
        try:
            return await asyncio.to_thread(self._chosen, asked)
        except FilesError:
            return FilesFound()

    async def read_file(self, asked: ReadFile) -> NotebookRead:
        """A piece of a file, or why there is none."""
        return await _told(lambda: self._piece_of(asked))

    def _piece(self, asked: ReadNotebook) -> Piece:
        with told(), self._workspaces.opened(_place(asked)) as workspace:
            offset = max(0, asked.offset)
            return reading.piece(workspace, asked.notebook, offset, PIECE, self._most)

    def _piece_of(self, asked: ReadFile) -> Piece:
        with told(), self._workspaces.opened(_place(asked)) as workspace:
            offset = max(0, asked.offset)
            return reading.piece_of(workspace, asked.path, offset, PIECE, self._bounds.bytes)

    def _chosen(self, asked: FindFiles) -> FilesFound:
        with told(), self._workspaces.opened(_place(asked)) as workspace:
            return choosing.choose(workspace, self._bounds)


def _place(asked: ReadNotebook | ReadFile | FindFiles) -> str:
    return f"{asked.student}/{asked.course}"


async def _told(read: Callable[[], Piece]) -> NotebookRead:
    try:
        found = await asyncio.to_thread(read)
    except NotebookUnknown:
        return NotebookRead(reason="notebook-unknown")
    except TooLarge:
        return NotebookRead(reason="too-large")
    except FilesError as e:
        if isinstance(e.__cause__, FileNotFoundError):
            return NotebookRead(reason="notebook-unknown")
        logger.info("a file cannot be read", detail=str(e))
        return NotebookRead(reason="workspace-unusable")
    return NotebookRead(
        file=found.notebook, size=found.size, version=found.version, data=found.data
    )
