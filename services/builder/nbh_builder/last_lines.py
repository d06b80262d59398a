"""How what was run ended, for a person who was not there: the last of what it wrote. Pure."""

from collections import deque
from collections.abc import Iterable

_TOLD = 3
_LONGEST = 200


class LastLines:
    """The last lines that are heard, but for blank ones.

    >>> LastLines(["a", "", "b"]).after("exit status 1")
    'exit status 1: a; b'
    >>> LastLines().after("exit status 1")
    'exit status 1'
    """

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._lines: deque[str] = deque(maxlen=_TOLD)
        for line in lines:
            self.hear(line)

    def hear(self, line: str) -> None:
        """One more."""
        if line.strip():
            self._lines.append(line[:_LONGEST])

    def clear(self) -> None:
        """Forget them: something else begins."""
        self._lines.clear()

    def after(self, what: str, *, or_else: str = "") -> str:
        """A sentence about an end, and the lines that led to it; ``or_else`` if there are none."""
        return ": ".join(filter(None, (what, "; ".join(self._lines) or or_else)))
