"""Serves an ASGI application beside whatever else a service does."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

# uvicorn imports these two by name when it begins to serve; by then the process may be a user who
# cannot read where they stand (`run.drop_privileges`).
import uvicorn.lifespan.off
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from nbh_kit.metrics import Metrics
from nbh_kit.timed import Timed

_FINISH_SECONDS = 5


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn raises SIGTERM again when it has stopped, which would kill the process before
        # the bus has drained; `run.until_stopped` listens to signals instead.
        yield


class Serving:
    """A server that runs; made by `serving`."""

    def __init__(self, server: uvicorn.Server, listener: socket.socket) -> None:
        self._server = server
        self._listener = listener
        self._task = asyncio.create_task(server.serve(sockets=[listener]))
        self.port: int = listener.getsockname()[1]

    async def started(self) -> None:
        """Return once requests are answered."""
        while not self._server.started:
            if self._task.done():
                self._task.result()
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Take no more requests and finish those in flight, for at most five seconds (R-19).

        May be called before the block of `serving` ends, while what requests need is still there.
        """
        self._server.should_exit = True
        await asyncio.shield(self._task)
        self._listener.close()


@asynccontextmanager
async def serving(
    app: Any, host: str, port: int, metrics: Metrics | None = None
) -> AsyncGenerator[Serving]:
    """Serve while the block runs; port 0 takes a free one. ``metrics`` get how long it takes.

    Raises:
        OSError: the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=2048)
    # Connections inherit it. asyncio does so only for sockets that are told their protocol: a body
    # would wait 40 ms until the other side has acknowledged the head.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    app = Timed(app, metrics) if metrics else app
    serving = Serving(_Server(_config(app)), listener)
    try:
        await serving.started()
        yield serving
    finally:
        await serving.stop()


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="none",
        http=HttpToolsProtocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        # Below are junk and the websockets of labs that are gone: nobody's work, and many.
        log_level="error",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_FINISH_SECONDS,
    )
