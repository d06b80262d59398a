"""Courses, students and what they did, as the statistics hear of it; and the statistics' HTTP."""

import functools
from datetime import UTC, datetime

import httpx2
import msgspec

from nbh_kit.batching import Batch, Stored
from nbh_kit.settings import Origins
from nbh_proto import Course, CourseIndex
from nbh_stats.api import Api
from nbh_stats.app import Endpoints, app
from nbh_stats.dashboard.dashboard import Dashboard
from nbh_stats.dashboard.pages import Pages
from nbh_stats.events import Events
from nbh_stats.exclusion import Rules
from nbh_stats.finding import Finding
from nbh_stats.following import Following
from nbh_stats.leaving_out import LeavingOut
from nbh_stats.live import Live
from nbh_stats.old_addresses import OldAddresses
from nbh_stats.rows import stem_of
from nbh_stats.students import Students
from nbh_stats.viewers import by_secret

STREAM = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "s" * 64
UI = Origins().ui
NO_RULES = Rules()


def stored(events, first=1):
    """Events as their stream holds them."""
    return [
        Stored(sequence, event.address, msgspec.json.encode(event))
        for sequence, event in enumerate(events, first)
    ]


@functools.cache
def pages():
    """The dashboard's files, read once: they are large."""
    return Pages()


class Registered:
    """What the buckets would say of courses."""

    def __init__(self):
        self.courses: dict[str, Course] = {}
        self.indexes: dict[str, CourseIndex] = {}
        self.groups: dict[str, tuple[str, ...]] = {}

    def get(self, course):
        return self.courses.get(course)

    def all(self):
        return tuple(self.courses.values())

    def members(self, group):
        return self.groups.get(group, ())

    def tracks(self, course):
        index = self.indexes.get(course)
        return index.tracks if index else ()

    def titles(self, course):
        index = self.indexes.get(course)
        return {stem_of(n.path): n.title for n in index.notebooks} if index else {}


class World:
    """The statistics on one connection, with what tests say happened."""

    def __init__(self, door, rules=NO_RULES, zone="UTC", recognise=None, students=None, ui=UI):
        self.door = door
        self.registered = Registered()
        self.students = students or Students()
        self.live = Live(door)
        self.events = Events(door, door, self.students, self.live)
        leaving_out = LeavingOut(self.students, self.registered, rules)
        self.finding = Finding(door, self.registered, leaving_out, zone)
        recognise = recognise or by_secret(SECRET)
        following = Following(self.live, self.finding, recognise)
        endpoints = Endpoints(
            Api(self.finding),
            following,
            OldAddresses(self.finding),
            Dashboard(pages(), self.finding, self.registered),
        )
        self.ui = ui
        self.app = app(endpoints, recognise, ui)
        self._said = 0

    async def say(self, *events):
        """These happened, in this order."""
        assert not await self.events.keep(Batch(STREAM, stored(events, self._said + 1)))
        self._said += len(events)

    def register(self, course, **more):
        """A course that the courses service told of."""
        given = {"giturl": "https://forge.example.org/x.git", "image": "i"} | more
        self.registered.courses[course] = Course(course=course, **given)

    def browser(self, secret=SECRET):
        """Somebody who asks over HTTP."""
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(self.app),
            base_url=self.ui,
            headers={"Authorization": f"Bearer {secret}"} if secret else {},
        )

    async def ask(self, path, **query):
        """What the address answers, which must be 200."""
        async with self.browser() as browser:
            answer = await browser.get(f"/api/stats/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer

    async def table(self, path, **query):
        """The rows of a number, as dictionaries."""
        answer = (await self.ask(f"{path}.json", **query)).json()
        names = [column["name"] for column in answer["columns"]]
        return [dict(zip(names, row, strict=True)) for row in zip(*answer["data"], strict=True)]
