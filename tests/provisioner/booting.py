"""What boots as a lab does: it may announce itself, and answers from some instant on."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from nbh_kit.testing import free_port
from nbh_provisioner.readiness import Readiness

PATH = "/1234/api"
TOKEN = "t"
_WITHIN = 5.0


class Server:
    """A small HTTP server with a runtime folder. Made by `server`."""

    def __init__(self, runtime: Path, statuses: Sequence[int]) -> None:
        self.runtime = runtime
        self.statuses = list(statuses)
        """What it answers, one after the other; the last one for ever."""

        self.asked: list[str] = []
        self.answered_at = 0.0
        """Since when it can answer, in the event loop's seconds."""

        self._port = free_port()
        self._server: asyncio.Server | None = None

    @property
    def address(self) -> str:
        """``host:port``."""
        return f"127.0.0.1:{self._port}"

    async def boot(self, announced: float | None, bound: float) -> None:
        """Announce after ``announced`` seconds (never if None), answer after ``bound``."""
        loop = asyncio.get_running_loop()
        if announced is not None:
            await asyncio.sleep(announced)
            (self.runtime / "jpserver-7.json").write_text("{}")
        await asyncio.sleep(bound - (announced or 0.0))
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self.answered_at = loop.time()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if head := await reader.read(4096):
            self.asked.append(head.decode())
            status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
            writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
        writer.close()

    async def close(self) -> None:
        """Answer nobody any more."""
        if self._server:
            self._server.close()
            await self._server.wait_closed()


@asynccontextmanager
async def server(runtime: Path, statuses: Sequence[int] = (200,)) -> AsyncGenerator[Server]:
    """One that does not boot yet; its runtime folder is made."""
    runtime.mkdir(exist_ok=True)
    made = Server(runtime, statuses)
    try:
        yield made
    finally:
        await made.close()


async def lag(noticing: Readiness, server: Server, announced: float | None, bound: float) -> float:
    """Seconds from the first possible answer to the notice."""
    booting = asyncio.create_task(server.boot(announced, bound))
    await _first_answer(noticing, server)
    noticed_at = asyncio.get_running_loop().time()
    await booting
    return noticed_at - server.answered_at


async def request(noticing: Readiness, server: Server) -> float:
    """Seconds that it takes to ask a server that answers already."""
    began = asyncio.get_running_loop().time()
    await _first_answer(noticing, server)
    return asyncio.get_running_loop().time() - began


async def _first_answer(noticing: Readiness, server: Server) -> None:
    answer = noticing.first_answer(server.runtime, server.address, PATH, TOKEN)
    await asyncio.wait_for(answer, _WITHIN)
