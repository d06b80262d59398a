"""``python -m nbh_cli.up CONFIG [--end-labs]``: what `nbh up` becomes, without what it needed to
read its command line. The supervisor's one composition root."""

import asyncio
import signal
import sys
from pathlib import Path

from nbh_cli.up import folders, parts
from nbh_cli.up.lock import Running, lock
from nbh_cli.up.log import Log
from nbh_cli.up.reach import OutOfReach
from nbh_cli.up.system import NotStarted, System
from nbh_kit.config import BadConfig, Config, load
from nbh_kit.programs import ProgramMissing


def main(arguments: list[str]) -> int:
    """Run the system until SIGINT, SIGTERM or SIGHUP; the exit status.

    0 when it was asked to stop, 1 when it could not run, 2 when the configuration is wrong.
    """
    log = Log(sys.stdout)
    file = Path(arguments[0])
    try:
        config = load(file)
        with lock(config.site.data):
            return asyncio.run(_up(config, file, log, end_labs="--end-labs" in arguments[1:]))
    except BadConfig as e:
        print(f"nbh: {e}", file=sys.stderr)
        return 2
    except (Running, OutOfReach, ProgramMissing, NotStarted, OSError) as e:
        print(f"nbh: {e}", file=sys.stderr)
        return 1


async def _up(config: Config, file: Path, log: Log, *, end_labs: bool) -> int:
    folders.prepare(config)
    system = System(config, parts.of(config, file, podman=None), log)
    stopped = _signals(system)
    running = asyncio.create_task(_run(system, config, log))
    waiting = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    finally:
        running.cancel()
        waiting.cancel()
        log.say("stopping")
        await system.end(and_labs=end_labs)
        log.say("stopped")
    return 0


async def _run(system: System, config: Config, log: Log) -> None:
    await system.start()
    log.say(f"started; notebooks are at {config.origins.content}")
    await system.watch()


def _signals(system: System) -> asyncio.Event:
    """Set at the first signal; a second one ends things at once."""
    stopped = asyncio.Event()

    def stop() -> None:
        if stopped.is_set():
            system.hurry()
        stopped.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    return stopped


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
