"""How many labs of each course wait for whoever comes next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbh_provisioner.demand import Demands
from nbh_provisioner.pool_policy import Demand, has_time, size, sizes

NOW = 1000.0

ages = st.lists(st.floats(0, 600), max_size=200)
demands = st.builds(
    lambda gone, boot, least, more: Demand(
        tuple(sorted(NOW - age for age in gone)), boot, least, least + more
    ),
    ages,
    st.floats(0.1, 60),
    st.integers(0, 5),
    st.integers(0, 30),
)
courses = st.dictionaries(st.sampled_from("abcde"), demands)


def demand(*gone, boot=1.0, least=0, most=30):
    return Demand(tuple(sorted(NOW - age for age in gone)), boot, least, most)


@given(courses, st.integers(0, 100))
def test_no_course_has_more_than_it_may_and_all_together_have_room(wanted, room):
    shares = sizes(wanted, NOW, room)
    assert shares.keys() == wanted.keys()
    assert sum(shares.values()) <= room
    assert all(0 <= n <= wanted[c].most for c, n in shares.items())


@given(courses)
def test_with_room_for_all_each_has_what_it_wants_and_at_least_what_it_is_promised(wanted):
    shares = sizes(wanted, NOW, 10_000)
    assert shares == {course: size(d, NOW) for course, d in wanted.items()}
    assert all(shares[c] >= wanted[c].least for c in wanted)


@given(courses, st.integers(0, 60))
def test_what_is_promised_comes_before_what_is_likely(wanted, room):
    shares = sizes(wanted, NOW, room)
    if any(shares[c] < wanted[c].least for c in wanted):
        assert all(shares[c] <= wanted[c].least for c in wanted)


@given(courses, st.integers(0, 60))
def test_more_room_takes_nothing_from_anybody(wanted, room):
    less, more = sizes(wanted, NOW, room), sizes(wanted, NOW, room + 1)
    assert all(less[c] <= more[c] for c in wanted)


@given(demands, st.floats(0, 299), st.floats(1, 5))
def test_who_comes_and_slower_boots_never_make_it_smaller(before, age, slower):
    arrivals = tuple(sorted([*before.arrivals, NOW - age]))
    assert size(before._replace(arrivals=arrivals), NOW) >= size(before, NOW)
    assert size(before._replace(boot=before.boot * slower), NOW) >= size(before, NOW)


@given(demands)
def test_a_course_to_which_nobody_came_for_five_minutes_has_what_it_is_promised(before):
    assert size(before, NOW + 301) == before.least


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        pytest.param(demand(), 0, id="nobody came"),
        pytest.param(demand(least=2), 2, id="nobody came, and two are promised"),
        pytest.param(demand(200), 1, id="one came lately"),
        pytest.param(demand(400), 0, id="one came long ago"),
        pytest.param(demand(*[2] * 16), 5, id="a class begins"),
        pytest.param(demand(*[2] * 16, boot=4), 12, id="a class begins, and boots are slow"),
        pytest.param(demand(*[2] * 16, boot=4, most=8), 8, id="as many as there may be"),
        pytest.param(demand(*range(0, 300, 10)), 1, id="one comes every ten seconds"),
    ],
)
def test_it_holds_as_many_as_are_likely_to_come_while_one_boots(wanted, number):
    assert size(wanted, NOW) == number


def test_courses_that_want_the_same_share_what_room_there_is():
    wants_four = demand(*[1] * 12)
    assert size(wants_four, NOW) == 4
    shares = sizes({"a": wants_four, "b": wants_four}, NOW, 5)
    assert sorted(shares.values()) == [2, 3]


def test_what_is_known_of_a_course_is_forgotten_with_its_last_student():
    demands = Demands()
    demands.came("py", NOW)
    demands.booted("py", 1.0)
    demands.booted("py", 2.0)
    assert demands.courses(NOW) == {"py"}
    known = demands.of("py", 1, 8)
    assert known.arrivals == (NOW,)
    assert 1.0 < known.boot < 2.0
    assert demands.courses(NOW + 301) == set()
    assert demands.of("py", 1, 8).arrivals == ()


@pytest.mark.parametrize(
    ("since_a_student", "short_for", "idle", "has"),
    [
        (1.0, 1.0, 1.0, True),
        (0.4, 1.0, 2.0, False),  # the next one of a class may come
        (3.0, 3.0, 0.6, False),  # a page is being loaded
        (0.0, 5.0, 0.0, True),  # it has waited long enough
    ],
)
def test_labs_are_booted_in_a_calm_or_after_a_while(since_a_student, short_for, idle, has):
    assert has_time(since_a_student, short_for, idle) is has
