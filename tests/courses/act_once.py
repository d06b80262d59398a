"""What the service does about one course, in one thread, to be killed on the way.

``python -m tests.courses.act_once COURSES NATS COURSE [URL]`` creates it, or pulls it.
"""

import asyncio
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from nbh_kit import bus as buses
from tests.courses.site import Site


class _Here(ThreadPoolExecutor):
    """No thread at all: who counts steps finds all of them in one row."""

    def submit(self, work, /, *args, **kwargs):
        done: Future = Future()
        try:
            done.set_result(work(*args, **kwargs))
        except Exception as e:
            done.set_exception(e)
        return done


async def main(folder: str, nats: str, course: str, url: str = "") -> None:
    asyncio.get_running_loop().set_default_executor(_Here(1))
    async with buses.connect(nats, name="once") as bus:
        site = Site(Path(folder), bus)
        await (site.create(url, course) if url else site.pull(course))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
