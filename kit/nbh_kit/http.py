"""Serves an ASGI application beside whatever else a service does."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        # uvicorn raises SIGTERM again when it has stopped, which would kill the process before
        # the bus has drained; `run.until_stopped` listens to signals instead.
        yield


@asynccontextmanager
async def serving(app: Any, host: str, port: int) -> AsyncGenerator[None]:
    """Serve while the block runs; requests in flight are finished, for at most five seconds."""
    server = _Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            loop="none",
            http="httptools",
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
    )
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            if task.done():
                task.result()
                raise OSError(f"cannot serve on {host}:{port}")
            await asyncio.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        with contextlib.suppress(SystemExit):
            await task
