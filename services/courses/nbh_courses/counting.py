"""What is counted of courses and of who signs in (E-2)."""

import asyncio
from collections import Counter

from nbh_courses.record import Record
from nbh_courses.shelf import Shelf
from nbh_kit.metrics import Metrics
from nbh_proto import CoursePublished, Message, SignedIn, SignInRefused

_SECONDS = (0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0)


class Counting:
    """Hears what this service tells, and looks at the shelf when somebody reads."""

    def __init__(self, metrics: Metrics, shelf: Shelf) -> None:
        self._shelf = shelf
        self._publishing = metrics.histogram(
            "nbhosting_publish_seconds", "How long it took to publish a revision.", _SECONDS
        )
        self._sign_ins = metrics.counter(
            "nbhosting_sign_ins_total",
            "Who signed in, and who was refused.",
            outcome=("done", "refused"),
        )
        self._courses = metrics.gauge(
            "nbhosting_courses",
            "Courses; failing are those whose last pull failed.",
            state=("well", "failing", "archived"),
        )
        metrics.before_each_reading(self.look)

    def hear(self, told: Message) -> None:
        """This was told, and is stored."""
        match told:
            case CoursePublished(seconds=seconds):
                self._publishing.observe(seconds)
            case SignedIn():
                self._sign_ins.add("done")
            case SignInRefused():
                self._sign_ins.add("refused")

    async def look(self) -> None:
        """How courses are now."""
        records = await asyncio.to_thread(self._shelf.records)
        self._courses.set_all(Counter(map(_state, records)))


def _state(record: Record) -> str:
    if record.archived:
        return "archived"
    return "failing" if record.failure else "well"
