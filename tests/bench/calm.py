"""Waits until the machine does nothing else: what one click costs is not what came before it."""

import asyncio
import time

import psutil

_CALM = 0.1
"""Share of all processors that may be busy."""

_LOOK = 0.2
_LONGEST = 10.0


async def until_calm() -> None:
    """Return when the machine is idle, or after ten seconds of not being so."""
    deadline = time.monotonic() + _LONGEST
    psutil.cpu_percent()
    while time.monotonic() < deadline:
        await asyncio.sleep(_LOOK)
        if psutil.cpu_percent() < _CALM * 100:
            return
