"""A small course whose numbers one can count by hand.

Paris is an hour ahead of UTC all the time here: half past eleven at night UTC is the next day.
"""

from datetime import UTC, datetime

from nbh_proto import AccessOpened, CourseIndex, Section, Track
from nbh_stats import migrations
from nbh_stats.exclusion import Rules
from tests.stats.world import World

#  who, what, when (UTC); 5 January 2026 is a Monday
CLICKS = (
    ("prof", "w1/a.md", "2026-01-05T08:00", "cold", 3.0),
    ("ada", "w1/a.md", "2026-01-05T09:00", "cold", 2.0),
    ("ada", "w1/b.md", "2026-01-05T09:30", "running", 0.1),
    ("bob", "w1/a.py", "2026-01-05T22:30", "pool", 0.2),
    ("bob", "w1/b.md", "2026-01-05T23:30", "running", 0.1),
    ("tim", "w1/z.md", "2026-01-06T09:00", "pool", 0.3),
    ("test-1", "w1/a.md", "2026-01-07T09:00", "pool", 0.3),
    ("ada", "w2/c.ipynb", "2026-01-12T09:00", "thawed", 0.05),
    ("cleo", "w1/a.md", "2026-01-14T10:00", "pool", 0.4),
    ("ada", "w1/a.md", "2026-01-14T10:10", "running", 0.1),
)
TRACK = Track(
    id="t",
    name="T",
    sections=(
        Section(name="one", notebooks=("w1/a.md", "w1/b.md")),
        Section(name="two", notebooks=("w2/c.ipynb", "w2/d.md")),
    ),
)


def clicks(course="py"):
    return [
        AccessOpened(
            access="a",
            course=course,
            student=who,
            notebook=notebook,
            way=way,
            seconds=seconds,
            at=datetime.fromisoformat(at).replace(tzinfo=UTC),
        )
        for who, notebook, at, way, seconds in CLICKS
    ]


async def told(door):
    """The statistics of it, and of another course with the same clicks."""
    await door.use(migrations.migrate)
    world = World(door, Rules(test_students=("test-*",)))
    world.registered.groups["tutors"] = ("tim", "nobody-knows")
    world.register("py", staff=("prof", "@tutors"), time_zone="Europe/Paris")
    world.registered.indexes["py"] = CourseIndex(course="py", commit="c", tracks=(TRACK,))
    # of each course the same, told in any order and some twice
    told = [*reversed(clicks()), *clicks("other")]
    await world.say(*told)
    await world.say(*told[:4])
    return world
