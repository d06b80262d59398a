"""The service as a process, and what stands for a ClickHouse server, for tests."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from nbh_kit.config import Config
from nbh_kit.testing import free_port
from nbh_proto.stats import EventsFound, FindEvents

FRONT = Path(__file__).parent / "front.py"


@contextmanager
def front(folder: Path, port: int = 0):
    """A small HTTP front of chDB in a process of its own: what stands for a server here."""
    port_file = folder.with_suffix(".port")
    process = subprocess.Popen([sys.executable, FRONT, folder, port_file, str(port)])
    try:
        deadline = time.monotonic() + 30
        while not port_file.exists():
            assert process.poll() is None, "the front has ended"
            assert time.monotonic() < deadline, "the front has not started"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port_file.read_text()}"
    finally:
        process.kill()
        process.wait()
        port_file.unlink(missing_ok=True)


class Service:
    """``python -m nbh_stats`` on a folder and a nats-server of the test's own."""

    def __init__(
        self,
        folder: Path,
        nats_url: str,
        server: str = "",
        health: int = 0,
        batches: str = "batch_rows = 500\nbatch_within = 0.02\n",
    ) -> None:
        self.data = folder / "data"
        self.port = free_port()
        self.file = folder / "nbhosting.toml"
        self.file.write_text(
            f'[site]\ndata = "{self.data}"\nrun = "{folder / "run"}"\n'
            f'[nats]\nurl = "{nats_url}"\n[health]\nfirst_port = {health}\n'
            f'[origins]\nui = "http://127.0.0.1:{self.port}"\n'
            f"[stats]\nport = {self.port}\n"
            f'clickhouse = "{server}"\n{batches}'
        )
        self.clickhouse = self.data / "clickhouse"
        self.clickhouse.mkdir(parents=True)
        self.own()

    def own(self):
        """Give ClickHouse's folder to the user that the service becomes when root starts it."""
        if os.getuid() == 0:
            uid = Config().uid_of("stats")
            for path in (self.clickhouse, *self.clickhouse.rglob("*")):
                os.chown(path, uid, uid, follow_symlinks=False)

    def secret(self):
        """What lets a caller in, as `nbh up` makes it."""
        file = self.data / "secrets" / "stats"
        file.parent.mkdir()
        file.write_text("s" * 64)
        return file.read_text()

    def lose_tables(self):
        """ClickHouse's folder is gone; an empty one is in its place."""
        shutil.rmtree(self.clickhouse)
        self.clickhouse.mkdir()
        self.own()

    @asynccontextmanager
    async def running(self, *before: str):
        """The process; ``before`` is what runs it, such as strace."""
        process = await asyncio.create_subprocess_exec(
            *before,
            *(sys.executable, "-m", "nbh_stats", "--config", str(self.file)),
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # strace alone would leave its child
            await process.wait()


async def found(bus, **wanted):
    """What the service answers; nobody is there or it is not ready: an AssertionError."""
    answer = await bus.ask(FindEvents(**{"limit": 10_000} | wanted), EventsFound, within=10)
    assert not answer.error, answer.error
    return answer.events
