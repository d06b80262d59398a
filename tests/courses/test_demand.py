"""Which course is pulled when: whatever is asked for, and however long each pull takes."""

from hypothesis import given
from hypothesis import strategies as st

from nbh_courses.demand import MOMENT, Demand

COURSES = ("a", "b", "c", "d")

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from(COURSES), st.booleans()),
        st.tuples(st.just("end"), st.sampled_from(COURSES), st.none()),
        st.tuples(st.just("wait"), st.floats(0, 3 * MOMENT), st.none()),
    ),
    max_size=60,
)


@given(STEPS, st.integers(1, 3))
def test_every_wish_is_followed_by_a_pull_never_two_of_a_course_and_never_too_many(steps, at_once):
    demand, now, running = Demand(at_once), 0.0, {}
    owed: set[str] = set()
    """Courses with a wish and no pull that began after it."""

    def begin():
        for wish in demand.begin(now):
            assert wish.course not in running
            assert wish.course in owed
            owed.discard(wish.course)
            running[wish.course] = now
        assert len(running) <= at_once

    def end(course):
        del running[course]
        demand.ended(course)

    for what, which, pushed in steps:
        if what == "ask":
            demand.ask(which, now, pushed=pushed)
            owed.add(which)
        elif what == "end" and which in running:
            end(which)
        elif what == "wait":
            now += which
        begin()
    for _ in range(2 * len(COURSES)):  # whoever goes on for long enough has nothing left to do
        if (then := demand.next_at()) is not None:
            now = max(now, then)
        begin()
        for course in list(running):
            end(course)
    assert not owed
    assert demand.is_quiet


@given(st.lists(st.floats(0, MOMENT * 0.99), min_size=1, max_size=20))
def test_pushes_within_a_moment_make_one_pull_a_moment_after_the_first(times):
    demand = Demand(8)
    for then in sorted(times):
        demand.ask("a", then, pushed=True)
        assert demand.begin(then) == []
    due = demand.next_at()
    assert due == min(times) + MOMENT
    assert [w.course for w in demand.begin(due)] == ["a"]
    demand.ended("a")
    assert demand.is_quiet


@given(st.integers(1, 20))
def test_pushes_during_a_pull_make_exactly_one_more_after_it(number):
    demand = Demand(8)
    demand.ask("a", 0, pushed=True)
    assert len(demand.begin(1)) == 1
    for n in range(number):
        demand.ask("a", 1 + n, pushed=True)
    assert demand.begin(100) == []
    assert demand.next_at() is None
    demand.ended("a")
    assert len(demand.begin(100)) == 1
    demand.ended("a")
    assert demand.is_quiet


def test_a_push_goes_before_the_timer_s_round():
    demand = Demand(1)
    for course in COURSES:
        demand.ask(course, 0, pushed=False)
    demand.ask("d", 0, pushed=True)
    assert [w.course for w in demand.begin(MOMENT)] == ["d"]


def test_the_timer_alone_is_no_push_and_with_one_it_is():
    demand = Demand(8)
    demand.ask("a", 0, pushed=False)
    demand.ask("b", 0, pushed=False)
    demand.ask("b", 0, pushed=True)
    assert {w.course: w.pushed for w in demand.begin(0)} == {"a": False, "b": True}
