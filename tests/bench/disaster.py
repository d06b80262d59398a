"""A minute in which everything that can die does while a class works: what was wrong afterwards,
and how long an access took at most. There is no floor: the bare parts do not survive it."""

from tests.bench.figures import Figure, at_most
from tests.chaos.history import ANSWERED_WITHIN, Opened
from tests.chaos.run import chaos
from tests.chaos.settings import STUDENTS

SECONDS = 60.0


async def figures(system) -> list[Figure]:
    """``system`` has the course, and labs that wait."""
    report = await chaos(system, seconds=SECONDS, students=STUDENTS, seed="bench")
    waits = [step.seconds for step in report.steps if isinstance(step, Opened)]
    name = f"chaos, {STUDENTS} students, {SECONDS:.0f} s"
    return [
        at_most(
            f"{name}: accesses lost, labs doubled or left over",
            len(report.complaints),
            0,
            unit="",
            floor=None,
            spread="; ".join(report.complaints),
        ),
        at_most(
            f"{name}: the slowest of {len(waits)} answers",
            max(waits),
            ANSWERED_WITHIN,
            unit="s",
            floor=None,
        ),
    ]
