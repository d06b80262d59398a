"""Pulls courses when somebody pushed and when it is time to look again."""

import asyncio

import structlog

from nbh_courses.demand import Demand, Wish
from nbh_courses.failure import CourseError
from nbh_courses.git_program import Stopping
from nbh_courses.pulls import By, Pulls
from nbh_courses.shelf import Shelf

logger = structlog.get_logger(__name__)


class Pulling:
    """The one that begins pulls which no command asks for."""

    def __init__(self, shelf: Shelf, pulls: Pulls, at_once: int) -> None:
        self._shelf = shelf
        self._pulls = pulls
        self._demand = Demand(at_once)
        self._changed = asyncio.Event()

    def pushed(self, course: str) -> None:
        """Somebody pushed to a course: pull it at once."""
        self._ask(course, pushed=True)

    async def look_at_all(self) -> None:
        """Pull every course that is to be pulled by itself, in its turn (G5)."""
        for record in self._shelf.records():
            if record.is_pulled_by_timer:
                self._ask(record.course, pushed=False)

    def _ask(self, course: str, *, pushed: bool) -> None:
        self._demand.ask(course, _now(), pushed=pushed)
        self._changed.set()

    async def run(self) -> None:
        """Carry out what is asked for, for ever."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._changed.clear()
                for wish in self._demand.begin(_now()):
                    tasks.create_task(self._pull(wish))
                await self._until(self._demand.next_at())

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is asked for and nothing is under way."""
        return self._demand.is_quiet

    async def _until(self, then: float | None) -> None:
        try:
            async with asyncio.timeout_at(then):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def _pull(self, wish: Wish) -> None:
        try:
            by: By = "push" if wish.pushed else "timer"
            await self._pulls.pull(wish.course, _to_nobody, by=by)
        except CourseError as e:
            logger.warning("a course cannot be published", course=wish.course, why=str(e))
        except Stopping:
            pass
        finally:
            self._demand.ended(wish.course)
            self._changed.set()


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _to_nobody(_line: str) -> None:
    pass
