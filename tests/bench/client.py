"""A client light enough not to be what is measured: HTTP/1.1 on one kept-alive connection."""

import asyncio
import json
from typing import NamedTuple
from urllib.parse import urlsplit


class Response(NamedTuple):
    """What came back; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Client:
    """One connection, one request at a time, made again when the server closes it."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, target: str) -> Response:
        """GET a path with its query.

        Raises:
            OSError: nobody listens, or the connection broke twice.
        """
        path = urlsplit(target)._replace(scheme="", netloc="").geturl()
        try:
            return await self._exchange(path)
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            try:
                return await self._exchange(path)
            except asyncio.IncompleteReadError as e:
                raise OSError("the connection broke") from e

    async def _exchange(self, path: str) -> Response:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, limit=1 << 22)
        reader, writer = self._streams
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost:{self._port}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip().split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        return Response(int(first.split()[1]), headers, await _body(reader, headers))

    async def event(self, path: str, kind: str) -> str:
        """Read server-sent events until one of this kind comes; return the URL in its data."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            # HTTP/1.0: the stream comes without chunks around it
            writer.write(f"GET {path} HTTP/1.0\r\nHost: localhost:{self._port}\r\n\r\n".encode())
            while (line := await reader.readline()) != f"event: {kind}\n".encode():
                if not line:
                    raise OSError(f"the stream ended without {kind}")
            data = (await reader.readline()).removeprefix(b"data: ")
            return str(json.loads(data)["url"])
        finally:
            writer.close()

    def close(self) -> None:
        """Leave; the next request connects anew."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") == "chunked":
        return b"".join([chunk async for chunk in _chunks(reader)])
    return await reader.readexactly(int(headers.get("content-length", 0)))


async def _chunks(reader: asyncio.StreamReader):
    while size := int(await reader.readuntil(b"\r\n"), 16):
        yield (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")
