"""Who waits for one lab, and what they hear meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple

from nbh_proto import Lab
from nbh_proto.access import Reason, Stage, Way

Progress = Callable[[Stage, int], Awaitable[None]]
"""Hears how far a lab is, and how many starts are before it while it is queued."""


class NoLab(Exception):
    """There will be no lab for this access; ``str()`` is for the operator."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Served(NamedTuple):
    """A lab, and how it came to be there."""

    lab: Lab
    way: Way


class _Place(NamedTuple):
    lab: asyncio.Future[Served]
    until: datetime
    progress: Progress


class WaitingRoom:
    """The accesses that one lab will answer."""

    def __init__(self) -> None:
        self._places: list[_Place] = []
        self._stage: tuple[Stage, int] | None = None

    def __bool__(self) -> bool:
        return bool(self._places)

    async def wait(self, until: datetime, progress: Progress, wish: Callable[[], None]) -> Served:
        """Make a wish and wait until it is answered.

        Raises:
            NoLab: by `refuse`.
        """
        place = _Place(asyncio.get_running_loop().create_future(), until, progress)
        self._places.append(place)
        wish()
        try:
            if self._stage:
                await progress(*self._stage)
            return await place.lab
        finally:
            if place in self._places:
                self._places.remove(place)

    def have_all_left(self, now: datetime) -> bool:
        """Whether there were some, and the patience of each is over."""
        return bool(self._places) and all(p.until < now for p in self._places)

    def serve(self, lab: Lab, way: Way) -> None:
        """All get the lab."""
        for place in self._leave():
            place.lab.set_result(Served(lab, way))

    def refuse(self, reason: Reason, detail: str) -> None:
        """Nobody gets one."""
        for place in self._leave():
            place.lab.set_exception(NoLab(reason, detail))

    async def tell(self, stage: Stage, position: int = 0) -> None:
        """All hear how far it is, and who comes later does, too."""
        self._stage = (stage, position)
        for place in list(self._places):
            await place.progress(stage, position)

    def forget_stage(self) -> None:
        """What was begun is over: who comes now waits for something else."""
        self._stage = None

    def _leave(self) -> list[_Place]:
        left = [p for p in self._places if not p.lab.done()]
        self._places = []
        self._stage = None
        return left
