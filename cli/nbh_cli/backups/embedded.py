"""The embedded nats-server alone, for the time in which streams are restored."""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from nbh_cli.up import nats_server, parts
from nbh_cli.up.children import Child
from nbh_cli.up.log import Log
from nbh_cli.up.nats_server import Monitor
from nbh_kit.config import Config

_ENDS_WITHIN = 30.0


class NotStarted(RuntimeError):
    """NATS does not run, and what it said."""


@asynccontextmanager
async def serving(config: Config, file: Path) -> AsyncIterator[None]:
    """Run it while the block runs, with the folder and the users that it has in the system.

    Raises:
        NotStarted: it does not come up.
    """
    program = parts.of(config, file, None).nats
    assert program is not None
    said = io.StringIO()
    child = Child(program, Log(said), lambda: nats_server.configure(config))
    keeping = asyncio.create_task(child.keep())
    try:
        await _ready(Monitor(config, child), said)
        yield
    finally:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping
        await child.end(_ENDS_WITHIN)


async def _ready(monitor: Monitor, said: io.StringIO) -> None:
    try:
        await monitor.ready()
    except (nats_server.NeverReady, nats_server.NotDurable) as e:
        raise NotStarted(f"{e}\n{said.getvalue()}") from e
