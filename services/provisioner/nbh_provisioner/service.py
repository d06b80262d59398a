"""The provisioner at work: what it answers, and what it does beside."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from nbh_kit import bus as buses
from nbh_kit.bus import Bus
from nbh_kit.config import Config
from nbh_kit.consuming import consume
from nbh_kit.health import Health
from nbh_kit.metrics import Metrics
from nbh_kit.one import only_one
from nbh_kit.traces import Traces
from nbh_proto import AccessRequested, TakeWorkspace, names
from nbh_proto.streams import COMMANDS, EVENTS, PATIENCE
from nbh_provisioner import commands, idleness, memory, readiness, taking
from nbh_provisioner.counting import Counting
from nbh_provisioner.engine import Engine
from nbh_provisioner.idleness import Idle
from nbh_provisioner.images import Images
from nbh_provisioner.memory import Memory
from nbh_provisioner.parts import Parts
from nbh_provisioner.places import Places
from nbh_provisioner.shares import sharing

_ACCESSES_IN_FLIGHT = 4096
_SYSTEM = Path("/")


@asynccontextmanager
async def serving(
    config: Config,
    engine: Engine,
    health: Health,
    *,
    read_memory: Callable[[], Memory] = memory.read,
    read_idle: Callable[[], Idle] = idleness.read,
    system: Path = _SYSTEM,
) -> AsyncGenerator[Awaitable[None]]:
    """Answer accesses and commands while the block runs; labs live on after it.

    Args:
        health: is told how to look at "nats" and at "labs", which are those that ran before us.
        read_memory: how much there is, and is left.
        read_idle: how long processors had nothing to do.
        system: where the machine's own file system is.

    Yields:
        A loop that must run for ever beside it: it follows the courses, and stocks the pool.
    """
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.close)
        await stack.enter_async_context(only_one(Places(config.site.data).lock))
        noticing = await stack.enter_async_context(readiness.noticing())
        bus = await stack.enter_async_context(_connected(config, health.metrics))
        bus.at_each_telling(Counting(health.metrics).hear)
        traces = Traces("provisioner", config.site.traces)
        await stack.enter_async_context(traces.sending())
        parts = Parts(config, engine, noticing, bus, system, read_memory, read_idle, traces)
        health.look("nats", lambda: bus.is_connected)
        health.look("labs", parts.labs.adopted.is_set)
        stack.callback(parts.preparation.close)
        stack.push_async_callback(parts.labs.close)
        stack.push_async_callback(parts.pool.close)
        await bus.at_each_connection(parts.labs.write_again)
        await bus.at_each_connection(parts.pool.write_again)
        # Accesses wait until it is done, not we: podman may be down for long.
        await stack.enter_async_context(_beside(parts.taking_over.until_done()))
        await stack.enter_async_context(_beside(parts.relief.give()))
        if config.provisioner.disk_quota != "off":
            await stack.enter_async_context(_beside(parts.watchdog.watch()))
        await stack.enter_async_context(parts.sharing.answering(bus))
        await stack.enter_async_context(_beside(parts.sharing.sweep()))
        await stack.enter_async_context(parts.reading.answering(bus))
        node = config.provisioner.node
        durable = f"provisioner-{names.token(node)}"
        await stack.enter_async_context(parts.closing.answering(bus, node))
        for consuming in (
            parts.measuring.answering(bus, node),
            Images(engine).answering(bus, node),
            parts.originals.answering(bus, node),
            parts.erasing.answering(bus, node),
            consume(
                bus, COMMANDS, durable, commands.TYPES, parts.commands.handle, only={"node": node}
            ),
            consume(bus, COMMANDS, "provisioner-shares", sharing.TYPES, parts.sharing.handle),
            consume(
                bus,
                COMMANDS,
                f"{durable}-taking",
                [TakeWorkspace],
                parts.taking.handle,
                only={"node": node},
                in_flight=taking.AT_ONCE,
            ),
            consume(
                bus,
                EVENTS,
                "provisioner",
                [AccessRequested],
                parts.accesses.handle,
                # a class that waits for its labs does not keep others from theirs
                in_flight=_ACCESSES_IN_FLIGHT,
                # else a consumer that is lost and made again would tell a month of them as failed
                youngest=2 * PATIENCE,
            ),
        ):
            await stack.enter_async_context(consuming)
        yield parts.following()


@asynccontextmanager
async def _beside(doing: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Do something while the block runs."""
    task = asyncio.create_task(doing)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _connected(config: Config, metrics: Metrics) -> contextlib.AbstractAsyncContextManager[Bus]:
    return buses.connect(
        config.nats.url,
        name="provisioner",
        user="provisioner",
        password=config.password_of("provisioner"),
        metrics=metrics,
    )
