"""`make demo`, as a person starts it: run until it invites, ended by Ctrl-C."""

import asyncio
import os
import re
import signal
import time
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

_REPOSITORY = Path(__file__).parent.parent
_COMMAND = 'make --silent setup && exec .venv/bin/python -m nbh_cli demo --folder "$0"'
"""What `make demo` does, in a folder of its own."""

_INVITES_WITHIN = 120.0
_ENDS_WITHIN = 60


@asynccontextmanager
async def demo(
    folder: Path,
    checkout: Path = _REPOSITORY,
    *,
    environment: Mapping[str, str] = {},
    within: float = _INVITES_WITHIN,
) -> AsyncGenerator[tuple[Process, str, float]]:
    """A demo that has invited; (its process, its URL, after how many seconds).

    Args:
        checkout: whose `make demo`.
        environment: what is added to ours.
        within: seconds after which it is given up.
    """
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", _COMMAND, str(folder)),
        cwd=checkout,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        url = await asyncio.wait_for(_invitation(process), within)
        yield process, url, time.monotonic() - began
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        # to the end of what it and its children say: nothing of it is left to be collected later
        await asyncio.wait_for(process.communicate(), _ENDS_WITHIN)


async def _invitation(process: Process) -> str:
    said = ""
    assert process.stdout is not None
    async for line in process.stdout:
        said += line.decode()
        if found := re.search(r"Open\s+(http://\S+)", said):
            return found[1]
    raise AssertionError(said)
