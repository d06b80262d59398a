"""How many labs may be stopped in a minute, however wrong we are about them (R-5). Pure."""

from typing import NamedTuple

_MINUTE = 60.0


class Budget(NamedTuple):
    """What is left of it; a value that `spend` replaces."""

    a_minute: int
    spent: tuple[float, ...] = ()
    """The instants of the stops of the last minute, oldest first."""

    def free_at(self, now: float) -> float:
        """From when on the next stop is allowed: ``now`` if it is by now."""
        if len(self._recent(now)) < self.a_minute:
            return now
        return self._recent(now)[-self.a_minute] + _MINUTE

    def spend(self, now: float) -> "Budget":
        """What is left after a stop, which was allowed."""
        return self._replace(spent=(*self._recent(now), now))

    def _recent(self, now: float) -> tuple[float, ...]:
        return tuple(at for at in self.spent if at > now - _MINUTE)
