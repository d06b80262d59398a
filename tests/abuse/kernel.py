"""A kernel with one connection to it, through Traefik, as an open page has it."""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.e2e.student import Student, execute

_KEPT = 10_000


class Said(NamedTuple):
    """What came back when code was run."""

    text: str
    """What it printed or returned, its end only if that is long."""

    died: bool
    """Whether the kernel was lost meanwhile, by itself or with its lab."""


class Kernel:
    """One that runs. Made by `kernel_of`."""

    def __init__(self, channel: ClientConnection) -> None:
        self._channel = channel

    async def run(self, code: str, *, within: float = 60.0) -> Said:
        """Run code, and wait until the kernel is idle again, or lost."""
        about, text = uuid.uuid4().hex, ""
        async with asyncio.timeout(within):
            await self._channel.send(execute(about, code))
            while True:
                try:
                    said = msgspec.json.decode(await self._channel.recv())
                except ConnectionClosed:
                    return Said(text, died=True)
                state = said["content"].get("execution_state")
                if state in ("restarting", "autorestarting", "dead"):
                    return Said(text, died=True)
                if said["parent_header"].get("msg_id") != about:
                    continue
                text = (text + _printed(said))[-_KEPT:]
                if state == "idle":
                    return Said(text, died=False)


@asynccontextmanager
async def kernel_of(student: Student) -> AsyncGenerator[Kernel]:
    """A kernel in the lab of a student who has opened it, for as long as the block runs."""
    id_ = await student.kernel()
    url = f"{student.lab}api/kernels/{id_}/channels".replace("http", "ws", 1)
    try:
        async with connect(url, max_size=None) as channel:
            yield Kernel(channel)
    finally:
        await student.end_kernel(id_)


def _printed(said: dict[str, Any]) -> str:
    match said["msg_type"]:
        case "execute_result":
            return str(said["content"]["data"]["text/plain"])
        case "stream":
            return str(said["content"]["text"])
        case "error":
            return "\n".join(said["content"]["traceback"])
    return ""
