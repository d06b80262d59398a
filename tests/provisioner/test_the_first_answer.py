"""A lab's first answer is noticed when it comes, whether it is announced or not."""

import asyncio
import statistics

import pytest

from nbh_kit.testing import free_port
from nbh_provisioner import readiness

PATH = "/1234/api"


class Server:
    """Something that boots: it may announce itself, and answers from some instant on."""

    def __init__(self, runtime, port, statuses=(200,)):
        self.runtime = runtime
        self.port = port
        self.statuses = list(statuses)
        self.asked = []
        self.answered_at = 0.0
        self._server = None

    async def boot(self, announced, bound):
        """Announce after ``announced`` seconds (never if None), answer after ``bound``."""
        loop = asyncio.get_running_loop()
        if announced is not None:
            await asyncio.sleep(announced)
            (self.runtime / "jpserver-7.json").write_text("{}")
        await asyncio.sleep(bound - (announced or 0.0))
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.answered_at = loop.time()

    async def _serve(self, reader, writer):
        head = await reader.read(4096)
        if head:
            self.asked.append(head.decode())
            status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
            writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
        writer.close()

    async def close(self):
        if self._server:
            self._server.close()
            await self._server.wait_closed()


@pytest.fixture
async def noticing():
    async with readiness.noticing() as noticing:
        yield noticing


@pytest.fixture
async def server(tmp_path):
    server = Server(tmp_path, free_port())
    yield server
    await server.close()


async def lag(noticing, server, announced, bound):
    """Seconds from the first possible answer to the notice."""
    booting = asyncio.create_task(server.boot(announced, bound))
    address = f"127.0.0.1:{server.port}"
    await asyncio.wait_for(noticing.first_answer(server.runtime, address, PATH, "t"), 5)
    noticed_at = asyncio.get_running_loop().time()
    await booting
    return noticed_at - server.answered_at


async def test_an_announced_answer_is_noticed_sooner_than_by_asking_now_and_then(
    noticing, tmp_path
):
    # Medians, of both in turn: other tests may share the processor.
    async def one(n, announced):
        runtime = tmp_path / f"{n} {announced}"
        runtime.mkdir()
        server = Server(runtime, free_port())
        try:
            return await lag(noticing, server, announced, 0.12 + n * 0.013)
        finally:
            await server.close()

    lags = [(await one(n, 0.05 + n * 0.01), await one(n, None)) for n in range(9)]
    announced, unannounced = (statistics.median(each) for each in zip(*lags, strict=True))
    assert announced < unannounced * 0.7


async def test_what_announces_nothing_is_noticed_too(noticing, server):
    assert await lag(noticing, server, None, 0.15) < 1


async def test_an_announcement_before_anybody_listened_counts(noticing, server):
    (server.runtime / "jpserver-1.json").write_text("{}")
    assert await lag(noticing, server, None, 0.05) < 1


async def test_only_a_good_answer_counts(noticing, server):
    server.statuses = [503, 404, 200]
    await lag(noticing, server, 0.01, 0.02)
    assert len(server.asked) == 3


async def test_it_asks_for_the_capability_with_the_token(noticing, server):
    await lag(noticing, server, 0.01, 0.02)
    assert server.asked[-1].startswith(f"GET {PATH} HTTP/1.1\r\n")
    assert "authorization: token t\r\n" in server.asked[-1].lower()


async def test_many_labs_share_one_watch(noticing, tmp_path):
    async def one(n):
        runtime = tmp_path / f"lab{n}"
        runtime.mkdir()
        server = Server(runtime, free_port())
        await lag(noticing, server, 0.05, 0.1)
        await server.close()

    await asyncio.gather(*(one(n) for n in range(20)))
