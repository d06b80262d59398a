"""A lab in a few lines: an HTTP/1.1 server on loopback that answers as Jupyter would.

``/<capability>/api`` says its version, a POST to ``/<capability>/api/shutdown`` ends it,
a POST to ``/<capability>/api/nbh/rehearsal`` is written into its log, ``/<capability>/files/…`` is
a file of the workspace, any other path below the capability is a page; without the token 403,
elsewhere 404.
"""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from nbh_kit.conditions import Mount
from nbh_provisioner import lab_paths
from nbh_provisioner.engine import RunSpec

_REASONS = {200: "OK", 204: "No Content", 403: "Forbidden", 404: "Not Found"}
_REQUEST_BYTES = 64 * 1024


class _Settings(msgspec.Struct):
    base_url: str


class _Config(msgspec.Struct):
    server: _Settings = msgspec.field(name="ServerApp")


class _Request(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]


class SmallLab:
    """One lab's server."""

    def __init__(
        self,
        spec: RunSpec,
        boots_in: float | None,
        rehearses: bool,
        knocked: Callable[[str], None],
    ) -> None:
        """Read what a real lab would read from its mounts. ``knocked`` hears the lab's address at
        each new connection.

        Raises:
            OSError: its configuration or token is not there.
        """
        sources = {m.target: Path(m.source) for m in spec.mounts}
        self._work = sources.get(lab_paths.WORK)
        config = sources[lab_paths.CONFIG]
        self._base = msgspec.json.decode(
            (config / "jupyter_server_config.json").read_bytes(), type=_Config
        ).server.base_url
        self._token = (config / "token").read_text()
        self._runtime = sources[lab_paths.RUNTIME]
        self._boots_in = boots_in
        self._rehearses = rehearses
        self._booting: asyncio.Task[None] | None = None
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()
        self._knocked = knocked
        self._awake = asyncio.Event()
        self._awake.set()
        self._shut_down: Callable[[], None] = lambda: None
        # Jupyter, too, writes its address into its log, which nobody may see as it is.
        self.log = f"will serve at {self._base}\n"

    def attach(self, mount: Mount) -> None:
        """See a folder that was not there at the start."""
        if mount.target == lab_paths.WORK:
            self._work = Path(mount.source)

    async def open(self, shut_down: Callable[[], None]) -> int:
        """Take a port, which answers once the lab has booted; return it."""
        self._shut_down = shut_down
        server = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, limit=_REQUEST_BYTES, start_serving=False
        )
        self._server = server
        self._booting = asyncio.create_task(self._boot(server))
        return int(server.sockets[0].getsockname()[1])

    @property
    def is_frozen(self) -> bool:
        """Whether it stands still."""
        return not self._awake.is_set()

    @property
    def is_used(self) -> bool:
        """Whether somebody has a connection to it."""
        return bool(self._connections)

    def freeze(self) -> None:
        """Answer nothing until it is thawed."""
        self._awake.clear()

    def thaw(self) -> None:
        """Go on."""
        self._awake.set()

    def abandon(self) -> None:
        """Answer nothing any more, at once."""
        self._awake.set()
        if self._booting:
            self._booting.cancel()
        if self._server:
            self._server.close()
        for connection in self._connections:
            connection.transport.abort()

    async def close(self) -> None:
        """Answer nothing any more; return when all is closed."""
        self.abandon()
        if self._booting:
            await asyncio.gather(self._booting, return_exceptions=True)

    async def _boot(self, server: asyncio.Server) -> None:
        if self._boots_in is None:
            return
        await asyncio.sleep(self._boots_in)
        await server.start_serving()
        # Where Jupyter says that its sockets are bound. The folder goes when the lab does.
        with contextlib.suppress(FileNotFoundError):
            (self._runtime / "jpserver-1.json").write_text("{}")
        self.log += "serving\n"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        host, port = writer.get_extra_info("sockname")
        self._knocked(f"{host}:{port}")
        try:
            while request := await _read(reader):
                await self._awake.wait()
                status, body = self._answer(request)
                if status == 204 and not self._rehearses:
                    await reader.read()  # until who asked hangs up
                writer.write(_response(status, body))
                await writer.drain()
                if status == 200 and request[:2] == ("POST", f"{self._base}api/shutdown"):
                    self._shut_down()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._connections.discard(writer)
            writer.close()

    def _answer(self, request: _Request) -> tuple[int, bytes]:
        path = request.path.partition("?")[0]
        if not path.startswith(self._base):
            return 404, b'{"message": "Not Found"}'
        if request.headers.get("authorization") != f"token {self._token}":
            return 403, b'{"message": "Forbidden"}'
        if path == f"{self._base}api":
            return 200, b'{"version": "memory"}'
        if (request.method, path) == ("POST", f"{self._base}api/nbh/rehearsal"):
            self.log += "rehearsed\n"
            return 204, b""
        if path.startswith(files := f"{self._base}files/"):
            return self._file(path.removeprefix(files))
        return 200, f"<title>{path.removeprefix(self._base)}</title>".encode()

    def _file(self, name: str) -> tuple[int, bytes]:
        file = self._work / name if self._work else None
        if file is None or ".." in file.parts or not file.is_file():
            return 404, b'{"message": "Not Found"}'
        return 200, file.read_bytes()


async def _read(reader: asyncio.StreamReader) -> _Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as e:
        if not e.partial:
            return None
        raise
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = (*first.split(" "), "", "")[:3]
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    await reader.readexactly(int(headers.get("content-length", "0")))
    return _Request(method, path, headers)


def _response(status: int, body: bytes) -> bytes:
    kind = "application/json" if body.startswith(b"{") else "text/html; charset=utf-8"
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
