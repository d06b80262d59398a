"""One module for each command of `nbh`; each is imported when it is called."""

import sys
from collections.abc import Iterable

from cyclopts import App

Named = tuple[str, str, str]
"""A command: its name, where it is (``module:attribute``), and what a list of commands says."""


def register(app: App, package: str, commands: Iterable[Named]) -> None:
    """Name commands that are imported when they are called.

    A list of commands needs no import for its words. A command that is asked about itself is
    imported anyway, and says all that stands in its docstring.
    """
    for name, where, what in commands:
        words = None if name in sys.argv[1:] else what
        app.command(f"{package}.{where}", name=name, help=words)
