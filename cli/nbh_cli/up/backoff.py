"""How long to wait before a program that ended is started again. Pure."""

from typing import NamedTuple

FIRST = 0.1
LONGEST = 5.0
WELL = 5.0
"""Seconds after which a program counts as having run well: the next wait is the first again."""


class Backoff(NamedTuple):
    """Failures in a row, and what follows from them."""

    failures: int = 0

    def after(self, ran: float) -> "Backoff":
        """The program ended after so many seconds."""
        return Backoff(1 if ran >= WELL else self.failures + 1)

    @property
    def wait(self) -> float:
        """Seconds until the next start: 0.1, 0.2, 0.4 … 5."""
        # 2**10 is past the longest already; more would only overflow one day
        return min(FIRST * 2 ** min(self.failures - 1, 10), LONGEST) if self.failures else 0.0
