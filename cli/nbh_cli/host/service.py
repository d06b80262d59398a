"""podman's API, running while a block of code does."""

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from nbh_cli.host import machine, podman
from nbh_cli.host.failures import PodmanSilent
from nbh_cli.host.running import end

_LONGEST_SOCKET = 107
"""unix(7): what fits into `sun_path`."""


@asynccontextmanager
async def podman_service(folder: Path, within: float = 10.0) -> AsyncGenerator[Path]:
    """Run podman's API; yields its socket, which answers. At the end it ends this one process.

    Containers are left as they are: whoever made them removes them.

    Raises:
        PackagesMissing: there is no podman, or no crun.
        PodmanTooOld: it is older than we can use.
        PodmanSilent: it ended, or did not answer within so many seconds.
        ValueError: the folder's path is too long for a socket.
    """
    folder.mkdir(parents=True, exist_ok=True)
    here = podman.prepare(machine.look(), folder)
    socket = folder / "podman.sock"
    if len(os.fsencode(socket)) > _LONGEST_SOCKET:
        raise ValueError(f"{socket} is longer than a socket's path can be: {_LONGEST_SOCKET}")
    said = folder / "podman.log"
    process = await _started(here, socket, said)
    try:
        await _answering(socket, process, said, within)
        yield socket
    finally:
        await end(process)


async def _started(here: podman.Podman, socket: Path, said: Path) -> asyncio.subprocess.Process:
    with said.open("wb") as log:
        return await asyncio.create_subprocess_exec(
            *_dying_with_us(here.service(socket)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # a container that runs out of memory leaves a file there (conmon: "oom")
            cwd=socket.parent,
            env={**os.environ, **here.environment},
            # Ctrl-C is for us: what we remove on our way out, we remove through it
            start_new_session=True,
        )


def _dying_with_us(command: tuple[str, ...]) -> tuple[str, ...]:
    """The same, ended by the kernel when this thread ends without having ended it."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM", "--", *command) if setpriv else command


async def _answering(
    socket: Path, process: asyncio.subprocess.Process, said: Path, within: float
) -> None:
    try:
        async with asyncio.timeout(within):
            while not await answers(socket):
                if process.returncode is not None:
                    raise PodmanSilent(f"ended with {process.returncode}", _tail(said))
                await asyncio.sleep(0.01)
    except TimeoutError as e:
        raise PodmanSilent(f"did not answer within {within:g} s", _tail(said)) from e


async def answers(socket: Path) -> bool:
    """Whether podman's API answers on this socket."""
    try:
        reader, writer = await asyncio.open_unix_connection(socket)
    except OSError:
        return False
    try:
        writer.write(b"GET /_ping HTTP/1.0\r\nHost: podman\r\n\r\n")
        return b" 200 " in await reader.readline()
    except OSError:
        return False
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def _tail(said: Path) -> str:
    return said.read_text(errors="replace").strip()[-500:]
