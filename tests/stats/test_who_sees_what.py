"""Who is signed in sees the numbers of their account; everybody else signs in first (S-54)."""

from datetime import timedelta

import httpx2
import msgspec
import pytest

from nbh_kit.buckets import Bucket, Snapshot
from nbh_kit.sessions import COOKIE, Sessions
from nbh_proto import Session, now
from nbh_stats import migrations
from nbh_stats.viewers import anybody_known
from tests.courses.people import House
from tests.stats.world import SECRET, UI, World

OF_COURSE = "/api/stats/courses/py/notebooks.json"
OF_ANOTHER = "/api/stats/courses/ml/notebooks.json"
OF_A_NODE = "/api/stats/nodes/n1/labs.json"
PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
async def house(tmp_path, bus):
    there = House(tmp_path, bus)
    there.course("py")
    there.course("ml")
    return there


@pytest.fixture
async def world(door, bus):
    await door.use(migrations.migrate)
    made = World(door, recognise=anybody_known(SECRET, Sessions(bus)))
    for course in ("py", "ml"):
        made.register(course)
    return made


@pytest.fixture
async def enter(house, world):
    """A browser at the statistics, of somebody who has just signed in."""

    async def entered(name, **account):
        await house.add(name, **account)
        signed_in = await house.browser().signed_in(name)
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(world.app),
            base_url=UI,
            headers={"Cookie": f"{COOKIE}={signed_in.id}"},
        )

    return entered


async def _statuses(browser, *paths):
    return [(await browser.get(path)).status_code for path in paths]


async def test_staff_see_every_course_and_the_machines(enter):
    staff = await enter("ada", role="staff")
    assert await _statuses(staff, OF_COURSE, OF_ANOTHER, OF_A_NODE) == [200, 200, 200]


async def test_a_teacher_sees_the_courses_of_their_account_as_it_is_now(enter, house):
    teacher = await enter("bob", role="teacher", courses=("py",))
    everything = (OF_COURSE, OF_ANOTHER, OF_A_NODE)
    assert await _statuses(teacher, *everything) == [200, 403, 403]
    await house.set("bob", courses=("ml",))
    assert await _statuses(teacher, *everything) == [403, 200, 403]
    await house.accounts.follow_course("ml", "c1")
    assert await _statuses(teacher, *everything) == [403, 403, 403]
    await house.remove("bob")
    assert await _statuses(teacher, *everything) == [401, 401, 401]


async def test_a_person_who_is_nobody_signs_in_and_comes_back(world):
    async with world.browser("") as nobody:
        assert (await nobody.get(OF_COURSE)).status_code == 401
        answer = await nobody.get(f"{OF_COURSE}?from=2026-01-01", headers=PAGE)
    assert answer.status_code == 303
    way = httpx2.URL(answer.headers["location"])
    assert (way.path, way.params["next"]) == ("/login", f"{OF_COURSE}?from=2026-01-01")


async def test_a_page_by_itself_keeps_nobody_signed_in_and_a_person_does(enter, bus):
    staff = await enter("ada", role="staff")
    sessions = Bucket(bus, Session)
    async for change in sessions.watch():
        if isinstance(change, Snapshot):
            ((key, held),) = change.all.items()
            break
    earlier = msgspec.structs.replace(held.value, seen=now() - timedelta(minutes=30))
    await sessions.update(key, earlier, held.revision)
    await staff.get(OF_COURSE, headers={"Accept": "text/event-stream"})
    await staff.get(OF_COURSE, headers={"Nbh-Unattended": "1"})
    assert (await sessions.get(key)).value == earlier
    await staff.get(OF_COURSE)
    assert (await sessions.get(key)).value.seen > earlier.seen
