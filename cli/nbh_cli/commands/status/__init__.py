"""`nbh status`: the whole system on one screen, and what is wrong with it."""

import asyncio
import sys
from typing import Annotated

from cyclopts import Parameter

from nbh_cli import operating, output
from nbh_cli.commands.status import looking, saying
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile
from nbh_kit.config import Config

_EVERY = 2.0
_HOME_AND_CLEAR_BELOW = "\x1b[H\x1b[J"


def status(
    *,
    watch: Annotated[
        bool, Parameter(negative="", help="Look again every two seconds, until Ctrl-C.")
    ] = False,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Services, NATS and its streams, disks, labs, courses, and what failed lately.

    The exit status is 0 when all is well, 1 when something is wrong: it is said first.
    """
    return asyncio.run(_status(operating.load(config), watch=watch, json=json))


async def _status(config: Config, *, watch: bool, json: bool) -> int:
    while True:
        seen = await looking.look(config)
        if json:
            output.print_json(seen)
        else:
            start = _HOME_AND_CLEAR_BELOW if watch and sys.stdout.isatty() else ""
            print(start + "\n".join(saying.screen(seen)), flush=True)
        if not watch:
            return 1 if seen.troubles else 0
        await asyncio.sleep(_EVERY)
