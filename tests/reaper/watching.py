"""A reaper that watches stub labs with a fast clock, and what it tells."""

from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import msgspec

from nbh_kit.buckets import Gone, Held, Put
from nbh_proto import FreezeLab, LabStopAnnounced, StopLab
from nbh_reaper.jupyter import Jupyter
from nbh_reaper.policy import Limits
from nbh_reaper.reaper import Reaper

MINUTE, HOUR = 60.0, 3600.0
LIMITS = Limits(idle=2 * HOUR, freeze=10 * MINUTE, age=24 * HOUR, grace=30.0)


class Watching:
    """What a test sees of a reaper, and does to it. It stands for the provisioner, too."""

    def __init__(self, clock, *, limits=LIMITS, stops_a_minute=1000, within=5.0):
        self.clock = clock
        self.told = []
        """(seconds of the clock, message), in order."""

        self.stubs = {}
        self._values = {}
        self.limits = limits
        self.reaper = Reaper(
            Jupyter(within),
            clock,
            self._hear,
            lambda _course: self.limits,
            stops_a_minute=stops_a_minute,
            looks_at_once=16,
        )

    def show(self, stub, **over):
        """The bucket says this of a lab."""
        lab = stub.lab(**over)
        self.stubs[lab.key] = stub
        self._values[lab.key] = lab
        self.reaper.hear(Put(lab.key, Held(lab, 1)))

    def of(self, type_, student=None):
        """What was told of one type, of one student or all: (seconds, message)."""
        return [
            (at, said)
            for at, said in self.told
            if isinstance(said, type_) and student in (None, said.student)
        ]

    async def _hear(self, said):
        self.told.append((self.clock.now().at, said))
        key = f"{said.course}.{said.student}"
        if isinstance(said, FreezeLab):
            self._values[key] = msgspec.structs.replace(
                self._values[key], state="frozen", since=self.clock.now().day
            )
            self.reaper.hear(Put(key, Held(self._values[key], 1)))
        if isinstance(said, StopLab):
            self.reaper.hear(Gone(key))

    def stopped(self, student=None):
        """Why labs were stopped."""
        return [said.reason for _, said in self.of(StopLab, student)]

    def announced(self, student=None):
        """What was announced."""
        return [said for _, said in self.of(LabStopAnnounced, student)]


@contextmanager
def repeating(clock, seconds, call):
    """Call every so many seconds of the clock while the block runs, as a page would."""

    def again():
        call()
        timers.append(clock.at(clock.now().at + seconds, again))

    timers = [clock.at(clock.now().at, again)]
    try:
        yield
    finally:
        timers[-1].cancel()


@asynccontextmanager
async def watching(clock, *stubs, **how):
    """A reaper that watches these stub labs."""
    async with AsyncExitStack() as stack:
        for stub in stubs:
            await stack.enter_async_context(stub.serving())
        seen = Watching(clock, **how)
        stack.push_async_callback(seen.reaper.close)
        for stub in stubs:
            seen.show(stub)
        yield seen
