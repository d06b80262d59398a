"""What a student does, and what is counted of it."""

from collections import Counter

import httpx2 as httpx

from nbh_kit.testing import eventually
from nbh_proto.stats import EventsFound, FindEvents
from tests.e2e.student import Student

LAST = "the last words\n"


async def counted(system):
    """How often the statistics have each event."""
    found = await system.bus.ask(FindEvents(limit=10_000), EventsFound)
    assert not found.error
    return Counter((e.at, e.kind, e.course, e.student, e.notebook) for e in found.events)


async def has_counted(system, kind):
    return any(key[1] == kind for key in await counted(system))


async def worked(system, name):
    """A student opens, saves, shares, resets and saves; their lab goes on."""
    student = Student(system.link("lesson", "w1/first", name))
    url = await student.open()
    await student.save("w1/first.md", "what was reset\n")
    await shared(student, url, name)
    again = Student(system.link("lesson", "w1/first", name, action="reset"))
    await again.open()
    await again.close()
    await student.save("w1/first.md", LAST)
    return student


async def shared(student, url, name):
    """On a busy machine podman may be too slow the first time: who shares tries again."""
    address = f"{student.lab.rpartition('/')[0].rpartition('/')[0]}/ipythonShare/lesson"
    async with httpx.AsyncClient(headers={"Referer": url}, timeout=60) as browser:

        async def is_shared():
            answer = await browser.get(f"{address}/w1/first.md/{name}")
            return answer.status_code == 200

        await eventually(is_shared, within=120)
