"""The numbers once more, counted in plain Python over the same events: what the SQL must say.

Slow, and written without looking at the SQL: sets, loops, `zoneinfo`.
"""

from tests.stats.counted.happenings import Happenings
from tests.stats.counted.machines import Machines
from tests.stats.counted.people import People
from tests.stats.counted.question import Question

__all__ = ["Counted", "Question"]


class Counted(People, Happenings, Machines):
    """All numbers of one question."""
