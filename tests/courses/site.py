"""What the service's main composes, composed for a test: real git, real disk, real NATS."""

import asyncio
import atexit
import ssl
from functools import cache
from pathlib import Path

from nbh_courses import environment
from nbh_courses.announcing import Announcer
from nbh_courses.egress import Egress
from nbh_courses.git_program import Git, Limits
from nbh_courses.heads import Heads
from nbh_courses.parsing import Parser, Patience
from nbh_courses.publisher import Publisher
from nbh_courses.pulling import Pulling
from nbh_courses.pulls import Pulls, Rules
from nbh_courses.record import Record
from nbh_courses.repositories import Repositories
from nbh_courses.shelf import Shelf
from nbh_courses.showing import Shown
from nbh_kit.metrics import Metrics
from nbh_kit.testing import eventually
from nbh_proto import CreateCourse
from tests.courses.teacher import published

MIB = 1024**2


@cache
def parser() -> Parser:
    """One for all tests: its imports take half a second."""
    one = Parser(Patience(idle=1))
    atexit.register(one.close)
    return one


class Site:
    """Courses on a shelf, told on a bus."""

    def __init__(
        self,
        folder: Path,
        bus,
        *,
        local: bool = True,
        seconds=60.0,
        max_bytes=64 * MIB,
        at_once=4,
        private_hosts=("127.0.0.1", "localhost"),
        reading: Parser | None = None,
    ):
        folder.mkdir(exist_ok=True)
        self.shelf = Shelf(folder)
        closed = self.environment = environment.closed(folder, local=local)
        environment.allow_local(folder)
        self.git = Git(closed, Limits(seconds, max_bytes))
        self.local = folder.parent / "local"
        self.shown = Shown(bus, self.shelf)
        announcer = Announcer(bus, self.shelf, "nbhosting/minimal-notebook", self.shown)
        self.announcer = announcer
        rules = Rules(local, at_once, max_bytes)
        self.heads = Heads(ssl.create_default_context(), at_once)
        self.repositories = Repositories(self.git, Egress(private_hosts), self.heads)
        publisher = Publisher(self.local, closed, max_bytes, reading or parser())
        self.pulls = Pulls(self.shelf, self.repositories, announcer, publisher, rules, Metrics())
        self.pulling = Pulling(self.shelf, self.pulls, at_once)
        self.lines: list[str] = []

    async def say(self, line: str) -> None:
        self.lines.append(line)

    async def create(self, giturl: str, course: str = "py", **more) -> Record:
        command = CreateCourse(course=course, giturl=giturl, **more)
        return await self.pulls.create(command, self.say)

    async def pull(self, course: str = "py") -> Record:
        return await self.pulls.pull(course, self.say)

    async def round(self) -> None:
        """What the timer does, to the end."""
        running = asyncio.create_task(self.pulling.run())
        await self.pulling.look_at_all()
        await eventually(lambda: self.pulling.is_quiet, within=60)
        running.cancel()

    def served(self, course: str = "py") -> dict[str, bytes]:
        """What students get right now, by path."""
        return published(self.shelf.place(course).current.resolve())
