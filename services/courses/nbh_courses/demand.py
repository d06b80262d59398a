"""Which course is pulled when. Pure: the clock is an argument.

Asked for twice, a course is pulled once; asked for while it is being pulled, once more after that.
Pushes go before the timer's rounds: somebody waits for them.
"""

from typing import NamedTuple

MOMENT = 0.1
"""Seconds for which a push waits for others: a forge tells one push with two tags three times."""


class Wish(NamedTuple):
    """A course is to be pulled."""

    course: str
    due: float
    pushed: bool
    """Whether somebody pushed; else it is the timer that asks."""


class Demand:
    """All wishes, and what is being done about them."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._waiting: dict[str, Wish] = {}
        self._running: set[str] = set()

    def ask(self, course: str, now: float, *, pushed: bool) -> None:
        """Have a course pulled; by the first of several wishes it is known when."""
        wish = Wish(course, now + MOMENT if pushed else now, pushed)
        if earlier := self._waiting.get(course):
            wish = Wish(course, min(earlier.due, wish.due), pushed or earlier.pushed)
        self._waiting[course] = wish

    def begin(self, now: float) -> list[Wish]:
        """What is to be pulled from now on; `ended` is told of each."""
        due = [w for w in self._startable() if w.due <= now]
        begun = sorted(due, key=lambda w: (not w.pushed, w.due))[: self._free]
        for wish in begun:
            del self._waiting[wish.course]
            self._running.add(wish.course)
        return begun

    def ended(self, course: str) -> None:
        """A pull that was begun has ended, however it went."""
        self._running.remove(course)

    def next_at(self) -> float | None:
        """When something can begin; None while nothing can, whatever the clock says."""
        return min((w.due for w in self._startable()), default=None) if self._free else None

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is wished for and nothing done."""
        return not self._waiting and not self._running

    @property
    def _free(self) -> int:
        return self._at_once - len(self._running)

    def _startable(self) -> list[Wish]:
        return [w for w in self._waiting.values() if w.course not in self._running]
