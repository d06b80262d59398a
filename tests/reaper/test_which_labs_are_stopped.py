"""The policy: from what is known of a lab to what is to become of it, and why."""

from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbh_proto import Lab
from nbh_reaper import known, policy
from nbh_reaper.known import Detail, Kernel, Status, Terminal
from nbh_reaper.policy import Announce, Limits, Withdraw
from tests.reaper.clocks import instant

MINUTE, HOUR = 60.0, 3600.0
LIMITS = Limits(idle=2 * HOUR, freeze=10 * MINUTE, age=24 * HOUR, grace=30.0)
SITTING = 10.0
"""How long a test's labs have been running when they were last used."""


def lab(state="ready", **over):
    told = Lab(
        **{
            "node": "n",
            "course": "c",
            "student": "s",
            "state": state,
            "generation": 1,
            "capability": "1",
            "token": "t",
            "since": instant(0).day,
        }
        | over
    )
    return known.told(None, told, instant(0))


@dataclass
class Looks:
    """What a lab says each time it is asked."""

    used: float = SITTING
    kernels: tuple = ()
    terminals: tuple = ()
    writes: float | None = 0
    connections: int = 0
    before: known.Known = field(default_factory=lab)

    def at(self, seconds):
        status = Status(instant(self.used).day, len(self.kernels), self.connections)
        detail = Detail(self.kernels, self.terminals, self.writes)
        return known.heard(self.before, status, detail, instant(seconds))


def kernel(at=SITTING, state="idle"):
    return Kernel(instant(at).day, state)


def terminal(at=SITTING):
    return Terminal(instant(at).day)


def outcome(lab, now):
    return policy.verdict(lab, LIMITS, now)[:2]


IDLE = Looks(kernels=(kernel(),))
DRAINED = msgspec.structs.replace(LIMITS, drained=True)


@pytest.mark.parametrize(
    ("looks", "wanted"),
    [
        pytest.param(IDLE, ("freeze", "idle"), id="old and idle"),
        pytest.param(Looks(), ("freeze", "idle"), id="empty"),
        pytest.param(Looks(kernels=(kernel(state="busy"),)), ("keep", "busy"), id="it computes"),
        pytest.param(Looks(terminals=(terminal(),)), ("keep", "terminal"), id="a terminal"),
    ],
)
def test_while_nobody_gets_a_lab_anew_none_is_taken_away(looks, wanted):
    seen = looks.at(30 * HOUR)
    assert policy.verdict(seen, DRAINED, 30 * HOUR)[:2] == wanted
    assert policy.announcement(seen, DRAINED, 30 * HOUR) is None


def test_a_frozen_lab_of_a_drained_node_is_left_alone_until_the_drain_is_over():
    frozen = lab("frozen")
    assert policy.verdict(frozen, DRAINED, 30 * HOUR) == ("keep", "frozen", None, None)
    announced = msgspec.structs.replace(frozen, announced=known.Announced("idle", 31 * HOUR))
    assert policy.announcement(announced, DRAINED, 30 * HOUR) == Withdraw("idle")
    assert policy.announcement(frozen, LIMITS, 30 * HOUR) is not None


def test_a_lab_of_a_drained_node_that_is_silent_serves_nobody_and_ends():
    silent = known.not_heard(IDLE.at(HOUR), instant(HOUR), unreadable=False)
    now = HOUR + DRAINED.idle
    assert policy.verdict(silent, DRAINED, now)[:2] == ("stop", "unreachable")


@pytest.mark.parametrize(
    ("looks", "now", "wanted"),
    [
        pytest.param(IDLE, 10 * MINUTE, ("keep", "used"), id="used a while ago"),
        pytest.param(IDLE, SITTING + 10 * MINUTE, ("freeze", "idle"), id="unused"),
        pytest.param(
            Looks(kernels=(kernel(),), connections=1),
            HOUR,
            ("keep", "connected"),
            id="a page is open",
        ),
        pytest.param(
            Looks(kernels=(kernel(state="busy"),)), 23 * HOUR, ("keep", "busy"), id="computes"
        ),
        pytest.param(
            Looks(terminals=(terminal(),)), 23 * HOUR, ("keep", "terminal"), id="a terminal"
        ),
        pytest.param(Looks(), 11 * MINUTE, ("keep", "empty"), id="empty, not for long"),
    ],
)
def test_a_lab_gets_one_verdict_with_its_reason(looks, now, wanted):
    assert outcome(looks.at(now), now) == wanted


def announced(lab, now):
    """The lab once its stop is announced, and how often that was told."""
    told = 0
    while isinstance(said := policy.announcement(lab, LIMITS, now), Announce):
        lab = msgspec.structs.replace(
            lab, announced=known.Announced(said.due.reason, said.due.at, said.last)
        )
        told += 1
    return lab, told


def test_an_idle_stop_is_announced_ten_minutes_and_one_minute_before():
    due = SITTING + 2 * HOUR
    lab = Looks(kernels=(kernel(),), connections=1).at(due - 11 * MINUTE)
    assert announced(lab, due - 10 * MINUTE - 1) == (lab, 0)
    lab, told = announced(lab, due - 10 * MINUTE)
    assert told == 1
    assert lab.announced == known.Announced("idle", due)
    lab, told = announced(lab, due - MINUTE)
    assert told == 1
    assert lab.announced.last
    page = Looks(kernels=(kernel(),), connections=1, before=lab).at(due - 0.1)
    assert outcome(page, due - 0.1)[0] == "keep"
    assert outcome(page, due) == ("stop", "idle")


def test_nobody_is_stopped_unwarned_though_it_was_due_while_the_reaper_was_away():
    late = Looks(kernels=(kernel(),), connections=1).at(5 * HOUR)
    assert outcome(late, 5 * HOUR) == ("keep", "announced")
    lab, _ = announced(late, 5 * HOUR)
    assert lab.announced.at == 5 * HOUR + 10 * MINUTE


def test_activity_withdraws_what_was_announced():
    now = SITTING + 115 * MINUTE
    lab, _ = announced(Looks(kernels=(kernel(),)).at(now), now)
    active = Looks(used=now + 5, kernels=(kernel(now + 5),), before=lab).at(now + 10)
    assert policy.announcement(active, LIMITS, now + 10) == Withdraw("idle")


def test_age_is_announced_and_comes_whatever_the_student_does():
    busy = Looks(kernels=(kernel(state="busy"),))
    lab, told = announced(busy.at(23 * HOUR), 24 * HOUR - 10 * MINUTE)
    assert (told, lab.announced.reason) == (1, "age")
    busy.before = lab
    assert policy.announcement(busy.at(24 * HOUR - 300), LIMITS, 24 * HOUR - 300) is None
    assert outcome(busy.at(24 * HOUR), 24 * HOUR) == ("stop", "age")


def test_an_empty_lab_is_announced_asked_again_and_stopped():
    lab, _ = announced(Looks().at(SITTING + 10 * MINUTE), SITTING + 10 * MINUTE)
    assert lab.announced.reason == "empty"
    assert lab.announced.at >= SITTING + 10 * MINUTE + LIMITS.grace
    again = Looks(before=lab).at(lab.announced.at)
    assert outcome(again, lab.announced.at) == ("stop", "empty")


def test_a_page_that_is_open_makes_requests_and_is_no_activity():
    lab = Looks(kernels=(kernel(),)).at(60)
    for minute in range(2, 120):
        looks = Looks(used=minute * 60, kernels=(kernel(),), connections=1, before=lab)
        lab = looks.at(minute * 60)
    assert lab.active == SITTING
    assert lab.used == 119 * 60


def test_a_saved_file_is_activity_and_so_is_an_upload():
    lab = Looks(kernels=(kernel(),)).at(60)
    lab = Looks(used=100, kernels=(kernel(),), writes=1, before=lab).at(110)
    assert lab.active == 100


def test_a_lab_that_does_not_count_writes_is_active_at_each_request():
    lab = Looks(kernels=(kernel(),), writes=None).at(60)
    assert Looks(used=100, kernels=(kernel(),), writes=None, before=lab).at(110).active == 100


def test_an_unreachable_lab_is_asked_again_before_it_is_stopped():
    silent = known.not_heard(IDLE.at(60), instant(90), unreadable=False)
    verdict = policy.verdict(silent, LIMITS, 90)
    assert verdict[:2] == ("keep", "unreachable")
    assert verdict.look == 90 + LIMITS.grace
    again = known.not_heard(silent, instant(120), unreadable=False)
    assert outcome(again, 120) == ("stop", "unreachable")


def test_a_lab_that_answers_again_is_not_unreachable():
    silent = known.not_heard(IDLE.at(60), instant(90), unreadable=False)
    assert outcome(Looks(kernels=(kernel(),), before=silent).at(120), 120)[0] == "keep"


def test_a_lab_that_computed_when_it_fell_silent_has_its_idle_time():
    busy = Looks(kernels=(kernel(state="busy"),)).at(60)
    silent = known.not_heard(busy, instant(90), unreadable=False)
    assert outcome(silent, 90 + HOUR)[0] == "keep"
    assert outcome(silent, 90 + 2 * HOUR) == ("stop", "unreachable")


def test_a_lab_that_talks_nonsense_is_as_idle_as_when_it_last_made_sense():
    nonsense = known.not_heard(IDLE.at(60), instant(90), unreadable=True)
    assert outcome(nonsense, HOUR)[0] == "keep"
    assert outcome(announced(nonsense, 3 * HOUR)[0], 4 * HOUR) == ("stop", "idle")


def test_many_silent_labs_are_our_own_trouble():
    assert policy.is_our_own_trouble(silent=10, ready=12)
    assert not policy.is_our_own_trouble(silent=1, ready=1)
    assert not policy.is_our_own_trouble(silent=5, ready=100)


def outdated(looks, at):
    return msgspec.structs.replace(looks.at(at), outdated=True)


def test_a_lab_of_an_outdated_image_is_stopped_only_once_it_is_idle():
    assert outcome(outdated(IDLE, 60), 60)[0] == "keep"
    assert outcome(outdated(IDLE, 660), 660) == ("stop", "outdated")
    busy = Looks(kernels=(kernel(state="busy"),))
    assert outcome(outdated(busy, 660), 660) == ("keep", "busy")
    page = Looks(kernels=(kernel(),), connections=1)
    assert outcome(outdated(page, 660), 660) == ("keep", "connected")


def test_a_frozen_lab_is_stopped_when_its_idle_time_is_over():
    frozen = Lab(**FROZEN)
    lab = known.told(IDLE.at(610), frozen, instant(611))
    assert outcome(lab, 612) == ("keep", "frozen")
    lab, _ = announced(lab, SITTING + 2 * HOUR - 10 * MINUTE)
    assert outcome(lab, SITTING + 2 * HOUR) == ("stop", "idle")


FROZEN = {
    "node": "n",
    "course": "c",
    "student": "s",
    "state": "frozen",
    "generation": 1,
    "capability": "1",
    "token": "t",
    "since": instant(611).day,
}


def test_a_lab_that_was_thawed_begins_anew():
    frozen = known.told(IDLE.at(610), Lab(**FROZEN), instant(611))
    ready = known.told(
        frozen, Lab(**FROZEN | {"state": "ready", "since": instant(7000).day}), instant(7000)
    )
    assert outcome(ready, 7500)[0] == "keep"
    assert policy.announcement(ready, LIMITS, 7500) is None


def test_a_lab_whose_freezing_was_refused_is_asked_after_the_freeze_time_again():
    asked = msgspec.structs.replace(IDLE.at(700), froze=700.0)
    assert outcome(asked, 701)[0] == "keep"
    assert outcome(asked, 1300) == ("freeze", "idle")


@pytest.mark.parametrize("state", ["starting", "stopping", "failed", "pooled"])
def test_what_is_not_ready_is_left_alone(state):
    assert policy.verdict(lab(state), LIMITS, 30 * HOUR) == ("keep", "not-ready", None, None)


def test_an_instant_of_the_future_is_a_lie_that_counts_once():
    lab = Looks(used=10**8, kernels=(kernel(10**8),)).at(60)
    assert lab.active == 60
    lab = Looks(used=10**8, kernels=(kernel(10**8),), before=lab).at(700)
    assert lab.active == 60
    assert outcome(lab, 700) == ("freeze", "idle")


seconds = st.floats(0, 100_000, allow_nan=False)
kernels = st.lists(
    st.builds(kernel, seconds, st.sampled_from(["idle", "busy", "starting", "dead"])), max_size=3
)


@st.composite
def histories(draw):
    """A lab that was looked at some times, at later and later instants."""
    now, there = 0.0, lab(draw(st.sampled_from(["ready", "ready", "ready", "starting"])))
    for _ in range(draw(st.integers(0, 5))):
        now += draw(st.floats(0.1, 10_000))
        if draw(st.integers(0, 4)) == 0:
            there = known.not_heard(there, instant(now), unreadable=draw(st.booleans()))
            continue
        looks = Looks(
            used=draw(seconds),
            kernels=tuple(draw(kernels)),
            terminals=tuple(draw(st.lists(st.builds(terminal, seconds), max_size=1))),
            writes=draw(st.none() | st.integers(0, 3)),
            connections=draw(st.integers(0, 1)),
            before=there,
        )
        there = looks.at(now)
        if draw(st.booleans()):
            there, _ = announced(there, now)
    return there, now


@given(histories(), seconds)
def test_never_a_verdict_against_a_busy_kernel_or_a_terminal(history, later):
    lab, now = history
    verdict = policy.verdict(lab, LIMITS, now + later)
    at_work = lab.seen and (lab.seen.busy or lab.seen.terminals)
    if at_work and lab.silent is None and not lab.unreadable:
        assert verdict.action == "keep" or verdict.why == "age"


@given(histories(), seconds, seconds)
def test_time_alone_makes_no_verdict_milder(history, one, two):
    lab, now = history
    order = ["keep", "freeze", "stop"]
    first, second = (
        policy.verdict(lab, LIMITS, now + later).action for later in sorted((one, two))
    )
    assert order.index(first) <= order.index(second)


@given(histories(), seconds)
def test_a_lab_is_looked_at_before_anything_else_can_become_of_it(history, later):
    lab, now = history
    at = now + later
    verdict = policy.verdict(lab, LIMITS, at)
    if verdict.action != "keep" or verdict.look is None:
        return
    assert verdict.look >= at
    just_before = at + (verdict.look - at) * 0.999
    assert policy.verdict(lab, LIMITS, just_before).action == "keep"
    told = policy.announcement(lab, LIMITS, at)
    assert told or not policy.announcement(lab, LIMITS, just_before)


@given(histories(), seconds)
def test_what_might_be_missed_is_never_stopped_unwarned(history, later):
    lab, now = history
    verdict = policy.verdict(lab, LIMITS, now + later)
    if verdict.action == "stop" and verdict.why in ("idle", "age", "empty"):
        assert lab.announced.reason == verdict.why
        assert lab.announced.at <= now + later
