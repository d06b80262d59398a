"""Scripted trials: a stub lab at work in a way that is easily missed, for hours of a clock."""

import random
from contextlib import ExitStack

from nbh_kit.testing import eventually
from nbh_proto import FreezeLab, StopLab
from tests.reaper.clocks import FastClock
from tests.reaper.stub import StubLab
from tests.reaper.watching import LIMITS, MINUTE, repeating, watching

KINDS = ("a busy kernel, its tab closed", "a long upload", "an open terminal")


class Trial:
    """One lab at work; and then not any more."""

    def __init__(self, clock, kind, name, dice):
        self.kind = kind
        self.stub = StubLab(clock, student=name)
        self._clock = clock
        self._pause = dice.uniform(0.5, 7) * MINUTE
        self._over = None
        self._saves = []

    def begin(self, working):
        """Work, until the stack `working` is closed."""
        match self.kind:
            case "a busy kernel, its tab closed":
                self.stub.run(busy=True)
            case "a long upload":
                self.stub.run(busy=False)
                working.enter_context(repeating(self._clock, self._pause, self._save))
            case "an open terminal":
                self.stub.open_terminal()
        working.callback(self._end)

    def _end(self):
        if self.kind == "an open terminal":
            self.stub.terminals = []
        self.stub.run(busy=False)
        self._over = self._clock.now().at

    def _save(self):
        self.stub.save()
        self._saves.append(self._clock.now().at)

    def was_wronged(self, seen):
        """Whether it was frozen or stopped at work, or before its time was over after it."""
        told = [at for at, _ in seen.of((FreezeLab, StopLab), self.stub.student)]
        return any(self._is_at_work(at) or at < self._worked(at) + LIMITS.freeze for at in told)

    def _is_at_work(self, at):
        # a part of an upload is what is seen of it; a machine that is too busy to send the next
        # part in time is no lab at work
        is_over = self._over is not None and at >= self._over
        return not is_over and self.kind != "a long upload"

    def _worked(self, at):
        """When it last did anything before then."""
        done = [*self._saves, *([self._over] if self._over is not None else [])]
        return max((when for when in done if when <= at), default=0.0)


async def run(count, *, speed=600, hours=2.5, seed=1):
    """Run so many trials at once; how many were wronged, and how many were reaped in the end."""
    dice, clock = random.Random(seed), FastClock(speed)
    trials = [Trial(clock, dice.choice(KINDS), f"s{n}", dice) for n in range(count)]
    with ExitStack() as working:
        for trial in trials:
            trial.begin(working)
        async with watching(clock, *(trial.stub for trial in trials)) as seen:
            end = clock.now().at + hours * 3600
            await eventually(lambda: clock.now().at >= end, within=600)
            wronged = sum(trial.was_wronged(seen) for trial in trials)
            working.close()
            await eventually(
                lambda: len({said.student for _, said in seen.of(FreezeLab)}) == count, within=120
            )
            wronged += sum(trial.was_wronged(seen) for trial in trials)
    return wronged
