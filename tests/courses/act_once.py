"""What the service does about one course, in one thread, killed on the way.

``python -m tests.courses.act_once COURSES NATS CALL NTH COURSE [URL]`` creates it, or pulls it,
and dies when it makes the system call of that name for the nth time.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from nbh_kit import bus as buses
from tests.courses.site import Site
from tests.tracing import killing


class _Here(ThreadPoolExecutor):
    """No thread at all: who counts steps finds all of them in one row."""

    def submit(self, work, /, *args, **kwargs):
        done: Future = Future()
        try:
            done.set_result(work(*args, **kwargs))
        except Exception as e:
            done.set_exception(e)
        return done


async def main(folder: str, nats: str, call: str, nth: str, course: str, url: str = "") -> None:
    asyncio.get_running_loop().set_default_executor(_Here(1))
    async with buses.connect(nats, name="once") as bus:
        site = Site(Path(folder), bus)
        with _dying_at(call, int(nth)):
            await (site.create(url, course) if url else site.pull(course))


@contextlib.contextmanager
def _dying_at(call: str, nth: int) -> Generator[None]:
    # From here on, since strace is slow with who is being started. git is a program of its own:
    # its steps are another test's.
    argv = ("strace", "-f", "-p", str(os.getpid()), "-b", "execve", "-o", os.devnull)
    strace = subprocess.Popen([*argv, *killing(call, nth)], stderr=subprocess.PIPE)
    assert strace.stderr is not None
    assert b"attached" in strace.stderr.readline()
    yield
    strace.terminate()
    strace.communicate()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
