"""What happens between the questions of one look at a lab is not missed."""

from nbh_reaper import known, looking
from nbh_reaper.clock import Clock
from nbh_reaper.jupyter import Jupyter
from tests.reaper.clocks import instant
from tests.reaper.stub import StubLab
from tests.reaper.watching import LIMITS, MINUTE


class StillClock(Clock):
    """Stands still until it is moved."""

    def __init__(self):
        self.seconds = 0.0

    def now(self):
        return instant(self.seconds)


class Saving(StubLab):
    """Somebody saves while it is being asked: after its status was told, before its saves were."""

    is_saved = False

    def body(self, path):
        if path == "metrics" and self.is_saved:
            assert isinstance(self.clock, StillClock)
            self.clock.seconds += 0.01
            self.save()
            self.is_saved = False
        return super().body(path)


async def test_what_is_saved_between_two_questions_is_as_young_as_it_is():
    clock = StillClock()
    lab = Saving(clock)
    async with lab.serving():
        jupyter, seen = Jupyter(within=5), known.told(None, lab.lab(), clock.now())

        async def look(before, at):
            clock.seconds = at
            return await looking.look(jupyter, lab.lab(), before, LIMITS, clock.now)

        lab.run(busy=False)
        seen = await look(seen, MINUTE)
        lab.is_saved = True
        lab.use()  # something small, which makes the reaper ask for more
        seen = await look(seen, 5 * MINUTE)
        assert seen.active >= 5 * MINUTE
        # and so it is when nothing was asked of it since, but whether it may be frozen
        lab.is_saved = True
        seen = await look(seen, 16 * MINUTE)
        assert seen.active >= 16 * MINUTE
