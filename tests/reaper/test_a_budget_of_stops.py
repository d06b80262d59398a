"""However wrong the reaper is, it stops so many labs a minute and no more (R-5)."""

from hypothesis import given
from hypothesis import strategies as st

from nbh_reaper.budget import Budget


@given(st.integers(1, 5), st.lists(st.floats(0, 30), max_size=60))
def test_no_minute_has_more_stops_than_the_budget(a_minute, pauses):
    budget, now, stops = Budget(a_minute), 0.0, []
    for pause in pauses:
        now += pause
        if budget.free_at(now) <= now:
            budget = budget.spend(now)
            stops.append(now)
    for at in stops:
        assert sum(at <= other < at + 60 for other in stops) <= a_minute


@given(st.integers(1, 5), st.floats(0, 1000))
def test_a_stop_that_must_wait_is_allowed_when_it_was_told(a_minute, now):
    budget = Budget(a_minute)
    for _ in range(a_minute):
        budget = budget.spend(now)
    free = budget.free_at(now)
    assert free > now
    assert budget.free_at(free) == free
