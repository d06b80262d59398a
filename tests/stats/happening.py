"""Events as hypothesis makes them up: around midnights, changes of clocks, the ends of ranges."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from nbh_proto import (
    AccessFailed,
    AccessOpened,
    AccessRefused,
    LabFailed,
    LabSampled,
    LabStopped,
    LabThawed,
    NodeSampled,
    NotebookReset,
)
from nbh_proto.sample import Counts, Disk, NodeMeasured

STUDENTS = ("ada", "bob.b", "Carl", "d-4", "0" * 28, "test-1")
COURSES = ("py", "r.adv")
NOTEBOOKS = ("w1/n1.md", "w1/n1.ipynb", "w1/n2.py", "été.md", "1.2-intro", "=1+1.md", "a.py.md")

# (zone, an instant of a change of its clocks, or of a midnight that is worth looking at)
MOMENTS = (
    ("Europe/Paris", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("Europe/Paris", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),  # there was no midnight
    ("America/Havana", datetime(2026, 11, 1, 5, tzinfo=UTC)),  # midnight came twice
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),  # by half an hour
    ("Asia/Kathmandu", datetime(2026, 1, 1, 18, 15, tzinfo=UTC)),
    ("Pacific/Kiritimati", datetime(2026, 1, 1, 10, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),  # a day was left out
    ("America/Los_Angeles", datetime(2025, 12, 31, 8, tzinfo=UTC)),
    ("UTC", datetime(2024, 2, 29, tzinfo=UTC)),
)

_AWAY = st.one_of(
    st.integers(-3, 3).map(lambda hours: timedelta(hours=hours)),
    st.integers(-2, 2).map(lambda micros: timedelta(microseconds=micros)),
    st.integers(-20 * 24 * 60, 20 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes)),
    st.sampled_from([timedelta(days=d) for d in (-400, -30, -7, -1, 1, 7, 29)]),
)


def instants(moment):
    """Instants around one; some are the same."""
    return st.tuples(_AWAY, _AWAY).map(lambda away: moment + away[0] + away[1])


_durations = st.floats(0.001, 60, allow_subnormal=False)
_students = st.sampled_from(STUDENTS)
_courses = st.sampled_from((*COURSES, COURSES[0]))
_notebooks = st.sampled_from(NOTEBOOKS)
_bytes = st.integers(0, 2**33)
_disks = st.builds(
    Disk, free_percent=st.integers(0, 200).map(lambda n: n / 2), free_mib=st.integers(0, 10**6)
)


def events(moment):
    """One event of any type that a number is made of."""
    at = instants(moment)
    click = {
        "at": at,
        "access": st.just("a"),
        "course": _courses,
        "student": _students,
        "notebook": _notebooks,
    }
    lab = {
        "at": at,
        "node": st.sampled_from(["n1", "n2"]),
        "course": _courses,
        "student": _students,
        "generation": st.integers(1, 3),
    }
    ways = st.sampled_from(["running", "thawed", "pool", "cold"])
    opened = st.builds(AccessOpened, **click, way=ways, seconds=_durations)
    reasons = st.sampled_from(["engine-down", "lab-slow"])
    others = (
        st.builds(AccessFailed, **click, reason=reasons),
        st.builds(AccessRefused, **click, reason=st.sampled_from(["signature", "expired"])),
        st.builds(LabFailed, **lab, reason=reasons),
        st.builds(LabStopped, **lab, reason=st.sampled_from(["idle", "age", "died"])),
        st.builds(
            LabThawed,
            **lab,
            by=st.sampled_from(["click", "request"]),
            seconds=_durations,
            frozen_seconds=st.just(1.0),
        ),
        st.builds(
            NotebookReset,
            at=at,
            course=_courses,
            student=_students,
            notebook=_notebooks,
            commit=st.just("c"),
            kept_as=st.just(""),
        ),
        st.builds(
            LabSampled,
            **lab,
            state=st.just("ready"),
            busy=st.booleans(),
            cpu_seconds=st.none() | st.integers(0, 10_000).map(lambda n: n / 8),
            memory=st.none() | _bytes,
            disk=st.none() | _bytes,
        ),
        _node_samples(at),
    )
    return st.integers(0, 1).flatmap(lambda half: opened if half else st.one_of(*others))


def _node_samples(at):
    counts = st.builds(Counts, **dict.fromkeys(_COUNTED, st.integers(0, 9)))
    machine = st.builds(
        NodeMeasured,
        **dict.fromkeys(("load1", "load5", "load15"), st.integers(0, 64).map(lambda n: n / 8)),
        **dict.fromkeys(("memory_total", "memory_free", "memory_available"), _bytes),
        **dict.fromkeys(("data_disk", "containers_disk", "system_disk"), st.none() | _disks),
    )
    return st.builds(
        NodeSampled,
        at=at,
        node=st.sampled_from(["n1", "n2"]),
        machine=machine,
        total=counts,
        courses=st.dictionaries(_courses, counts),
    )


_COUNTED = ("running", "frozen", "pooled", "kernels", "students")
