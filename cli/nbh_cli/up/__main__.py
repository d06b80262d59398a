"""``python -m nbh_cli.up CONFIG [--end-labs]``: what `nbh up` becomes, without what it needed to
read its command line. The supervisor's one composition root."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from nbh_cli.host.failures import HostFailure
from nbh_cli.up import folders, labs, parts
from nbh_cli.up.checks import check
from nbh_cli.up.lock import Running, lock
from nbh_cli.up.log import Log
from nbh_cli.up.ready import ready
from nbh_cli.up.system import NotStarted, System
from nbh_kit.config import BadConfig, Config, load
from nbh_kit.programs import ProgramMissing

_ONE_CTRL_C = 0.5
"""Seconds."""


def main(arguments: list[str]) -> int:
    """Run the system until SIGINT, SIGTERM or SIGHUP; the exit status.

    0 when it was asked to stop, 1 when it could not run, 2 when the configuration is wrong.
    """
    log = Log(sys.stdout)
    # what is meant for others must be readable by them, whoever starts us
    os.umask(0o022)
    file = Path(arguments[0])
    try:
        config = load(file)
        check(config, str(file))
        with lock(config.site.data):
            folders.check_that_they_are_whole(config)
            return asyncio.run(_up(config, file, log, end_labs="--end-labs" in arguments[1:]))
    except BadConfig as e:
        print(f"nbh: {e}", file=sys.stderr)
        return 2
    except (Running, folders.Unfinished, HostFailure, ProgramMissing, NotStarted, OSError) as e:
        print(f"nbh: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before anything was started
        return 130


async def _up(config: Config, file: Path, log: Log, *, end_labs: bool) -> int:
    podman = labs.podman(config)
    for note in podman.notes if podman else ():
        log.say(note)
    folders.prepare(config)
    api = labs.program(podman, config) if podman else None
    system = System(config, parts.of(config, file, api), log)
    try:
        await _until_stopped(system, config, log)
    finally:
        log.say("stopping")
        ended = bool(podman and end_labs) and await labs.ask_all_to_end(config, log.say)
        await system.end_services()
        if podman and end_labs:
            await labs.end_all(podman, config, log.say, gently=not ended)
        await system.end_servers()
        log.say("stopped")
    return 0


async def _until_stopped(system: System, config: Config, log: Log) -> None:
    stopped = asyncio.create_task(_signals(system).wait())
    running = asyncio.create_task(_run(system, config, log))
    try:
        await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    finally:
        running.cancel()
        stopped.cancel()
        await asyncio.wait({running, stopped})


async def _run(system: System, config: Config, log: Log) -> None:
    await system.start()
    async with asyncio.TaskGroup() as together:
        together.create_task(system.watch())
        await ready(config)
        log.say(f"ready; notebooks are at {config.origins.content}")


def _signals(system: System) -> asyncio.Event:
    """Set at the first signal; one that comes later ends things at once."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    first = 0.0

    def stop() -> None:
        nonlocal first
        if not stopped.is_set():
            first = loop.time()
            stopped.set()
        # one Ctrl-C may come twice: from the terminal and from whoever started us
        elif loop.time() - first > _ONE_CTRL_C:
            system.hurry()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    return stopped


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
