"""Shows long work to the person who waits: step by step, with what is being done right now."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

Say = Callable[[str], None]

_WORTH_A_LINE = re.compile(r"STEP \d+/\d+|building |pulling |installing |no registry|added ")
"""What is printed where no sign can move: a log, a pipe."""

_AT_ONCE = 0.3
"""Seconds: a step that took no longer is not told how long it took."""


class Steps:
    """One line for each step: a moving sign on a terminal, then a tick and the time it took."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, what: str) -> Iterator[Say]:
        """Do one step in the block; it gets a function that shows a line of what is going on."""
        began = time.monotonic()
        if self._console.is_terminal:
            with self._console.status(Text(what)) as status:
                yield lambda line: status.update(Text.assemble(what, (f"  {line}", "dim")))
        else:
            self.tell(f"  {what}")
            yield self._print_what_matters
        self._tick(what, time.monotonic() - began)

    def tell(self, text: str) -> None:
        """A line of its own."""
        self._console.print(Text(text))

    def _tick(self, what: str, seconds: float) -> None:
        took = f"  {seconds:.1f} s" if seconds > _AT_ONCE else ""
        self._console.print(Text.assemble(("✓ ", "green"), what, (took, "dim")))

    def _print_what_matters(self, line: str) -> None:
        if _WORTH_A_LINE.match(line):
            self.tell(f"    {line}")
