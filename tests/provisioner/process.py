"""The provisioner as it really runs: a process that can be killed."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from nbh_kit.config import Config


class Provisioner:
    """``python -m nbh_provisioner``, again and again."""

    def __init__(self, config: Config, folder: Path) -> None:
        self._file = folder / "nbhosting.toml"
        self._file.write_text(_toml(config))
        self._log = folder / "provisioner.log"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Run it."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "nbh_provisioner"),
                env={**os.environ, "NBH_CONFIG": str(self._file)},
                stdout=log,
                stderr=log,
            )

    async def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    @asynccontextmanager
    async def dying_at(self, call: str) -> AsyncGenerator[None]:
        """From now on, the system call of that name is its last.

        strace counts calls in each thread by itself (strace(1), "when"), so it comes when calls of
        that name that do not matter are over.
        """
        assert self._process is not None
        argv = ("-f", "-p", str(self._process.pid), "-o", "/dev/null")
        what = ("-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when=1")
        strace = await asyncio.create_subprocess_exec(
            "strace", *argv, *what, stderr=asyncio.subprocess.PIPE
        )
        assert strace.stderr is not None
        try:
            attached = await asyncio.wait_for(strace.stderr.readline(), 20)
            assert b"attached" in attached
            yield
        finally:
            if strace.returncode is None:
                strace.terminate()
            await strace.communicate()

    async def ended(self) -> None:
        """Wait until it has ended by itself."""
        assert self._process is not None
        await asyncio.wait_for(self._process.wait(), 60)

    async def stop(self) -> int | None:
        """Ask it to end; return its exit status."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(self._process.wait(), 60)
        except TimeoutError:
            await self.kill()
            raise

    @property
    def pid(self) -> int:
        """Of the process that runs, or ran last."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What it wrote."""
        return self._log.read_text()


@asynccontextmanager
async def provisioner(config: Config, folder: Path) -> AsyncGenerator[Provisioner]:
    """A provisioner that runs, and is stopped at the end if it still does."""
    process = Provisioner(config, folder)
    await process.start()
    try:
        yield process
    finally:
        await process.stop()


def _toml(config: Config) -> str:
    """Enough of the configuration, as a file. JSON's strings and numbers are TOML's."""
    tree = msgspec.to_builtins(config, enc_hook=str)
    lines = []
    for table in ("site", "nats", "lab", "pool", "provisioner", "health"):
        lines.append(f"[{table}]")
        values = {k: v for k, v in tree[table].items() if v is not None}
        lines += [f"{k} = {msgspec.json.encode(v).decode()}" for k, v in values.items()]
    return "\n".join(lines)
