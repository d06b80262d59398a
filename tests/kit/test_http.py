"""How services answer over HTTP."""

import socket

from starlette.responses import PlainTextResponse

from nbh_kit.http import serving


async def test_a_body_does_not_wait_for_its_head_to_be_acknowledged():
    async with serving(PlainTextResponse("well"), "127.0.0.1", 0) as server:
        # what connections inherit (tcp(7))
        assert server._listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
