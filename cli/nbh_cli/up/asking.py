"""One HTTP request to a part of ours on this machine."""

import asyncio

_WITHIN = 3.0


async def get(host: str, port: int, path: str) -> tuple[int, bytes]:
    """The status and the body of the answer.

    HTTP/1.0, which ends with the connection: a client library would double the supervisor's
    memory for this.

    Raises:
        OSError: nobody answers, or not within three seconds.
        ValueError: what answers is no HTTP server.
    """
    async with asyncio.timeout(_WITHIN):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            writer.close()
    words = head.split(maxsplit=2)
    if len(words) < 2:
        raise ValueError(f"no answer to {path} on port {port}")
    return int(words[1]), body
