"""One process for one folder of data."""

import asyncio
import sys

from nbh_kit.one import only_one

HOLDS = """
import asyncio, sys
from pathlib import Path
from nbh_kit.one import only_one

async def main():
    async with only_one(Path(sys.argv[1])):
        print("mine", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_the_next_one_waits_until_the_last_is_gone_however_it_went(tmp_path):
    lock = tmp_path / "lock"
    other = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLDS, str(lock)), stdout=asyncio.subprocess.PIPE
    )
    assert other.stdout is not None
    assert await other.stdout.readline() == b"mine\n"
    entered = asyncio.Event()

    async def enter():
        async with only_one(lock):
            entered.set()

    entering = asyncio.create_task(enter())
    _, waiting = await asyncio.wait({entering}, timeout=0.3)
    assert waiting
    other.kill()
    await other.communicate()
    await asyncio.wait_for(entering, 30)
