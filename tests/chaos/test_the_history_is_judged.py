"""The judge of a chaos run sees what is wrong, and nothing else."""

import pytest

from tests.chaos.history import Killed, Looked, Opened, Stopped, complaints


def opened(student="ada", lab="http://h/1/", seconds=0.1):
    return Opened(student, seconds, lab)


def event(kind, generation=1, student="ada", access="a"):
    about = {"course": "lesson", "student": student, "at": "now"}
    return {"kind": kind, "generation": generation, "access": access, **about}


A_GOOD_DAY = [
    opened(),
    Killed("router", 1.0),
    Looked("ada", "http://h/1/", True),
    Stopped("ada"),
    Opened("ada", 3.0, "", "503 Notebook servers cannot be started right now"),
    opened(lab="http://h/2/"),
    opened("bob", "http://h/3/"),
]
ITS_EVENTS = [
    event("access.requested"),
    event("lab.ready", 1),
    event("access.opened"),
    event("lab.stopped", 1),
    event("lab.ready", 5),
    event("lab.ready", 3, student="bob"),
]


def test_a_good_day_has_no_complaints():
    assert complaints(A_GOOD_DAY, ITS_EVENTS) == []


def test_what_is_told_twice_is_no_second_lab():
    assert complaints([], [event("lab.ready", 1), event("lab.ready", 1)]) == []


@pytest.mark.parametrize(
    ("steps", "events", "said"),
    [
        pytest.param([opened(lab="", seconds=60.0)], [], "no answer", id="no answer"),
        pytest.param([opened(seconds=61.0)], [], "no answer", id="a notebook too late"),
        pytest.param([Looked("ada", "l", False, "404")], [], "lost what", id="a kernel lost"),
        pytest.param(
            [opened(), opened(lab="http://h/2/")], [], "another lab", id="another lab unasked"
        ),
        pytest.param([Stopped("ada", done=False)], [], "not stopped", id="a stop lost"),
        pytest.param([], [event("access.requested")], "never ended", id="an access lost"),
        pytest.param(
            [], [event("lab.ready", 1), event("lab.ready", 2)], "at once", id="two labs at once"
        ),
        pytest.param(
            [],
            [event("lab.ready", 2), event("lab.stopped", 2), event("lab.ready", 1)],
            "came after",
            id="an older lab after a newer one",
        ),
    ],
)
def test_what_is_wrong_is_told(steps, events, said):
    (complaint,) = complaints(steps, events)
    assert said in complaint
    assert complaint.startswith(("ada", "the access of ada"))
