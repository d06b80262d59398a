"""What a lab's own processes reach: connections that are tried from inside it."""

import asyncio
import json
from pathlib import Path

_TRY = """
import errno, json, socket, sys, time
def tried(host, port):
    began = time.monotonic()
    try:
        socket.create_connection((host, port), timeout=2).close()
        said = "reached"
    except TimeoutError:
        said = "silent"
    except OSError as e:
        said = errno.errorcode.get(e.errno, str(e))
    return said, time.monotonic() - began
places = json.load(sys.stdin)
print(json.dumps([tried(*place) for place in places]))
"""

_RESOLVE = """
import json, socket, time
began = time.monotonic()
try:
    socket.getaddrinfo("example.org", 443)
    said = "known"
except socket.gaierror as e:
    said = "unknown"
print(json.dumps([said, time.monotonic() - began]))
"""


class Inside:
    """One lab, seen from inside."""

    def __init__(self, podman_socket: Path, name: str) -> None:
        self._podman = ("podman", "--url", f"unix://{podman_socket}")
        self._name = name

    async def run(self, *argv: str, said: str = "") -> str:
        """What a command prints."""
        process = await asyncio.create_subprocess_exec(
            *(*self._podman, "exec", "--interactive", self._name, *argv),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate(said.encode())
        return out.decode()

    async def tried(self, *places: tuple[str, int]) -> list[tuple[str, float]]:
        """What became of a connection to each place (``reached``, ``silent`` or an errno's name),
        and after how many seconds."""
        printed = await self.run("python3", "-c", _TRY, said=json.dumps(places))
        return [tuple(one) for one in json.loads(printed)]

    async def reached(self, *places: tuple[str, int]) -> list[tuple[str, int]]:
        """Those that could be connected to."""
        said = await self.tried(*places)
        return [place for place, (what, _) in zip(places, said, strict=True) if what == "reached"]

    async def resolved(self) -> tuple[str, float]:
        """What became of a name, and after how many seconds."""
        said, seconds = json.loads(await self.run("python3", "-c", _RESOLVE))
        return said, seconds
