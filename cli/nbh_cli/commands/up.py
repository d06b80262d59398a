"""`nbh up`."""

import os
import sys
from typing import Annotated

from cyclopts import Parameter

from nbh_cli.operating import DEFAULT_CONFIG, ConfigFile


def up(
    *,
    end_labs: Annotated[
        bool, Parameter(negative="", help="At the end, end the labs too. Without it they live on.")
    ] = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Run the whole system on this machine, in the foreground, until Ctrl-C."""
    # The supervisor lives as long as the system: it becomes a process that has only what it needs.
    options = ["--end-labs"] if end_labs else []
    argv = [sys.executable, "-P", "-m", "nbh_cli.up", str(config), *options]
    sys.stdout.flush()
    os.execv(sys.executable, argv)  # noqa: S606  # a literal list, no shell
