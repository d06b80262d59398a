"""A server where a lab would be: says what reached it or hangs, streams, echoes websockets."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from websockets.asyncio.server import ServerConnection, serve

from nbh_kit import http


class Upstream:
    """Where it listens, and what was asked of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked: list[Request] = []
        self.address = ""
        self.goes_on = asyncio.Event()
        self.answers = asyncio.Event()
        """Not set: requests are taken and nothing is said, as by a Jupyter that hangs."""

        self.answers.set()

    async def tell(self, request: Request) -> Response:
        """Say what reached us; ``?status=`` is answered with that status."""
        self.asked.append(request)
        await self.answers.wait()
        said = {"name": self.name, "path": request.url.path, "headers": dict(request.headers)}
        headers = {
            "Set-Cookie": "username-localhost=x; Path=/",
            "Service-Worker-Allowed": "/",
            "Clear-Site-Data": '"*"',
            "Strict-Transport-Security": "max-age=1",
        }
        if "/files/" in request.url.path:  # as Jupyter does
            headers["Content-Security-Policy"] = "frame-ancestors 'self'; sandbox allow-scripts"
        return JSONResponse(said, int(request.query_params.get("status", 200)), headers)

    async def stream(self, request: Request) -> Response:
        """One line now, one when the test says so."""

        async def lines() -> AsyncGenerator[bytes]:
            yield b"first\n"
            await self.goes_on.wait()
            yield b"second\n"

        return StreamingResponse(lines(), media_type="text/plain")


@asynccontextmanager
async def upstream(name: str) -> AsyncGenerator[Upstream]:
    """Serve while the block runs."""
    server = Upstream(name)
    app = Starlette(
        routes=[
            Route("/{digits}/stream", server.stream),
            Route("/{path:path}", server.tell, methods=["GET", "POST"]),
        ]
    )
    async with http.serving(app, "127.0.0.1", 0) as serving:
        server.address = f"127.0.0.1:{serving.port}"
        try:
            yield server
        finally:
            server.answers.set()


@asynccontextmanager
async def websocket_echo() -> AsyncGenerator[str]:
    """Serve websockets that echo; yield the address."""

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with serve(echo, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"127.0.0.1:{port}"
