"""The builder, composed: every part is made here, and told who its neighbours are."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import structlog

from nbh_builder.building import Building, Recipes
from nbh_builder.counting import Counting
from nbh_builder.docs_recipe import DocsRecipe
from nbh_builder.failure import BuildError
from nbh_builder.image_recipe import ImageRecipe
from nbh_builder.keeping import Keeping
from nbh_builder.machine import Machine
from nbh_builder.podman_api import Answered
from nbh_builder.saying import Logs
from nbh_kit import bus as buses
from nbh_kit import run
from nbh_kit.bus import Bus
from nbh_kit.config import Config
from nbh_kit.consuming import consume
from nbh_kit.health import Health
from nbh_kit.metrics import Metrics
from nbh_kit.one import only_one
from nbh_proto import (
    BuildDocs,
    BuildImage,
    BuildLog,
    CancelBuild,
    CommandDone,
    KeepImages,
    ShowBuildLog,
    names,
)
from nbh_proto.streams import COMMANDS

logger = structlog.get_logger(__name__)

_REMOVE_EVERY = 600.0
_RETRY_SECONDS = 1.0
_TYPES = (BuildImage, BuildDocs, CancelBuild, KeepImages)


@asynccontextmanager
async def serving(config: Config, health: Health) -> AsyncGenerator[Awaitable[None]]:
    """Build while the block runs; what is being built then is ended and comes again.

    Yields:
        A loop that must run for ever beside it: old images go.
    """
    machine = Machine(config)
    async with AsyncExitStack() as stack:
        machine.places.lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        await stack.enter_async_context(only_one(machine.places.lock))
        bus = await stack.enter_async_context(_connected(config, health.metrics))
        bus.at_each_telling(Counting(health.metrics).hear)
        health.look("nats", lambda: bus.is_connected)
        logs, keeping = Logs(machine.places.logs), Keeping(machine)
        recipes = Recipes(ImageRecipe(machine), DocsRecipe(machine, bus))
        building = Building(bus, recipes, logs, machine.places.taken)
        handlers = _Handlers(bus, building, keeping, logs)
        await _cleared(machine)
        node = config.provisioner.node
        durable = f"builder-{names.token(node)}"
        for part in (
            bus.answering(ShowBuildLog, handlers.show_log),
            consume(bus, COMMANDS, durable, _TYPES, handlers.handle, only={"node": node}),
        ):
            await stack.enter_async_context(part)
        yield run.every(_REMOVE_EVERY, keeping.again)


class _Handlers:
    """Who does what is asked."""

    def __init__(self, bus: Bus, building: Building, keeping: Keeping, logs: Logs) -> None:
        self._bus = bus
        self._building = building
        self._keeping = keeping
        self._logs = logs

    async def handle(self, command: BuildImage | BuildDocs | CancelBuild | KeepImages) -> None:
        """Carry out one command. Idempotent: it may be delivered twice."""
        match command:
            case BuildImage() | BuildDocs():
                await self._building.handle(command)
            case KeepImages():
                await self._keeping.handle(command)
            case CancelBuild(course=course):
                count = self._building.jobs.cancel(course)
                line = f"{count} cancelled" if count else "nothing is being built"
                done = CommandDone(about=command.id, line=line)
                await self._bus.answer(command.answer_to, done)

    async def show_log(self, asked: ShowBuildLog) -> BuildLog:
        """What the last build wrote."""
        return await asyncio.to_thread(self._logs.read, asked.course, asked.what)


async def _cleared(machine: Machine) -> None:
    """Nothing is built while an older build of ours may still run. Where none was taken there is
    none, and podman-py need not be loaded."""
    if not machine.places.taken.is_dir() or not any(machine.places.taken.iterdir()):
        return
    while True:
        try:
            await asyncio.to_thread(machine.clear)
            return
        except (BuildError, Answered) as e:
            logger.warning("waiting for podman", error=str(e))
            await asyncio.sleep(_RETRY_SECONDS)


def _connected(config: Config, metrics: Metrics) -> AbstractAsyncContextManager[Bus]:
    return buses.connect(
        config.nats.url,
        name="builder",
        user="builder",
        password=config.password_of("builder"),
        metrics=metrics,
    )
