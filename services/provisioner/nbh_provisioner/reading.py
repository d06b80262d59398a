"""Gives students their notebooks as they were last saved, whatever became of their labs."""

import asyncio
from contextlib import AbstractAsyncContextManager

import structlog

from nbh_kit.bus import Bus
from nbh_proto import NotebookRead, ReadNotebook, names
from nbh_proto.names import BadName
from nbh_proto.rescue import PIECE
from nbh_provisioner.files import reading
from nbh_provisioner.files.failure import FilesError, NotebookUnknown, told
from nbh_provisioner.files.reading import Piece, TooLarge
from nbh_provisioner.files.workspace import Workspaces

logger = structlog.get_logger(__name__)


class Reading:
    """The answer to `ReadNotebook`."""

    def __init__(self, workspaces: Workspaces, most: int) -> None:
        """``most`` is how many bytes a notebook may have."""
        self._workspaces = workspaces
        self._most = most

    def answering(self, bus: Bus) -> AbstractAsyncContextManager[None]:
        """Answer while the block runs."""
        return bus.answering(ReadNotebook, self.read)

    async def read(self, asked: ReadNotebook) -> NotebookRead:
        """A piece of a notebook, or why there is none."""
        try:
            names.notebook(asked.notebook)
            found = await asyncio.to_thread(self._piece, asked)
        except (NotebookUnknown, BadName):
            return NotebookRead(reason="notebook-unknown")
        except TooLarge:
            return NotebookRead(reason="too-large")
        except FilesError as e:
            logger.info("a notebook cannot be read", detail=str(e))
            return NotebookRead(reason="workspace-unusable")
        return NotebookRead(
            file=found.notebook, size=found.size, version=found.version, data=found.data
        )

    def _piece(self, asked: ReadNotebook) -> Piece:
        try:
            place = f"{asked.student}/{asked.course}"
            with told(), self._workspaces.opened(place) as workspace:
                offset = max(0, asked.offset)
                return reading.piece(workspace, asked.notebook, offset, PIECE, self._most)
        except FilesError as e:
            if isinstance(e.__cause__, FileNotFoundError):
                raise NotebookUnknown(asked.notebook) from e
            raise
