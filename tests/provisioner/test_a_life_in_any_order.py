"""The life of one student's labs when everything happens late, twice, or while we are dead (R-5).

What the state machine asks for is done to a small world: containers that stand still or not,
connections to them, the bucket, the folders, labs that wait in the pool. A process may die between
any two effects; the next one knows what podman, the folders and the bucket tell, and plans as
`nbh_provisioner.adoption` does.
"""

from datetime import timedelta

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from nbh_kit.buckets import Held
from nbh_proto import Lab, LabFrozen, LabThawed
from nbh_provisioner import adoption
from nbh_provisioner.engine import Found, Running
from nbh_provisioner.lab_folders import Claim
from nbh_provisioner.lease import step
from nbh_provisioner.lease_messages import (
    Answered,
    Awake,
    Begin,
    BucketLost,
    Claimed,
    DropLease,
    Ended,
    Failed,
    Freeze,
    FreezeAsked,
    FreezeOver,
    Frozen,
    Gone,
    Knocked,
    Leased,
    LeaseRefused,
    MakeTheirs,
    NotFrozen,
    Placed,
    Refuse,
    Remove,
    Serve,
    StopAsked,
    Stuck,
    TakeLease,
    Tell,
    Thaw,
    Thawed,
    Unclaimed,
    Wanted,
    Write,
)
from nbh_provisioner.lease_state import State
from tests.provisioner.lives import NOW, fresh

ADDRESS = "10.0.0.2:8888"
GENERATIONS = st.integers(0, 12)


class Container(msgspec.Struct):
    """A container; dead ones stay until they are removed."""

    lab: Lab
    runs: bool = True
    frozen: bool = False
    connections: int = 0
    is_from_pool: bool = False
    whose_files: str = ""


class Dies(Exception):
    """Our process ends here."""


class Life(RuleBasedStateMachine):
    """One (course, student)."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.revision = 0
        self.entry: Held[Lab] | None = None
        self.containers: dict[str, Container] = {}
        self.folders: dict[str, str] = {}
        self.pool: dict[str, Container] = {}
        """What is nobody's as far as is written down."""
        self.claims: dict[str, Claim] = {}
        self.told: dict[str, object] = {}
        self.effects_left: int | None = None
        """After how many effects our process dies; None for not so soon."""
        self._is_born()

    def _is_born(self) -> None:
        self.state = State()
        self.begun: list[TakeLease | MakeTheirs | Begin | Remove | Freeze | Thaw] = []
        self.waiting = 0
        self.askers: list[FreezeAsked] = []
        self.guarded: set[str] = set()

    # what is done to the world

    def happens(self, message) -> None:
        try:
            self._step(message)
        except Dies:
            self._start_again()

    def _step(self, message) -> None:
        self.now += timedelta(seconds=1, microseconds=7)
        self.state, effects = step(self.state, message, self.now)
        for effect in effects:
            if self.effects_left is not None:
                self.effects_left -= 1
                if self.effects_left < 0:
                    raise Dies
            self._do(effect)
        if isinstance(message, Gone) and self.waiting and self.state.phase in ("absent", "failed"):
            self._step(Wanted(fresh()))  # as the keeper does for who waited

    def _do(self, effect) -> None:
        match effect:
            case TakeLease() | MakeTheirs() | Begin() | Thaw():
                self.begun.append(effect)
            case Freeze(lab):
                self.guarded.add(lab.capability)
                self.begun.append(effect)
            case Remove():
                # what is begun for the lab is broken off, as `Affairs` does
                self.begun = [b for b in self.begun if isinstance(b, TakeLease)]
                self.begun.append(effect)
            case Write(lab):
                self._put(lab)
            case DropLease():
                self.entry = None
            case Tell(event):
                self._tell(event)
            case Serve(lab):
                container = self.containers[lab.capability]
                assert not container.frozen
                assert container.whose_files == "ada"
                self.waiting = 0
            case Refuse():
                self.waiting = 0
            case FreezeOver(asked, outcome):
                if outcome == "frozen":
                    assert all(c.frozen for c in self._running())
                self.askers = [a for a in self.askers if a not in asked]

    def _put(self, lab: Lab) -> None:
        self.revision += 1
        self.entry = Held(lab, self.revision)

    def _tell(self, event) -> None:
        if event.id in self.told:
            return
        cold = [e for e in self.told.values() if isinstance(e, LabFrozen | LabThawed)]
        if isinstance(event, LabFrozen):
            same = [e for e in cold if e.generation == event.generation]
            assert not same or isinstance(same[-1], LabThawed)
        self.told[event.id] = event

    def _running(self) -> list[Container]:
        return [c for c in self.containers.values() if c.runs]

    def _start_again(self) -> None:
        """The next process takes over."""
        self.effects_left = None
        self._is_born()
        found = [_found(c) for c in (*self.containers.values(), *self.pool.values())]
        held = [self.entry] if self.entry else []
        plan = adoption.plan("node1", found, held, self.folders, self.claims, self.now)
        for name in plan.remove:
            self.containers.pop(name, None)
            self.pool.pop(name, None)
        assert {p.lab.capability for p in plan.pool} == self.pool.keys()
        if plan.release or plan.drop:
            self.entry = None
        for capability in plan.forget:
            del self.folders[capability]
            self.claims.pop(capability, None)
        for adopted in plan.adopt:
            self._adopt(adopted)

    def _adopt(self, adopted) -> None:
        lab = adopted.lab
        self.containers[lab.capability].whose_files = lab.student
        if lab.state == "starting" and adopted.held is None:
            lab = msgspec.structs.replace(lab, state="ready")  # it answers
        if adopted.held is None or adopted.held.value != lab:
            self._put(lab)
        self.state = adoption.state(lab, adopted.frozen)
        match self.state.phase:
            case "starting":
                self.begun.append(MakeTheirs(lab) if adopted.way == "pool" else Begin(lab))
            case "frozen":
                self.guarded.add(lab.capability)
                if self.containers[lab.capability].connections:
                    self._step(Knocked(lab.capability))
            case "thawing":
                self.begun.append(Thaw(lab))
            case "leaving":
                self.begun.append(Remove(lab, gently=True))

    def _begun(self, type_):
        return next((b for b in self.begun if isinstance(b, type_)), None)

    # what happens

    @rule()
    def wanted(self):
        self.waiting += 1
        self.happens(Wanted(fresh()))

    @precondition(lambda self: self._begun(TakeLease))
    @rule(ours=st.booleans())
    def lease_answered(self, ours):
        take = self._begun(TakeLease)
        self.begun.remove(take)
        if ours:
            self._put(take.lab)
        else:
            self.entry = None  # what the bucket has now is another's
        self.happens(Leased(self.revision) if ours else LeaseRefused("node2"))

    @precondition(lambda self: len(self.pool) < 2)
    @rule()
    def a_lab_boots_for_the_pool(self):
        lab = msgspec.structs.replace(fresh(), student="", state="pooled")
        self.pool[lab.capability] = Container(lab, is_from_pool=True)
        self.folders[lab.capability] = lab.token

    @precondition(lambda self: self._begun(TakeLease) and self.pool)
    @rule(ours=st.booleans())
    def lease_answered_for_one_of_the_pool(self, ours):
        take = self._begun(TakeLease)
        self.begun.remove(take)
        c, slot = next(iter(self.pool.items()))
        if not ours:
            del self.pool[c], self.folders[c]
            self.entry = None
            self.happens(LeaseRefused("node2"))
            return
        mine = msgspec.structs.replace(take.lab, capability=c, token=slot.lab.token)
        self._put(mine)
        self.happens(Claimed(msgspec.structs.replace(mine, generation=self.revision)))

    @precondition(lambda self: self._begun(MakeTheirs))
    @rule(how=st.sampled_from(["written", "mounted", "answered", "useless"]))
    def made_theirs(self, how):
        lab = self._begun(MakeTheirs).lab
        c = lab.capability
        self.claims[c] = Claim(lab.student, lab.generation)
        if c in self.pool:
            self.containers[c] = self.pool.pop(c)
        if how in ("mounted", "answered"):
            self.containers[c].whose_files = lab.student
        if how == "answered":
            self.begun.remove(self._begun(MakeTheirs))
            self.happens(Answered(c, "pool"))
        elif how == "useless":
            self.begun.remove(self._begun(MakeTheirs))
            self.happens(Unclaimed(c))

    @precondition(lambda self: self._begun(Begin))
    @rule(how=st.sampled_from(["placed", "answered", "failed"]))
    def begun_further(self, how):
        lab = self._begun(Begin).lab
        c = lab.capability
        if how == "failed":
            self.begun.remove(self._begun(Begin))
            self.happens(Failed(c, "lab-slow", ""))
            return
        self.folders[c] = lab.token
        self.containers.setdefault(c, Container(lab, whose_files=lab.student))
        self.happens(Placed(c, f"box-{c}", ADDRESS, "c1"))
        if how == "answered" and self._begun(Begin):
            self.begun.remove(self._begun(Begin))
            self.happens(Answered(c))

    @precondition(lambda self: self._begun(Remove))
    @rule(works=st.booleans())
    def removed(self, works):
        c = self._begun(Remove).lab.capability
        if works:
            self.begun.remove(self._begun(Remove))
            self.containers.pop(c, None)
            self.pool.pop(c, None)
            self.folders.pop(c, None)
            self.claims.pop(c, None)
            self.guarded.discard(c)
        self.happens(Gone(c) if works else Stuck(c, "engine-down", ""))

    @rule(reason=st.sampled_from(["idle", "asked"]), generation=GENERATIONS)
    def freeze_asked(self, reason, generation):
        asked = FreezeAsked(reason, generation, self.now)
        if self.state.lab and generation not in (0, self.state.lab.generation):
            assert step(self.state, asked, self.now)[0] == self.state
        self.askers.append(asked)
        self.happens(asked)

    @precondition(lambda self: self._begun(Freeze))
    @rule()
    def stands_still(self):
        self._container_of(Freeze).frozen = True

    @precondition(lambda self: self._begun(Freeze))
    @rule(engine_answers=st.booleans(), somebody_comes=st.booleans())
    def freezing_ends(self, engine_answers, somebody_comes=False):
        container = self._container_of(Freeze)
        self.begun.remove(self._begun(Freeze))
        c = container.lab.capability
        if not engine_answers:
            self.happens(Failed(c, "engine-down", "no answer"))
        elif container.connections:
            self.happens(NotFrozen(c, "in-use", ""))
        else:
            container.frozen = True
            if somebody_comes:  # after we have looked
                container.connections += 1
                self.happens(Knocked(c))
            if self._is_freezing(c):
                self.happens(Frozen(c))

    @precondition(lambda self: self._begun(Thaw))
    @rule()
    def goes_on_before_it_is_thawed(self):
        container = self._container_of(Thaw)
        if container.runs:
            container.frozen = False
            self.happens(Awake(container.lab.capability))

    @precondition(lambda self: self._begun(Thaw))
    @rule(works=st.booleans())
    def thaw_answered(self, works):
        c = self._begun(Thaw).lab.capability
        if works and self.containers[c].runs:
            self._container_of(Thaw).frozen = False
            self.begun.remove(self._begun(Thaw))
            self.guarded.discard(c)
            self.happens(Thawed(c))
        else:
            self.happens(Stuck(c, "engine-down", ""))

    @precondition(lambda self: self._running())
    @rule()
    def somebody_connects(self):
        (container,) = self._running()
        container.connections += 1
        if container.lab.capability in self.guarded:
            self.happens(Knocked(container.lab.capability))

    @precondition(lambda self: any(c.connections for c in self._running()))
    @rule()
    def somebody_hangs_up(self):
        (container,) = self._running()
        container.connections -= 1

    @precondition(lambda self: self._running())
    @rule(out_of_memory=st.booleans())
    def a_lab_dies(self, out_of_memory):
        (container,) = self._running()
        container.runs = container.frozen = False
        container.connections = 0
        self.happens(Ended(container.lab.capability, "exit code 137", out_of_memory))

    @rule(reason=st.sampled_from(["idle", "memory"]), generation=GENERATIONS)
    def stop_asked(self, reason, generation):
        asked, lab = StopAsked(reason, generation), self.state.lab
        newer = lab and generation not in (0, lab.generation)
        if newer or (reason == "memory" and self.state.phase != "frozen"):
            assert step(self.state, asked, self.now) == (self.state, [])
        self.happens(asked)

    @rule(
        disaster=st.sampled_from(
            ["late words", "bucket lost", "killed", "killed soon", "both lost", "reboot", "clock"]
        ),
        number=st.integers(0, 3),
    )
    def disaster(self, disaster, number):
        match disaster:
            case "late words":
                self._hear_of_an_earlier_lab()
            case "bucket lost":
                self._lose_jetstream()
                self.happens(BucketLost())
            case "killed":
                self._start_again()
            case "killed soon":
                self.effects_left = number
            case "both lost":
                self._lose_jetstream()
                self._start_again()
            case "reboot":
                for container in (*self.containers.values(), *self.pool.values()):
                    container.runs = container.frozen = False
                    container.connections = 0
                self._start_again()
            case "clock":
                self.now += timedelta(hours=20 * (number - 2), microseconds=13)

    def _lose_jetstream(self):
        self.entry = None
        self.told = {}

    def _hear_of_an_earlier_lab(self):
        c = fresh().capability
        for late in (
            Gone(c),
            Answered(c),
            Frozen(c),
            Awake(c),
            Thawed(c),
            Knocked(c),
            Ended(c, ""),
        ):
            assert step(self.state, late, self.now) == (self.state, [])

    @rule(
        how=st.sampled_from(["written", "mounted", "answered"]),
        killed=st.booleans(),
        lost=st.booleans(),
    )
    def a_usual_claim(self, how, killed, lost):
        """What is rare, too: somebody comes while there is a lab in the pool."""
        self.things_settle()
        if not self.pool:
            self.a_lab_boots_for_the_pool()
        self.wanted()
        if self._begun(TakeLease):
            self.lease_answered_for_one_of_the_pool(ours=True)
        if self._begun(MakeTheirs):
            self.made_theirs(how)
        if lost:
            self._lose_jetstream()
        if killed:
            self._start_again()
        elif lost:
            self.happens(BucketLost())

    @rule(ends=st.sampled_from(["up", "freezing", "frozen", "killed freezing", "killed thawing"]))
    def a_usual_day(self, ends):
        """What is rare when all is drawn at random: a lab is up, and is frozen, or nearly so."""
        self.wanted()
        self.things_settle()
        for container in self._running():
            container.connections = 0
        if ends != "up":
            self.freeze_asked("idle", 0)
        if ends in ("frozen", "killed thawing"):
            self.things_settle()
        if ends.startswith("killed"):
            for container in self._running():
                container.frozen = ends == "killed freezing"
            self._start_again()

    @rule()
    def things_settle(self):
        self.effects_left = None
        for _ in range(20):
            if self._begun(TakeLease):
                self.lease_answered(ours=True)
            if self._begun(MakeTheirs):
                self.made_theirs(how="answered")
            if self._begun(Begin):
                self.begun_further(how="answered")
            if self._begun(Freeze):
                self.freezing_ends(engine_answers=True)
            if self._begun(Thaw):
                self.thaw_answered(works=True)
            if self._begun(Remove):
                self.removed(works=True)
        assert not self.begun
        assert not self.waiting
        assert not self.askers
        assert self.state.phase in ("absent", "ready", "frozen", "failed")
        is_up = self.state.phase in ("ready", "frozen")
        assert len(self.containers) == len(self.folders) - len(self.pool) == is_up
        if is_up:
            (container,) = self._running()
            assert container.frozen == (self.state.phase == "frozen")
            assert not (container.frozen and container.connections)
        assert (self.entry.value if self.entry else None) == (
            None if self.state.phase == "absent" else self.state.lab
        )

    def _is_freezing(self, capability) -> bool:
        """Whether our process lives on, and with it the task that freezes the lab."""
        return self.state.phase == "freezing" and self.state.lab.capability == capability

    def _container_of(self, type_) -> Container:
        return self.containers[self._begun(type_).lab.capability]

    # what is always so

    @invariant()
    def there_is_one_lab_at_most(self):
        assert len(self.containers) <= 1

    @invariant()
    def what_is_nobodys_has_nobodys_files(self):
        for slot in self.pool.values():
            assert slot.lab.capability not in self.claims
            assert not slot.whose_files

    @invariant()
    def a_lab_that_is_ready_runs_and_has_its_lease(self):
        if self.state.phase == "ready":
            container = self.containers[self.state.lab.capability]
            assert container.runs
            assert not container.frozen
            assert self.entry.value == self.state.lab
            assert self.state.lab.generation > 0

    @invariant()
    def nobody_is_connected_to_a_lab_that_stays_frozen(self):
        if self.state.phase == "frozen":
            container = self.containers[self.state.lab.capability]
            assert container.frozen
            assert not container.connections
            assert self.state.lab.capability in self.guarded

    @invariant()
    def something_is_being_done_for_who_waits(self):
        busy = ("leasing", "starting", "freezing", "thawing", "leaving")
        assert (self.state.phase in busy) == bool(self.begun)
        assert not self.waiting or self.state.phase in busy
        assert not self.askers or self.state.phase == "freezing"

    @invariant()
    def nothing_is_left_when_it_is_absent(self):
        if self.state.phase == "absent":
            assert not self.containers


def _found(container: Container) -> Found:
    lab = container.lab
    labels = {
        "nbh.course": lab.course,
        "nbh.student": "" if container.is_from_pool else lab.student,
        "nbh.generation": "0" if container.is_from_pool else str(lab.generation),
        "nbh.capability": lab.capability,
        "nbh.image": lab.image,
        "nbh.commit": "c1",
    }
    box = f"box-{lab.capability}"
    running = Running(name=lab.capability, container=box, address=ADDRESS, process=1)
    return Found(
        name=lab.capability,
        container=box,
        labels=labels,
        running=running if container.runs else None,
        frozen=container.frozen,
    )


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
