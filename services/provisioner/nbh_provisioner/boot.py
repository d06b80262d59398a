"""Makes a lab run, waits for its first answer, and takes it away again."""

import asyncio
import errno
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

import msgspec
import structlog

from nbh_kit.config import Config
from nbh_proto import Course, Lab
from nbh_provisioner import jupyter
from nbh_provisioner.engine import (
    Ending,
    Engine,
    EngineDown,
    EngineError,
    NoSpace,
    Running,
)
from nbh_provisioner.lab_folders import LabFolders
from nbh_provisioner.places import Places
from nbh_provisioner.readiness import Readiness
from nbh_provisioner.revision import Revision
from nbh_provisioner.run_spec import container_name, limits_of, run_spec

R = TypeVar("R")

_LAST_WORDS_SECONDS = 2.0
_TRY_AGAIN_SECONDS = 0.5

logger = structlog.get_logger(__name__)


class Wish(NamedTuple):
    """What a lab is wanted for."""

    course: Course
    student: str
    revision: Revision


class Boot:
    """The engine, with the folders that labs need."""

    def __init__(
        self, engine: Engine, folders: LabFolders, readiness: Readiness, config: Config
    ) -> None:
        self._engine = engine
        self._folders = folders
        self._readiness = readiness
        self._config = config
        self._places = Places(config.site.data)

    async def start(self, wish: Wish, lab: Lab) -> Running:
        """Start a lab's container.

        Raises:
            EngineError: it does not run, and why.
        """
        image = await self._once_up(lambda: self._engine.image(lab.image))
        await asyncio.to_thread(self._make_folder, lab)
        spec = run_spec(
            lab,
            image,
            wish.revision,
            self._places.students / lab.student / lab.course,
            self._folders.of(lab.capability),
            self._config.site.name,
            limits_of(wish.course.limits, self._config.lab),
        )
        return await self._once_up(lambda: self._engine.start(spec))

    async def _once_up(self, call: Callable[[], Awaitable[R]]) -> R:
        """A call of the engine that may be made twice, again while the engine is away.

        Raises:
            EngineError: by the engine; `EngineDown` when it did not come back in time.
        """
        clock = asyncio.get_running_loop().time
        end = clock() + self._config.provisioner.podman_back_within
        while True:
            try:
                return await call()
            except EngineDown as e:
                if clock() > end:
                    raise
                logger.warning("waiting for the engine to come back", error=str(e))
                await asyncio.sleep(_TRY_AGAIN_SECONDS)

    async def answer(self, lab: Lab, address: str) -> None:
        """Return when the lab has answered.

        Raises:
            TimeoutError: not within ``lab.boot_within``; says what it wrote.
        """
        within = self._config.lab.boot_within
        path = f"{jupyter.base_url(lab.capability)}api"
        runtime = self._folders.runtime(lab.capability)
        try:
            async with asyncio.timeout(within):
                await self._readiness.first_answer(runtime, address, path, lab.token)
        except TimeoutError as e:
            raise TimeoutError(f"no answer in {within:.0f} s; {await self._log(lab)}") from e

    async def end(self, lab: Lab, running: Running) -> tuple[Ending, str]:
        """Return when the lab's first process has ended, with how it did and what it wrote."""
        await self._engine.ended(running)
        try:
            async with asyncio.timeout(_LAST_WORDS_SECONDS):
                ending = await self._engine.ending(running)
                return ending, f"{ending}; {await self._log(lab)}"
        except (EngineError, TimeoutError) as e:
            return Ending(code=None), f"nobody knows how: {e!r}"

    async def remove(self, lab: Lab, *, gently: bool) -> None:
        """Take away a lab's container and folder; gently: after it had time to save.

        Raises:
            EngineError: the container is still there.
        """
        within = self._config.lab.stop_within if gently else 0.0
        await self._once_up(lambda: self._engine.stop(self._name(lab), within=within))
        await asyncio.to_thread(self._folders.remove, lab.capability)

    async def _log(self, lab: Lab) -> str:
        try:
            said = await self._engine.log(self._name(lab))
        except EngineError as e:
            return f"its log cannot be read: {e}"
        return f"it wrote: {said}" if said else "it wrote nothing"

    def _name(self, lab: Lab) -> str:
        return container_name(self._config.site.name, lab.course, lab.student)

    def _make_folder(self, lab: Lab) -> None:
        config = msgspec.json.encode(
            jupyter.server_config(lab.capability, lab.token, self._config)
        )
        try:
            self._folders.make(lab.capability, lab.token, config)
        except OSError as e:
            if e.errno in (errno.ENOSPC, errno.EDQUOT):
                raise NoSpace(str(e)) from e
            raise
