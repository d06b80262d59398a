"""Removes images that nobody gets any more, as soon as no lab runs them."""

import asyncio

import structlog

from nbh_builder.failure import BuildError
from nbh_builder.images import Images
from nbh_builder.machine import Machine
from nbh_builder.podman_api import Answered
from nbh_proto import KeepImages

logger = structlog.get_logger(__name__)


class Keeping:
    """What is wanted of each course that had more; courses says it again when it starts."""

    def __init__(self, machine: Machine) -> None:
        self._images = Images(machine.api)
        self._wanted: dict[str, KeepImages] = {}

    async def handle(self, command: KeepImages) -> None:
        """Remove now what can be, and the rest later."""
        self._wanted[command.repository] = command
        await self._try(command)

    async def again(self) -> None:
        """Remove what could not be removed before."""
        for command in list(self._wanted.values()):
            await self._try(command)

    async def _try(self, command: KeepImages) -> None:
        try:
            left = await asyncio.to_thread(
                self._images.keep_only, command.repository, frozenset(command.images)
            )
        except (BuildError, Answered) as e:
            logger.warning("images stay for now", repository=command.repository, error=str(e))
            return
        if not left and self._wanted.get(command.repository) is command:
            del self._wanted[command.repository]
