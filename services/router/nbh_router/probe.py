"""Asks Traefik, on this machine, whether a path is there.

A library for HTTP would cost 7 MB and a tenth of a second of each start, measured, for one line.
"""

import asyncio

_PATIENCE_SECONDS = 1.0


async def answers(address: str, path: str) -> bool:
    """Whether the HTTP server at ``host:port`` answers a GET of this path with 200."""
    return await _status(address, path) == b"200"


async def listens(address: str) -> bool:
    """Whether an HTTP server answers at ``host:port``, whatever it says."""
    return await _status(address, "/") != b""


async def _status(address: str, path: str) -> bytes:
    """Three digits; empty if nobody answers."""
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            try:
                head = f"GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
                writer.write(head.encode())
                status = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return b""
    return b"".join(status.split()[1:2])
