"""One HTTP request to a part of ours on this machine.

HTTP/1.0, which ends with the connection: a client library would double the memory of those who ask
nobody else.
"""

import asyncio
from pathlib import Path

_WITHIN = 3.0
_JSON = "Content-Type: application/json\r\nContent-Length: {}\r\n"


async def get(host: str, port: int, path: str) -> tuple[int, bytes]:
    """The status and the body of the answer.

    Raises:
        OSError: nobody answers, or not within three seconds.
        ValueError: what answers is no HTTP server.
    """
    async with asyncio.timeout(_WITHIN):
        return await _answer(await asyncio.open_connection(host, port), path)


async def post(host: str, port: int, path: str, body: bytes) -> tuple[int, bytes]:
    """The same, of what JSON is sent to.

    Raises:
        OSError: nobody answers, or not within three seconds.
        ValueError: what answers is no HTTP server.
    """
    async with asyncio.timeout(_WITHIN):
        return await _answer(await asyncio.open_connection(host, port), path, body)


async def get_at(socket: Path, path: str) -> tuple[int, bytes]:
    """The same of who listens at a socket in the file system."""
    async with asyncio.timeout(_WITHIN):
        return await _answer(await asyncio.open_unix_connection(socket), path)


async def _answer(
    opened: tuple[asyncio.StreamReader, asyncio.StreamWriter], path: str, sent: bytes | None = None
) -> tuple[int, bytes]:
    reader, writer = opened
    verb = "GET" if sent is None else "POST"
    said = "" if sent is None else _JSON.format(len(sent))
    try:
        writer.write(f"{verb} {path} HTTP/1.0\r\nHost: localhost\r\n{said}\r\n".encode())
        writer.write(sent or b"")
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
    words = head.split(maxsplit=2)
    if len(words) < 2:
        raise ValueError(f"no answer to {path}")
    return int(words[1]), body
