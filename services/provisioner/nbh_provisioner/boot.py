"""Makes a lab run, waits for its first answer, and takes it away again."""

import asyncio
import errno
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
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
    RunSpec,
    Shortage,
)
from nbh_provisioner.lab_folders import EXERCISE, Claim, LabFolders
from nbh_provisioner.outage import Outage
from nbh_provisioner.places import Places
from nbh_provisioner.readiness import Readiness
from nbh_provisioner.revision import Revision
from nbh_provisioner.run_spec import (
    container_name,
    pool_name,
    pool_spec,
    run_spec,
    settings_of,
    workspace_mount,
)

R = TypeVar("R")

_LAST_WORDS_SECONDS = 10.0
_TRY_AGAIN_SECONDS = 0.5
_REHEARSAL = "api/nbh/rehearsal?no_track_activity=1"
_REHEARSED_WITHIN = 60.0

_EXERCISES = (
    *(f"api/contents/{name}?content=1" for name in EXERCISE),
    *(f"notebooks/{name}" for name in EXERCISE),
    "api/contents?content=1",
    "api/kernelspecs",
    "api/sessions",
)

logger = structlog.get_logger(__name__)


class Wish(NamedTuple):
    """What a lab is wanted for."""

    course: Course
    student: str
    revision: Revision


class Shape(NamedTuple):
    """What a lab that is nobody's yet is made of: one of another shape is outdated."""

    commit: str
    spec: str
    """`nbh_provisioner.run_spec.fingerprint`, as its label has it."""


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
        self._outage = Outage()
        """The engine's. Who comes while it is away already does not wait for all of it anew."""

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
            self._workspace(lab),
            self._folders.of(lab.capability),
            self._config.site.name,
            settings_of(wish.course, self._config.lab),
        )
        return await self._once_up(lambda: self._engine.start(spec))

    async def _once_up(self, call: Callable[[], Awaitable[R]]) -> R:
        """A call of the engine that may be made twice, again while the engine is away.

        Raises:
            EngineError: by the engine; `EngineDown` when it did not come back in time.
        """
        clock = asyncio.get_running_loop().time
        while True:
            asked = clock()
            try:
                done = await call()
            except EngineDown as e:
                if self._outage.goes_on(asked, clock()):
                    logger.warning("waiting for the engine to come back", error=str(e))
                if self._outage.lasts() > self._config.provisioner.podman_back_within:
                    raise
                await asyncio.sleep(_TRY_AGAIN_SECONDS)
            except EngineError:
                self._outage.is_over()
                raise
            else:
                self._outage.is_over()
                return done

    async def image(self, name: str) -> str:
        """The id of the image that has this name now.

        Raises:
            EngineError: there is none, or nobody knows.
        """
        return await self._engine.image(name)

    async def start_pooled(self, wish: Wish, lab: Lab, image: str) -> Running:
        """Start the container of a lab that is nobody's yet.

        Raises:
            EngineError: it does not run, and why.
        """
        await asyncio.to_thread(self._make_folder, lab)
        return await self._engine.start(self._pool_spec(wish, lab, image))

    def shape(self, wish: Wish, lab: Lab, image: str) -> Shape:
        """The shape that a pooled lab would have if it were started now."""
        labels = self._pool_spec(wish, lab, image).labels
        return Shape(wish.revision.commit, labels["nbh.spec"])

    async def check_attach(self, running: Running) -> None:
        """Find out whether this machine can mount workspaces into labs that run.

        Raises:
            CannotAttach: it cannot.
        """
        self._places.students.mkdir(mode=0o700, parents=True, exist_ok=True)
        await self._engine.check_attach(running, workspace_mount(self._places.students))

    async def claim(self, lab: Lab, running: Running) -> Running:
        """Make a lab of the pool a student's: ``lab``, of which the lease is taken.

        Raises:
            EngineError: it is nobody's, and never will be.
        """
        try:
            self._folders.claim(lab.capability, Claim(lab.student, lab.generation))
        except OSError as e:
            raise NoSpace(str(e)) from e
        return await self.finish_claim(lab, running)

    async def finish_claim(self, lab: Lab, running: Running) -> Running:
        """What is to be done once it is written whose the lab is; done again it changes nothing.

        Raises:
            EngineError: the lab is of no use.
        """
        # The name first: what has not got it does not get the student's files either.
        if running.name != (name := self._name(lab)):
            unnamed = running
            running = await self._once_up(lambda: self._engine.rename(unnamed, name))
        await self._engine.promote(running)
        await self._engine.attach(running, workspace_mount(self._workspace(lab)))
        return running

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

    async def exercise(self, lab: Lab) -> None:
        """Have a lab do once what it is slow at the first time: what a student's page asks for.

        Measured: the first notebook took 80 ms more than the second. Images that cannot do some of
        it have nothing to be exercised there.
        """
        for path in _EXERCISES:
            url = f"{jupyter.base_url(lab.capability)}{path}"
            await self._readiness.answers(lab.address, url, lab.token)

    async def rehearse(self, lab: Lab) -> None:
        """Have a lab begin a kernel and do all else that its first page needs (ADR 43).

        An image that cannot is none of ours, and has nothing to rehearse.
        """
        url = f"{jupyter.base_url(lab.capability)}{_REHEARSAL}"
        await self._readiness.does(lab.address, url, lab.token, within=_REHEARSED_WITHIN)

    async def end(self, lab: Lab, running: Running) -> tuple[Ending, str]:
        """Return when the lab's first process has ended, with how it did and what it wrote."""
        await self._engine.ended(running)
        try:
            async with asyncio.timeout(_LAST_WORDS_SECONDS):
                ending = await self._engine.ending(running)
                return ending, f"{ending}; {await self._log(lab)}"
        except (EngineError, TimeoutError) as e:
            return Ending(code=None), f"nobody knows how: {e!r}"

    def shortages(self, running: Running) -> AsyncGenerator[Shortage]:
        """Each time that a lab is refused more than it may have, from now on."""
        return self._engine.shortages(running)

    async def remove(self, lab: Lab, *, gently: bool) -> None:
        """Take away a lab's container and folder; gently: after it had time to save.

        Raises:
            EngineError: the container is still there.
        """
        within = self._config.lab.stop_within if gently else 0.0
        await self._once_up(lambda: self._engine.stop(self._name(lab), within=within))
        if lab.container:  # one of the pool may not have got its name
            await self._once_up(lambda: self._engine.stop(lab.container, within=0))
        await asyncio.to_thread(self._folders.remove, lab.capability)

    async def _log(self, lab: Lab) -> str:
        try:
            said = await self._engine.log(lab.container or self._name(lab))
        except EngineError as e:
            return f"its log cannot be read: {e}"
        return f"it wrote: {said}" if said else "it wrote nothing"

    def _name(self, lab: Lab) -> str:
        if lab.state == "pooled":
            return pool_name(self._config.site.name, lab)
        return container_name(self._config.site.name, lab.course, lab.student)

    def _workspace(self, lab: Lab) -> Path:
        return self._places.students / lab.student / lab.course

    def _pool_spec(self, wish: Wish, lab: Lab, image: str) -> RunSpec:
        limits = settings_of(wish.course, self._config.lab)
        folder = self._folders.of(lab.capability)
        return pool_spec(lab, image, wish.revision, folder, self._config.site.name, limits)

    def _make_folder(self, lab: Lab) -> None:
        config = msgspec.json.encode(
            jupyter.server_config(
                lab.capability, lab.token, self._config, pooled=lab.state == "pooled"
            )
        )
        try:
            self._folders.make(lab.capability, lab.token, config)
        except OSError as e:
            if e.errno in (errno.ENOSPC, errno.EDQUOT):
                raise NoSpace(str(e)) from e
            raise
