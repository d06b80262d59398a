"""Programs that take a while: run to their end, line by line."""

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from nbh_cli.host.failures import CommandFailed

Say = Callable[[str], None]
"""Takes a line for the person who waits."""

_LAST_LINES = 12
_ENDS_WITHIN = 5.0


async def run(
    argv: Sequence[str],
    *,
    what: str,
    say: Say,
    environment: Mapping[str, str] | None = None,
    stdin: int | None = None,
) -> str:
    """Run a program to its end; returns its last line. Cancelled, it ends the program.

    ``what`` names it in the error; ``environment`` is added to ours.

    Raises:
        CommandFailed: it ended with another status than 0; it has its last lines.
    """
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL if stdin is None else stdin,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **(environment or {})},
        limit=1 << 20,
    )
    last: deque[str] = deque(maxlen=_LAST_LINES)
    try:
        assert process.stdout is not None
        async for raw in process.stdout:
            if line := raw.decode(errors="replace").rstrip():
                last.append(line)
                say(line)
        status = await process.wait()
    finally:
        await end(process)
    if status != 0:
        raise CommandFailed(what, status, last)
    return last[-1] if last else ""


async def end(process: asyncio.subprocess.Process) -> None:
    """End a program that still runs: asked first, killed if it does not listen."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _ENDS_WITHIN)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
