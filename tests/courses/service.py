"""The service as a process, and who gives it commands, for tests."""

import asyncio
import contextlib
import os
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from nbh_kit.config import Config
from nbh_kit.testing import free_port
from nbh_proto import CommandDone, CommandFailed, CreateCourse, PullCourse
from nbh_proto.course import CommandAnswer


class Service:
    """``python -m nbh_courses`` on a folder and a nats-server of the test's own."""

    def __init__(self, folder: Path, nats_url: str, more: str = "") -> None:
        self.courses = folder / "data" / "courses"
        self.port = free_port()
        self._file = folder / "nbhosting.toml"
        self._file.write_text(
            f'[site]\ndata = "{folder / "data"}"\nrun = "{folder / "run"}"\n'
            f'[nats]\nurl = "{nats_url}"\n[health]\nfirst_port = 0\n'
            f'[courses]\nlocal_urls = true\nprivate_hosts = ["127.0.0.1"]\n'
            f"pull_every = 3600\nport = {self.port}\n{more}\n"
        )
        for ours in (self.courses, folder / "data" / "accounts"):
            ours.mkdir(parents=True)
            if os.getuid() == 0:  # it drops to a user of its own then
                os.chown(ours, Config().uid_of("courses"), Config().uid_of("courses"))

    def serve_without_traefik(self) -> None:
        """Have the origins be where it listens itself."""
        hosts = {"content": "localhost", "ui": "127.0.0.1", "share": "share.localhost"}
        lines = [f'{name} = "http://{host}:{self.port}"' for name, host in hosts.items()]
        with self._file.open("a") as file:
            file.write("\n".join(["[origins]", *lines]))

    @asynccontextmanager
    async def running(self, *before: str):
        """The process; ``before`` is what runs it, such as strace."""
        process = await asyncio.create_subprocess_exec(
            *before,
            *(sys.executable, "-m", "nbh_courses", "--config", str(self._file)),
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # strace alone would leave its child
            await process.wait()


async def carried_out(bus, command: CreateCourse | PullCourse, within: float = 30.0):
    """Give a command; return what was said until it ended."""
    heard: asyncio.Queue = asyncio.Queue()
    answers = []
    async with bus.inbox(CommandAnswer, heard.put_nowait) as inbox:
        await bus.tell(msgspec.structs.replace(command, answer_to=inbox))
        async with asyncio.timeout(within):
            while not answers or not isinstance(answers[-1], CommandDone | CommandFailed):
                answers.append(await heard.get())
    return answers


async def done(bus, command, within: float = 30.0) -> str:
    """Give a command and have it done; what was said last."""
    last = (await carried_out(bus, command, within))[-1]
    assert isinstance(last, CommandDone), last
    return last.line


class Silent:
    """A server that takes connections and says nothing."""

    def __init__(self):
        self.reached = asyncio.Event()
        self.url = ""
        self._writers = []

    async def connected(self, reader, writer):
        self.reached.set()
        self._writers.append(writer)
        await reader.read()

    async def close(self):
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def silent_forge():
    """A forge that never answers, on this machine."""
    forge = Silent()
    async with await asyncio.start_server(forge.connected, "127.0.0.1", 0) as server:
        forge.url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/x"
        try:
            yield forge
        finally:
            await forge.close()


async def ended_before_it_answered(process, bus, command, within: float = 30.0) -> bool:
    """Give a command; whether the service ends without an answer to it."""
    ending = asyncio.create_task(process.wait())
    answering = asyncio.create_task(carried_out(bus, command, within))
    try:
        done_, _ = await asyncio.wait({ending, answering}, return_when=asyncio.FIRST_COMPLETED)
        if answering in done_:
            answering.result()
        return answering not in done_
    finally:
        ending.cancel()
        answering.cancel()
        await asyncio.wait({ending, answering})
