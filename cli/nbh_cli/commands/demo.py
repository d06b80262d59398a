"""`nbh demo`."""

import asyncio
import os
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from nbh_cli import preparing
from nbh_cli.demo import place, repository, running
from nbh_cli.demo.place import STAFF, Demo, Place
from nbh_cli.host.failures import HostFailure
from nbh_cli.host.packages import NEEDS
from nbh_cli.preparing import REPOSITORY
from nbh_cli.sorry import Sorry
from nbh_cli.steps import Steps
from nbh_cli.up.lock import Running, lock
from nbh_kit import signing_in

_EXAMPLES = REPOSITORY / "examples"


def demo(
    *,
    folder: Annotated[Path, Parameter(help="Where it keeps its things.")] = REPOSITORY / ".demo",
) -> None:
    """Run the whole system with a course and a learning platform, until Ctrl-C.

    Nothing of it is left behind then, but students' files.
    """
    if not _EXAMPLES.is_dir():
        raise Sorry("the demo needs a checkout of nbhosting, with its examples")
    os.umask(0o022)
    try:
        asyncio.run(_until_stopped(_demo(Place(folder.absolute()), Steps())))
    except (HostFailure, Running) as e:
        raise Sorry(str(e)) from e


async def _until_stopped(doing: Coroutine[Any, Any, None]) -> None:
    """Do it until a signal comes; then its `async with` blocks end what they began."""
    task = asyncio.create_task(doing)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # once: a second Ctrl-C must not interrupt what ends the rest
        loop.add_signal_handler(number, lambda: task.cancelling() or task.cancel())
    await asyncio.wait({task})
    if not task.cancelled():
        task.result()


async def _demo(where: Place, steps: Steps) -> None:
    await preparing.have(steps, NEEDS)
    if os.getuid() != 0:
        raise Sorry("labs run in podman, as root: run sudo make demo")
    with lock(where.folder):
        await _run(await _prepared(where, steps), steps)


async def _prepared(where: Place, steps: Steps) -> Demo:
    await preparing.for_labs(steps, where.run)
    await repository.publish(_EXAMPLES / "course", where.repository)
    return place.configure(where)


async def _run(demo: Demo, steps: Steps) -> None:
    async with running.system(demo, steps) as up:
        with steps.step("the system"):
            await running.came_up(demo, up)
        with steps.step("the course") as say:
            await running.publish(demo, say)
        with steps.step("an account"):
            await running.sign_up(demo)
        async with running.platform(demo, _EXAMPLES / "platform" / "app.py"):
            _invite(demo, steps)
            await up.wait()
            raise Sorry(f"the system has ended; {demo.place.log} says why")


def _invite(demo: Demo, steps: Steps) -> None:
    nbh = f"nbh … --config {demo.place.config_file}"
    steps.tell(f"\n  Open  {demo.url}\n")
    sign_in = f"{demo.config.origins.ui}{signing_in.LOGIN}"
    steps.tell(f"  sign in          {sign_in}  as {STAFF}, password {demo.password}")
    steps.tell(f"  the dashboard    {demo.config.origins.ui}{signing_in.HOME}")
    steps.tell(f"  students' files  {demo.place.data / 'students'}")
    steps.tell(f"  the log          {demo.place.log}")
    steps.tell(f"  the operator     {nbh}")
    steps.tell("\n  Ctrl-C ends it; students' files stay.")
