"""The state machine: what happens to a lab, in any order, and what is done about it (R-5, R-6)."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from nbh_proto import Lab, LabFailed, LabReady, LabStarting, LabStopped, names
from nbh_provisioner.lease import step
from nbh_provisioner.lease_messages import (
    Answered,
    Begin,
    BucketLost,
    DropLease,
    Ended,
    Failed,
    Gone,
    Leased,
    LeaseRefused,
    Placed,
    Refuse,
    Remove,
    Serve,
    StopAsked,
    Stuck,
    TakeLease,
    Tell,
    Wanted,
    Write,
)
from nbh_provisioner.lease_state import State

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LATER = NOW + timedelta(seconds=2)


def fresh() -> Lab:
    return Lab(
        node="node1",
        course="python",
        student="ada",
        state="starting",
        generation=0,
        capability=names.new_capability(),
        token="t",
        image="i",
        since=NOW,
    )


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


def kinds(effects):
    return [type(e.event) if isinstance(e, Tell) else type(e) for e in effects]


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
    state, effects = through(
        *to_ready, Ended(lab.capability, "exit code 137"), Gone(lab.capability)
    )
    assert kinds(effects) == [LabStopped, DropLease]
    assert effects[0].event.reason == "died"
    assert state == State()


def test_a_lab_that_dies_while_it_boots_has_failed(lab):
    _, effects = through(Wanted(lab), Leased(7), Ended(lab.capability, "exit code 1"))
    assert effects[0] == Refuse("lab-died", "exit code 1")


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
        Gone(earlier),
        Stuck(earlier, "internal", ""),
        Leased(99),
    ):
        assert step(state, message, LATER) == (state, [])


def test_who_waits_for_a_lab_that_cannot_be_removed_is_told_why(to_ready, lab):
    stuck = Stuck(lab.capability, "engine-down", "no answer")
    assert through(*to_ready, StopAsked("asked"), stuck)[1] == [Refuse("engine-down", "no answer")]


def test_what_a_bucket_lost_is_written_again(to_ready):
    state, effects = through(*to_ready, BucketLost())
    assert effects == [Write(state.lab)]
    assert through(BucketLost())[1] == []


def test_the_same_is_told_with_the_same_id_and_without_the_capability(lab, to_ready):
    events = [through(*to_ready)[1][0].event for _ in range(2)]
    assert events[0].id == events[1].id
    assert lab.capability not in msgspec.json.encode(events[0]).decode()


class Life(RuleBasedStateMachine):
    """Everything happens in any order, late and twice; containers are real things in a set."""

    labs = Bundle("labs")

    def __init__(self) -> None:
        super().__init__()
        self.state = State()
        self.containers: set[str] = set()
        self.pending: list[Begin | Remove | TakeLease] = []
        self.revision = 0
        self.waiting = 0
        self.key: Lab | None = None

    def happens(self, message) -> None:
        self.state, effects = step(self.state, message, LATER)
        for effect in effects:
            match effect:
                case TakeLease() | Begin():
                    self.pending.append(effect)
                case Remove():
                    # as the keeper does: what is begun for the lab is broken off
                    self.pending = [p for p in self.pending if isinstance(p, TakeLease)]
                    self.pending.append(effect)
                case Write(written):
                    self.key = written
                case DropLease():
                    self.key = None
                case Serve(served):
                    assert served.capability in self.containers
                    self.waiting = 0
                case Refuse():
                    self.waiting = 0

    @rule(target=labs)
    def wanted(self):
        lab = fresh()
        self.waiting += 1
        self.happens(Wanted(lab))
        return lab

    @precondition(lambda self: any(isinstance(p, TakeLease) for p in self.pending))
    @rule(ours=st.booleans())
    def lease_answered(self, ours):
        take = next(p for p in self.pending if isinstance(p, TakeLease))
        self.pending.remove(take)
        self.revision += 1
        if ours:
            self.key = take.lab
        self.happens(Leased(self.revision) if ours else LeaseRefused("node2"))

    @precondition(lambda self: any(isinstance(p, Begin) for p in self.pending))
    @rule(ends=st.sampled_from(["placed", "answered", "failed"]))
    def begun(self, ends):
        begin = next(p for p in self.pending if isinstance(p, Begin))
        c = begin.lab.capability
        if ends == "failed":
            self.pending.remove(begin)
            self.happens(Failed(c, "lab-slow", ""))
        else:
            self.containers.add(c)
            self.happens(Placed(c, f"box-{c}", "10.0.0.2:8888", "c1"))
        if ends == "answered":
            self.pending.remove(begin)
            self.happens(Answered(c))

    @precondition(lambda self: any(isinstance(p, Remove) for p in self.pending))
    @rule(works=st.booleans())
    def removed(self, works):
        remove = next(p for p in self.pending if isinstance(p, Remove))
        c = remove.lab.capability
        if works:
            self.pending.remove(remove)
            self.containers.discard(c)
        self.happens(Gone(c) if works else Stuck(c, "engine-down", ""))

    @rule(lab=labs)
    def ended(self, lab):
        self.happens(Ended(lab.capability, "exit code 137"))

    @rule(generation=st.integers(0, 5))
    def stop_asked(self, generation):
        self.happens(StopAsked("idle", generation))

    @rule(lab=labs)
    def late_word(self, lab):
        if lab.capability not in {p.lab.capability for p in self.pending}:
            present = self.state.lab and self.state.lab.capability == lab.capability
            if not present:
                self.happens(Gone(lab.capability))
                self.happens(Answered(lab.capability))

    @rule()
    def bucket_lost(self):
        self.happens(BucketLost())

    @invariant()
    def there_is_one_container_at_most(self):
        assert len(self.containers) <= 1

    @invariant()
    def a_lab_that_is_ready_has_its_container_and_its_lease(self):
        if self.state.phase == "ready":
            assert self.state.lab.capability in self.containers
            assert self.key == self.state.lab

    @invariant()
    def nothing_is_left_when_it_is_absent(self):
        if self.state.phase == "absent":
            assert not self.containers
            assert not any(isinstance(p, Begin | Remove) for p in self.pending)

    @invariant()
    def something_is_being_done_for_who_waits(self):
        busy = self.state.phase in ("leasing", "starting", "leaving")
        assert not busy or self.pending

    @invariant()
    def a_lab_has_its_generation_once_it_is_leased(self):
        if self.state.phase in ("starting", "ready"):
            assert self.state.lab.generation > 0


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
