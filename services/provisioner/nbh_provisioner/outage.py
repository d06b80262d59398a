"""Since when something is away, as far as those know who ask it."""

_FORGOTTEN_AFTER = 60.0
"""Seconds. Pages try again sooner: in so long a time without a refusal it may have been well."""


class Outage:
    """One, or none. Instants are seconds of one clock."""

    def __init__(self) -> None:
        self._since = self._last = float("-inf")

    def goes_on(self, asked: float, at: float) -> bool:
        """What was asked for at one instant was refused at another; whether it began only now."""
        is_new = asked > self._last + _FORGOTTEN_AFTER
        if is_new:
            self._since = asked
        self._last = at
        return is_new

    def lasts(self) -> float:
        """Seconds, by the last refusal."""
        return self._last - self._since

    def is_over(self) -> None:
        """Something was answered."""
        self._last = float("-inf")
