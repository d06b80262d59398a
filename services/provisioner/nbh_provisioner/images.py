"""Answers which images are here, for who looks at courses."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from nbh_kit.bus import Bus
from nbh_proto import FindImages, ImagesFound
from nbh_provisioner.engine import Engine, EngineError, ImageMissing


class Images:
    """The answer to `FindImages`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def answering(self, bus: Bus, node: str) -> AsyncGenerator[None]:
        """Answer while the block runs."""
        async with bus.answering(FindImages, self.find, node=node):
            yield

    async def find(self, asked: FindImages) -> ImagesFound:
        """Those that are here, each with its age."""
        made = {}
        for name in asked.images:
            try:
                made[name] = await self._engine.made(name)
            except ImageMissing:
                continue
            except EngineError as e:
                return ImagesFound(error=str(e))
        return ImagesFound(made=made)
