"""Who tries too often waits, and is told how long."""

from nbh_courses.accounts.throttle import Limit, Throttle, Throttles, neighbourhood


def test_so_many_tries_in_so_long():
    throttle = Throttle(Limit(3, 60))
    for now in (0, 10, 20):
        assert throttle.wait("ada", now) == 0
        throttle.count("ada", now)
    assert throttle.wait("ada", 25) == 35
    assert throttle.wait("eve", 25) == 0
    assert throttle.wait("ada", 60) == 0  # the first one does not count any more
    throttle.count("ada", 60)
    assert throttle.wait("ada", 61) == 9


def test_the_right_person_begins_anew():
    throttle = Throttle(Limit(1, 60))
    throttle.count("ada", 0)
    throttle.forget("ada")
    throttle.forget("eve")
    assert throttle.wait("ada", 1) == 0


def test_names_that_somebody_makes_up_take_no_endless_memory_and_free_nobody_under_attack():
    throttle = Throttle(Limit(2, 1e9))
    for number in range(30_000):
        throttle.count(f"name{number}", number)
        if number % 5000 == 0:
            throttle.count("ada", number)
    assert throttle.wait("ada", 30_000) > 0
    assert len(throttle._tries) == 10_000


def test_who_has_one_account_may_not_try_all_others():
    both = Throttles(Limit(5, 60), Limit(3, 60))
    for now in range(3):
        both.count(f"name{now}", "192.0.2.1", now)
        both.forget(f"name{now}")
    assert both.wait("ada", "192.0.2.1", 3) == 57
    assert both.wait("ada", "192.0.2.2", 3) == 0


def test_what_is_one_household():
    assert neighbourhood("192.0.2.1") == "192.0.2.1"
    assert neighbourhood("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64"
    assert neighbourhood("what?") == ""
