"""Every number is what plain Python counts over the same events."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from nbh_proto import CourseIndex, Section, Track
from nbh_stats import migrations, numbers
from nbh_stats.asked import BEGIN, END
from tests.stats.counted import Counted, Question
from tests.stats.counted.site import Site
from tests.stats.happening import MOMENTS, STUDENTS, events, instants
from tests.stats.world import World

TRACK = (("one", "w1/n1"), ("one", "w1/n2"), ("two", "été"), ("two", "nobody-opened-it"))
STEP = 6 * 3600
PATHS = {"course": "courses/py/{}", "node": "nodes/n1/{}", "site": "{}"}


@st.composite
def classes(draw):
    """A time zone, what happened, whom the course leaves out, and what is asked."""
    zone, moment = draw(st.sampled_from(MOMENTS))
    happened = draw(st.lists(events(moment), min_size=20, max_size=60))
    an_instant = st.sampled_from([e.at for e in happened]) | instants(moment)
    bounds = sorted([draw(st.just(BEGIN) | an_instant), draw(st.just(END) | an_instant)])
    if bounds[0] == bounds[1]:
        bounds[1] += timedelta(microseconds=1)
    staff = draw(st.sets(st.sampled_from([*STUDENTS, "@tutors", "@nobody"]), max_size=3))
    tutors = draw(st.sets(st.sampled_from(STUDENTS), max_size=2))
    return zone, happened, bounds, staff, tutors


def _told(bound):
    return bound.isoformat() if bound not in (BEGIN, END) else None


def _query(zone, bounds):
    told = {"tz": zone, "from": _told(bounds[0]), "to": _told(bounds[1])}
    return {key: value for key, value in told.items() if value}


@pytest.fixture
async def empty(door):
    """Tables, and how to empty them between examples."""
    await door.use(migrations.migrate)

    async def emptied():
        for table in ("events", "students"):
            await door.use(lambda client, table=table: client.command(f"TRUNCATE TABLE {table}"))
        return World(door)

    return emptied


FEW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)


@FEW
@given(given_class=classes())
async def test_every_number_is_what_python_counts(empty, given_class):
    zone, happened, bounds, staff, tutors = given_class
    world = await empty()
    world.registered.groups["tutors"] = tuple(tutors)
    world.register("py", staff=tuple(staff), time_zone=zone)
    world.register("r.adv", staff=("Carl",))
    world.registered.indexes["py"] = _index()
    await world.say(*happened)
    await world.say(*happened[:5])  # once more, as after a crash
    left_out = frozenset(staff & set(STUDENTS) | (tutors if "@tutors" in staff else set()))
    question = Question("py", bounds[0], bounds[1], zone, left_out, STEP, 3, TRACK, "n1")
    counted = Counted(happened, question)
    site = Site(happened, question, {"py": left_out, "r.adv": {"Carl"}})
    query = _query(zone, bounds)
    for number in numbers.ALL:
        if number.name == "shares":
            continue  # nobody tells of them yet
        given = query | {"step": "6h", "limit": "3"}
        rows = await world.table(PATHS[number.about].format(number.name), **given)
        who = site if number.about == "site" else counted
        _compare(number, rows, getattr(who, _method(number))())


def _method(number):
    name = number.name.replace("-", "_")
    return f"node_{name}" if number.about == "node" else name


def _compare(number, rows, expected):
    got = [tuple(_read(c.type, row[c.name]) for c in number.columns) for row in rows]
    assert got == expected, number.name


def _read(type_, value):
    if value is None:
        return None
    match type_:
        case "instant":
            return datetime.fromisoformat(value)
        case "day":
            return date.fromisoformat(value)
        case _:
            return value


def _index():
    sections = []
    for name in ("one", "two"):
        notebooks = tuple(f"{n}.md" for section, n in TRACK if section == name)
        sections.append(Section(name=name, notebooks=notebooks))
    track = Track(id="t", name="T", sections=tuple(sections))
    return CourseIndex(course="py", commit="c", tracks=(track,))
