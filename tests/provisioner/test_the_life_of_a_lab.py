"""The state machine: what happens to a lab, in any order, and what is done about it (R-5, R-6)."""

import msgspec
import pytest

from nbh_proto import LabFailed, LabRanShort, LabReady, LabStarting, LabStopped, names
from nbh_provisioner.lease import step
from nbh_provisioner.lease_messages import (
    Answered,
    Begin,
    BucketLost,
    Claimed,
    DropLease,
    Ended,
    Failed,
    Gone,
    Leased,
    MakeTheirs,
    Placed,
    RanShort,
    Refuse,
    Remove,
    Serve,
    StopAsked,
    Stuck,
    TakeLease,
    Unclaimed,
    Wanted,
    Write,
)
from nbh_provisioner.lease_state import State
from tests.provisioner.lives import LATER, fresh, kinds


def through(*messages, state=State()):  # noqa: B008 - a frozen value
    """The state after these messages, and the effects of the last one."""
    effects = []
    for message in messages:
        state, effects = step(state, message, LATER)
    return state, effects


@pytest.fixture
def lab():
    return fresh()


@pytest.fixture
def to_ready(lab):
    c = lab.capability
    return [Wanted(lab), Leased(7), Placed(c, "box", "10.0.0.2:8888", "c1"), Answered(c)]


def test_a_lab_is_leased_before_it_is_begun(lab):
    _, effects = through(Wanted(lab))
    assert effects == [TakeLease(lab)]
    state, effects = through(Wanted(lab), Leased(7))
    assert kinds(effects) == [Begin, LabStarting]
    assert state.lab.generation == 7


def test_its_address_is_written_while_it_boots(lab):
    c = lab.capability
    state, effects = through(Wanted(lab), Leased(7), Placed(c, "box", "10.0.0.2:8888", "c1"))
    assert effects == [Write(state.lab)]
    assert (state.lab.state, state.lab.address) == ("starting", "10.0.0.2:8888")


def test_it_is_served_after_it_is_written_as_ready(to_ready):
    state, effects = through(*to_ready)
    assert kinds(effects) == [LabReady, Write, Serve]
    assert effects[0].event.seconds == 2.0
    assert state.lab.state == "ready"


def test_who_wants_a_lab_that_starts_waits_and_one_that_runs_is_served(lab, to_ready):
    assert through(Wanted(lab), Leased(7), Wanted(fresh()))[1] == []
    state, effects = through(*to_ready, Wanted(fresh()))
    assert effects == [Serve(state.lab, "running")]


def test_who_wants_a_lab_that_leaves_waits(to_ready):
    state, effects = through(*to_ready, StopAsked("asked"), Wanted(fresh()))
    assert (state.phase, effects) == ("leaving", [])


def test_a_failure_is_told_to_who_waits_first(lab):
    _, effects = through(Wanted(lab), Leased(7), Failed(lab.capability, "image-missing", "x"))
    assert kinds(effects) == [Refuse, LabFailed, Write, Remove]
    assert effects[2].lab.reason == "image-missing"


def test_after_a_failure_the_next_wish_starts_anew(lab):
    failed = [Wanted(lab), Leased(7), Failed(lab.capability, "lab-slow", "x")]
    state, effects = through(*failed, Gone(lab.capability))
    assert (state.phase, effects) == ("failed", [])
    again = fresh()
    assert through(Wanted(again), state=state)[1] == [TakeLease(again)]


def test_a_lab_that_dies_is_told_as_dead_and_leaves_no_lease(lab, to_ready):
    _, effects = through(*to_ready, Ended(lab.capability, "exit code 137"))
    assert kinds(effects) == [Write, Remove]
    assert effects[0].lab.why == "died"
    state, effects = through(
        *to_ready, Ended(lab.capability, "exit code 137"), Gone(lab.capability)
    )
    assert kinds(effects) == [LabStopped, DropLease]
    assert effects[0].event.reason == "died"
    assert state == State()


def test_a_lab_that_dies_while_it_boots_has_failed(lab):
    ended = Ended(lab.capability, "exit code 1")
    assert through(Wanted(lab), Leased(7), ended)[1][0] == Refuse("lab-died", "exit code 1")
    ended = Ended(lab.capability, "it ran out of memory", out_of_memory=True)
    refusal = Refuse("out-of-memory", "it ran out of memory")
    assert through(Wanted(lab), Leased(7), ended)[1][0] == refusal


def test_a_lab_that_is_refused_more_than_it_may_have_goes_on(lab, to_ready):
    short = RanShort(lab.capability, "memory", 2**30, 3)
    before, _ = through(*to_ready)
    state, (tell,) = through(short, state=before)
    assert state == before
    assert isinstance(tell.event, LabRanShort)
    assert (tell.event.of, tell.event.limit, tell.event.times) == ("memory", 2**30, 3)
    again = msgspec.structs.replace(short, times=4)
    assert through(short, state=before)[1][0].event.id == tell.event.id
    assert through(again, state=before)[1][0].event.id != tell.event.id


def test_nobody_hears_what_a_lab_lacks_that_is_on_its_way_out(lab, to_ready):
    short = RanShort(lab.capability, "memory", 2**30, 3)
    assert through(*to_ready, Ended(lab.capability, "x"), short)[1] == []


@pytest.mark.parametrize(("generation", "stops"), [(0, True), (7, True), (6, False), (8, False)])
def test_only_the_generation_that_is_meant_is_stopped(to_ready, generation, stops):
    _, effects = through(*to_ready, StopAsked("idle", generation))
    assert (kinds(effects) == [Write, Remove]) is stops


def test_only_a_lab_that_runs_gets_time_to_save(lab, to_ready):
    assert through(*to_ready, StopAsked("asked"))[1][-1].gently
    assert not through(Wanted(lab), Leased(7), StopAsked("asked"))[1][-1].gently


def test_a_message_about_an_earlier_lab_changes_nothing(to_ready):
    state, _ = through(*to_ready)
    earlier = names.new_capability()
    for message in (
        Placed(earlier, "b", "a", "c1"),
        Answered(earlier),
        Failed(earlier, "internal", ""),
        Ended(earlier, "x"),
        RanShort(earlier, "memory", 1, 1),
        Gone(earlier),
        Stuck(earlier, "internal", ""),
        Leased(99),
    ):
        assert step(state, message, LATER) == (state, [])


def test_who_waits_for_a_lab_that_cannot_be_removed_is_told_why(to_ready, lab):
    stuck = Stuck(lab.capability, "engine-down", "no answer")
    assert through(*to_ready, StopAsked("asked"), stuck)[1] == [Refuse("engine-down", "no answer")]


@pytest.fixture
def slot():
    """A lab of the pool, leased for the student."""
    return msgspec.structs.replace(fresh(), generation=7, address="10.0.0.9:8888", container="s")


def test_a_lab_of_the_pool_becomes_the_students_under_their_lease(lab, slot):
    state, effects = through(Wanted(lab), Claimed(slot))
    assert effects == [MakeTheirs(slot)]
    assert (state.phase, state.lab) == ("starting", slot)


def test_who_gets_one_of_the_pool_is_served_before_anybody_else_hears_of_it(lab, slot):
    answered = Answered(slot.capability, "pool")
    state, effects = through(Wanted(lab), Claimed(slot), answered)
    assert kinds(effects) == [Serve, LabStarting, LabReady, Write]
    assert (effects[0].way, effects[2].event.way) == ("pool", "pool")
    assert effects[1].event.generation == 7
    assert state.lab.state == "ready"


def test_one_of_the_pool_that_is_of_no_use_is_told_to_nobody(lab, slot):
    claimed = [Wanted(lab), Claimed(slot), Unclaimed(slot.capability)]
    state, effects = through(*claimed)
    assert kinds(effects) == [Write, Remove]
    assert effects[0].lab.state == "failed"
    state, effects = through(*claimed, Gone(slot.capability))
    assert (state.phase, effects) == ("failed", [])


def test_what_a_bucket_lost_is_written_again(to_ready):
    state, effects = through(*to_ready, BucketLost())
    assert effects == [Write(state.lab)]
    assert through(BucketLost())[1] == []


def test_the_same_is_told_with_the_same_id_and_without_the_capability(lab, to_ready):
    events = [through(*to_ready)[1][0].event for _ in range(2)]
    assert events[0].id == events[1].id
    assert lab.capability not in msgspec.json.encode(events[0]).decode()
