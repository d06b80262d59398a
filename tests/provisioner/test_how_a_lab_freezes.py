"""The cold half of the state machine: a lab stands still, and goes on where it was."""

from datetime import timedelta

import msgspec
import pytest

from nbh_proto import LabFrozen, LabStopped, LabThawed, names
from nbh_provisioner.lease import step
from nbh_provisioner.lease_messages import (
    Awake,
    BucketLost,
    DropLease,
    Ended,
    Failed,
    Freeze,
    FreezeAsked,
    FreezeOver,
    Frozen,
    Gone,
    Knocked,
    NotFrozen,
    Refuse,
    Remove,
    Serve,
    StopAsked,
    Stuck,
    Tell,
    Thaw,
    Thawed,
    Wanted,
    Write,
)
from nbh_provisioner.lease_state import State
from tests.provisioner.lives import LATER, NOW, fresh, kinds

IDLE = FreezeAsked("idle", 7, NOW - timedelta(minutes=10))


@pytest.fixture
def lab():
    return msgspec.structs.replace(fresh(), state="ready", generation=7)


@pytest.fixture
def run(lab):
    """The state of a ready lab after these messages, a second apart, and the last effects."""

    def through(*messages):
        state, effects = State("ready", lab), []
        for number, message in enumerate(messages):
            state, effects = step(state, message, LATER + timedelta(seconds=number))
        return state, effects

    return through


def test_a_lab_is_told_as_frozen_once_it_stands_still(run, lab):
    assert run(IDLE)[1] == [Freeze(lab)]
    state, (told, write, over) = run(IDLE, Frozen(lab.capability))
    assert isinstance(told.event, LabFrozen)
    assert (told.event.reason, told.event.idle_since) == ("idle", IDLE.idle_since)
    assert (told.event.generation, told.event.seconds) == (7, 1.0)
    assert (write.lab.state, state.phase) == ("frozen", "frozen")
    assert over == FreezeOver((IDLE,), "frozen")


@pytest.mark.parametrize("by", ["click", "request"])
def test_a_click_or_a_connection_thaws_it(run, lab, by):
    comes = {"click": Wanted(fresh()), "request": Knocked(lab.capability)}[by]
    state, effects = run(IDLE, Frozen(lab.capability), comes)
    assert (state.phase, effects) == ("thawing", [Thaw(state.lab)])
    state, (serve, told, write) = run(IDLE, Frozen(lab.capability), comes, Thawed(lab.capability))
    assert (state.phase, state.lab.state) == ("ready", "ready")
    assert (serve, write) == (Serve(state.lab, "thawed"), Write(state.lab))
    assert isinstance(told.event, LabThawed)
    assert (told.event.by, told.event.seconds, told.event.frozen_seconds) == (by, 1.0, 2.0)


def test_who_comes_while_it_thaws_waits_with_the_others(run, lab):
    frozen = (IDLE, Frozen(lab.capability), Knocked(lab.capability))
    for late in (Wanted(fresh()), Knocked(lab.capability)):
        state, effects = run(*frozen, late)
        assert (state.phase, state.woken, effects) == ("thawing", "request", [])


def test_nobody_waits_for_the_engine_once_it_goes_on(run, lab):
    c = lab.capability
    frozen = (IDLE, Frozen(c))
    state, effects = run(*frozen, Wanted(fresh()), Awake(c))
    assert (state.phase, effects) == ("thawing", [Serve(state.lab, "thawed")])
    state, effects = run(*frozen, Knocked(c), Awake(c), Wanted(fresh()))
    assert (state.phase, effects) == ("thawing", [Serve(state.lab, "thawed")])
    state, (serve, told, write) = run(*frozen, Wanted(fresh()), Awake(c), Thawed(c))
    assert (state, write) == (State("ready", serve.lab), Write(serve.lab))
    assert isinstance(told.event, LabThawed)
    assert run(IDLE, Wanted(fresh()), Frozen(c), Awake(c))[1] == [Serve(lab, "running")]


@pytest.mark.parametrize("messages", range(3))
def test_only_a_lab_that_thaws_is_awake_before_its_engine_says_so(run, lab, messages):
    before = (IDLE, Frozen(lab.capability))[:messages]
    assert run(*before, Awake(lab.capability)) == (run(*before)[0], [])


@pytest.mark.parametrize("by", ["click", "request"])
def test_who_comes_while_it_freezes_wins(run, lab, by):
    comes = {"click": Wanted(fresh()), "request": Knocked(lab.capability)}[by]
    assert run(IDLE, comes)[1] == []
    state, (over, thaw) = run(IDLE, comes, Frozen(lab.capability))
    assert over.outcome == "in-use"
    assert thaw == Thaw(lab)
    state, effects = run(IDLE, comes, Frozen(lab.capability), Thawed(lab.capability))
    assert (state, effects) == (State("ready", lab), [Serve(lab, "running")])  # nothing was told


def test_a_lab_in_use_goes_on_and_who_asked_is_told(run, lab):
    refused = NotFrozen(lab.capability, "in-use", "somebody has a connection to it")
    _, effects = run(IDLE, refused)
    assert effects == [FreezeOver((IDLE,), "in-use", refused.detail), Thaw(lab)]
    state, _ = run(IDLE, refused, Thawed(lab.capability))
    assert state == State("ready", lab)


def test_a_freezing_that_nobody_knows_the_end_of_ends_with_a_thaw(run, lab):
    state, (over, thaw) = run(IDLE, Failed(lab.capability, "engine-down", "no answer"))
    assert over == FreezeOver((IDLE,), "failed", "no answer")
    assert (thaw, state.phase) == (Thaw(lab), "thawing")


def test_a_second_wish_to_freeze_shares_the_answer(run, lab):
    again = FreezeAsked("asked")
    assert run(IDLE, again)[1] == []
    _, effects = run(IDLE, again, Frozen(lab.capability))
    assert effects[-1] == FreezeOver((IDLE, again), "frozen")
    assert run(IDLE, Frozen(lab.capability), again)[1] == [FreezeOver((again,), "frozen")]


@pytest.mark.parametrize("generation", [6, 8])
@pytest.mark.parametrize("before", ["ready", "freezing", "frozen", "thawing"])
def test_only_the_generation_that_is_meant_is_frozen(run, lab, before, generation):
    frozen = (IDLE, Frozen(lab.capability), Knocked(lab.capability))
    messages = frozen[: ["ready", "freezing", "frozen", "thawing"].index(before)]
    other = FreezeAsked("idle", generation)
    state, effects = run(*messages, other)
    assert state == run(*messages)[0]
    assert effects == [FreezeOver((other,), "nothing", "there is no such lab")]


def test_a_lab_that_is_not_up_is_not_frozen():
    for state in (State(), State("starting", fresh()), State("leaving", fresh(), "asked")):
        after, (over,) = step(state, FreezeAsked("asked"), LATER)
        assert (after, over.outcome) == (state, "nothing")


@pytest.mark.parametrize("messages", [0, 1, 2, 3])
@pytest.mark.parametrize("out_of_memory", [False, True])
def test_a_lab_that_dies_is_told_as_dead_however_cold_it_is(run, lab, messages, out_of_memory):
    c = lab.capability
    before = (IDLE, Frozen(c), Knocked(c))[:messages]
    state, effects = run(*before, Ended(c, "exit code 137", out_of_memory))
    assert state.phase == "leaving"
    assert kinds(effects)[-2:] == [Write, Remove]
    assert (FreezeOver in kinds(effects)) is (messages == 1)  # who asked for it is told
    assert not effects[-1].gently
    _, effects = run(*before, Ended(c, "exit code 137", out_of_memory), Gone(c))
    assert kinds(effects) == [LabStopped, DropLease]
    assert effects[0].event.reason == ("out-of-memory" if out_of_memory else "died")


@pytest.mark.parametrize("messages", [0, 1, 2, 3])
def test_a_lab_that_is_stopped_gets_time_to_save_however_cold_it_is(run, lab, messages):
    c = lab.capability
    _, effects = run(*(IDLE, Frozen(c), Knocked(c))[:messages], StopAsked("asked", 7))
    assert effects[-1].gently


def test_a_short_memory_stops_a_frozen_lab_only(run, lab):
    c, short = lab.capability, StopAsked("memory", 7)
    assert run(IDLE, Frozen(c), short)[0].phase == "leaving"
    for before in ((), (IDLE,), (IDLE, Frozen(c), Knocked(c))):
        assert run(*before, short) == (run(*before)[0], [])


def test_who_waits_for_a_lab_that_cannot_be_thawed_is_told_why(run, lab):
    woken = (IDLE, Frozen(lab.capability), Wanted(fresh()))
    stuck = Stuck(lab.capability, "engine-down", "no answer")
    assert run(*woken, stuck)[1] == [Refuse("engine-down", "no answer")]
    state, effects = run(*woken, Failed(lab.capability, "internal", "a bug"))
    assert (state.phase, state.why) == ("leaving", "lost")
    assert effects[-1].gently


def test_what_a_bucket_lost_of_a_frozen_lab_is_written_again(run, lab):
    state, effects = run(IDLE, Frozen(lab.capability), BucketLost())
    assert effects == [Write(state.lab)]
    assert state.lab.state == "frozen"


def test_a_message_about_an_earlier_lab_changes_nothing_here_either(run, lab):
    earlier = names.new_capability()
    for before in ((), (IDLE,), (IDLE, Frozen(lab.capability))):
        for message in (
            Frozen(earlier),
            NotFrozen(earlier, "in-use", ""),
            Knocked(earlier),
            Thawed(earlier),
        ):
            assert run(*before, message) == (run(*before)[0], [])


def test_each_freezing_is_told_as_an_event_of_its_own(run, lab):
    c = lab.capability
    once = (IDLE, Frozen(c), Knocked(c), Thawed(c))
    ids = []
    for count in range(1, 9):
        ids += [e.event.id for e in run(*(once * 2)[:count])[1] if isinstance(e, Tell)]
    assert len(set(ids)) == len(ids) == 4
    assert ids[0] == run(*once[:2])[1][0].event.id  # told again after a crash, it is stored once
