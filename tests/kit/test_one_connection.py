"""A client of NATS leaves no connection open behind it."""

import asyncio
import contextlib

from nbh_kit import bus as buses
from nbh_kit.testing import eventually, free_port, nats_server


class NotNats:
    """Listens, and says what no server of NATS says."""

    def __init__(self) -> None:
        self.came = self.here = self.most = 0

    async def serve(self, reader, writer) -> None:
        self.came, self.here = self.came + 1, self.here + 1
        self.most = max(self.most, self.here)
        writer.write(b"220 mail.example.org ESMTP\r\n")
        with contextlib.suppress(ConnectionError):
            await reader.read()
        self.here -= 1
        writer.close()


async def test_what_is_tried_again_is_not_tried_beside_what_was(in_memory):
    port, server = free_port(), NotNats()
    async with contextlib.AsyncExitStack() as until_then:
        url = await until_then.enter_async_context(nats_server(in_memory, port=port))
        async with buses.connect(url, name="test"):
            await until_then.aclose()
            async with await asyncio.start_server(server.serve, "127.0.0.1", port):
                await eventually(lambda: server.came > 5)
                # the last but one may not have heard yet that it is over
                assert server.most <= 2
