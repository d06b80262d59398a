"""A network of its own for a program: Chromium drops what it loads when the machine's changes.

Each lab that podman starts or ends adds or removes an interface of this machine, and Chromium then
fails every request in flight with ERR_NETWORK_CHANGED. No student's browser stands on the machine
that runs labs, so the one of the tests gets a network namespace where nothing ever changes; the
few ports it needs are passed through by unix sockets, which know no namespace.

Run as ``python -m tests.e2e.apart FOLDER PROGRAM ARGUMENT …``; each port is a socket in FOLDER.
"""

import asyncio
import ctypes
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from nbh_kit import programs

_CLONE_NEWNET = 0x40000000
_CHUNK = 1 << 16


class Cable:
    """What joins the program to the world. A laptop that is closed has it pulled."""

    def __init__(self) -> None:
        self._is_in = True
        self._ends: set[asyncio.StreamWriter] = set()

    def pull(self) -> None:
        """Break every connection, and let none be made."""
        self._is_in = False
        for end in self._ends:
            end.transport.abort()

    def plug_in(self) -> None:
        """Let connections be made again."""
        self._is_in = True

    def hold(self, end: asyncio.StreamWriter) -> None:
        """A connection goes through it."""
        self._ends.add(end)
        if not self._is_in:
            end.transport.abort()


@asynccontextmanager
async def passing(
    folder: Path, ports: Sequence[int], cable: Cable | None = None
) -> AsyncGenerator[None]:
    """Lead ``folder/<port>`` to each of this machine's ports while the block runs."""
    through = cable or Cable()
    async with AsyncExitStack() as stack:
        for port in ports:
            server = await asyncio.start_unix_server(_to_port(port, through), folder / str(port))
            await stack.enter_async_context(server)
        yield


def wrapper(folder: Path, program: str) -> Path:
    """A program that starts the one given apart; its ports lead through ``folder``."""
    script = folder / "apart"
    script.write_text(
        f"#!/bin/sh\nPYTHONPATH={Path(__file__).parents[2]} exec {sys.executable}"
        f' -m tests.e2e.apart {folder} {program} "$@"\n'
    )
    script.chmod(0o755)
    return script


def _to_port(port: int, cable: Cable):
    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cable.hold(writer)
        await _joined(reader, writer, asyncio.open_connection("127.0.0.1", port))

    return accepted


def _to_socket(path: Path):
    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _joined(reader, writer, asyncio.open_unix_connection(path))

    return accepted


async def _joined(reader, writer, opening) -> None:
    try:
        far_reader, far_writer = await opening
    except OSError:
        writer.transport.abort()
        return
    await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.close()


async def _listen(folder: Path, ready: int) -> None:
    """Inside: pass each port on, until the program that we serve has ended."""
    parent = os.getppid()
    for path in folder.iterdir():
        if path.is_socket():
            await asyncio.start_server(_to_socket(path), "127.0.0.1", int(path.name))
    os.write(ready, b".")
    while os.getppid() == parent:
        await asyncio.sleep(0.5)


def _main(folder: Path, program: list[str]) -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
        sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")
    subprocess.run([str(programs.find("ip")), "link", "set", "lo", "up"], check=True)
    listening, ready = os.pipe()
    if os.fork() == 0:
        # whoever started the program waits until all have closed what it was given
        os.dup2(ready, 3)
        os.closerange(4, 1024)
        asyncio.run(_listen(folder, 3))
        os._exit(0)
    os.read(listening, 1)
    os.close(listening)
    os.close(ready)
    os.execv(program[0], program)  # noqa: S606  # a literal list, no shell


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2:])
