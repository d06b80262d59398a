"""Which revisions go: only those that nobody can be looking at, and only while that is certain."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbh_courses.leftovers import removable
from nbh_courses.record import Intention, Record

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
GRACE = timedelta(minutes=30)
LONG_AGO = NOW - timedelta(days=1)
A_MOMENT_AGO = NOW - timedelta(seconds=10)
THERE = ["c1", "c2", "c3", "c4"]


def record(**fields):
    given_ = {"course": "py", "giturl": "x", "commit": "c4", "previous": "c3"}
    return Record(**{**given_, "published_at": LONG_AGO, **fields})


def decided(course=None, used=(), known_since=LONG_AGO, there=THERE):
    course = course or record()
    return removable(there, course, used, known_since=known_since, now=NOW, grace=GRACE)


def test_the_current_revision_and_the_one_before_it_stay():
    assert decided() == ["c1", "c2"]


def test_what_a_lab_mounts_stays():
    assert decided(used={"c1"}) == ["c2"]


@pytest.mark.parametrize(
    "unsure",
    [
        pytest.param({"known_since": None}, id="NATS is away"),
        pytest.param({"known_since": A_MOMENT_AGO}, id="NATS has just come back, perhaps empty"),
        pytest.param({"used": {""}}, id="a lab does not say what it mounts"),
        pytest.param(
            {"course": record(published_at=A_MOMENT_AGO)}, id="an access may be on its way"
        ),
        pytest.param({"course": record(published_at=None)}, id="nothing is published"),
        pytest.param(
            {"course": record(intention=Intention("rename", "1", to="r"))},
            id="it is being renamed",
        ),
    ],
)
def test_nothing_goes_while_it_is_not_certain(unsure):
    assert decided(**unsure) == []


_commits = st.sets(st.sampled_from([f"c{n}" for n in range(8)]))


@given(there=_commits, used=_commits, known=st.integers(0, 7200), published=st.integers(0, 7200))
def test_whatever_happened_nothing_goes_that_may_be_used(there, used, known, published):
    course = record(published_at=NOW - timedelta(seconds=published))
    gone = decided(course, used, NOW - timedelta(seconds=known), there)
    assert not set(gone) & (used | {"c3", "c4"})
    assert set(gone) <= there
    assert not gone or min(known, published) >= GRACE.total_seconds()
