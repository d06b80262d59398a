"""S-6: an address that nobody thought about is open to everybody (`teacher_dropped`, 0.59).

Every address of a service is listed with who may use it, and refuses all others.
"""

import re

import httpx2
import pytest

from nbh_courses.app import LISTED, app
from nbh_courses.built_pages import BuiltPages
from nbh_courses.hooks.receiving import Hooks
from nbh_courses.hooks.secrets import HookSecrets
from nbh_courses.shared_pages import SharedPages
from nbh_courses.shelf import Shelf
from nbh_kit.config import Config
from nbh_kit.settings import Origins
from nbh_router import static_file
from nbh_router.__main__ import ticket_key
from nbh_router.service import Service
from nbh_stats.app import LISTED as STATISTICS
from nbh_stats.viewers import Viewer, by_secret
from tests.courses.people import House
from tests.router.world import World as Site
from tests.stats.world import World

ORIGINS = Origins()


@pytest.fixture
def courses(tmp_path, bus):
    shelf = Shelf(tmp_path)
    hooks = Hooks(shelf, HookSecrets(shelf), bus, lambda course: pytest.fail(course))
    return app(
        hooks,
        BuiltPages(tmp_path),
        SharedPages(tmp_path / "snapshots"),
        House(tmp_path, bus).doors,
        ORIGINS,
    )


def test_every_address_of_the_courses_service_is_listed(courses):
    there = {(route.path, frozenset(route.methods)) for route in courses.routes}
    listed = {(each.path, frozenset(each.methods)) for each in LISTED}
    # a GET is answered to HEAD too
    assert there == {(p, m | {"HEAD"} if "GET" in m else m) for p, m in listed}


@pytest.mark.parametrize("each", [each for each in LISTED if each.audience != "public"])
async def test_an_address_that_is_not_public_refuses_who_is_nobody(courses, each):
    origin = getattr(ORIGINS, each.origin)
    transport = httpx2.ASGITransport(courses)
    async with httpx2.AsyncClient(transport=transport, base_url=origin) as nobody:
        for method in each.methods:
            answer = await nobody.request(method, each.path.replace("{course}", "py"))
            assert answer.status_code in (401, 403)


@pytest.mark.parametrize("each", LISTED)
async def test_an_address_is_there_at_its_own_origin_only(courses, each):
    transport = httpx2.ASGITransport(courses)
    for name in {"content", "ui", "share"} - {each.origin}:
        async with httpx2.AsyncClient(
            transport=transport, base_url=getattr(ORIGINS, name)
        ) as browser:
            for method in each.methods:
                assert (await browser.request(method, each.path)).status_code == 404


@pytest.fixture(params=["", "s" * 64], ids=["without a secret", "with one"])
def statistics(request):
    # no connection to ClickHouse: nobody here gets so far
    return World(None, recognise=by_secret(request.param)).app


def test_every_address_of_the_statistics_is_listed(statistics):
    there = {(route.path, frozenset(route.methods)) for route in statistics.routes}
    assert there == {(each.path, frozenset({"GET", "HEAD"})) for each in STATISTICS}


@pytest.mark.parametrize("each", STATISTICS)
@pytest.mark.parametrize("authorization", ["", "Bearer ", "Bearer " + "t" * 64, "Basic czpz", "é"])
async def test_the_statistics_refuse_who_is_nobody(statistics, each, authorization):
    transport = httpx2.ASGITransport(statistics)
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGINS.ui) as nobody:
        given = {"Authorization": authorization.encode()} if authorization else {}
        answer = await nobody.get(_filled(each.path), headers=given)
    assert answer.status_code == 401
    assert "py" not in answer.text


@pytest.mark.parametrize("each", STATISTICS)
@pytest.mark.parametrize("name", ["content", "share"])
async def test_the_statistics_are_at_the_staffs_origin_only(statistics, each, name):
    transport = httpx2.ASGITransport(statistics)
    async with httpx2.AsyncClient(transport=transport, base_url=getattr(ORIGINS, name)) as browser:
        assert (await browser.get(_filled(each.path))).status_code == 404


@pytest.mark.parametrize("each", [each for each in STATISTICS if each.audience != "viewer"])
async def test_a_teacher_sees_neither_others_courses_nor_machines(each):
    async def recognise(_request):
        return Viewer(frozenset({"theirs"}))

    transport = httpx2.ASGITransport(World(None, recognise=recognise).app)
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGINS.ui) as teacher:
        assert (await teacher.get(_filled(each.path))).status_code == 403


def _filled(path):
    given = {"course": "py", "node": "n1", "student": "ada"}
    given |= {"number": "notebooks", "format": "json"}
    given |= {"digest": "d", "name": "main.js"}
    return path.format_map(given)


ROUTER = {
    "/-/access/{ticket}": "who has the ticket, which is signed",
    "/-/access/{ticket}/events": "who has the ticket",
    "/-/access/{ticket}/again": "who has the ticket",
    "/-/lab/{capability}": "who has the lab's own URL",
    "/-/lab/{capability}/original": "the same; never a page of another origin",
    "/-/lab/{capability}/rescue": "who has the lab's own URL, for an hour after its end too",
    "/-/rescue/{ticket}": "who has the ticket, which is signed",
    "/-/rescue/{ticket}/notebook": "who has the ticket",
    "/-/rescue/{ticket}/work": "who has the ticket",
    "/-/rescue/{ticket}/restart": "who has the ticket",
    "/-/rescue/{ticket}/read": "who has the ticket",
    "/-/rescue/{ticket}/report": "who has the ticket",
    "/rescue/{path:path}": "who may open the notebook",
    "/-/platforms": "anybody: each page's own policy says as much",
    static_file.LAB_SILENT: "anybody: a page that says so",
    static_file.ROUTER_SILENT: "anybody: a page that says so",
    "/ipythonShare/{path:path}": "the student's own lab, or who has a link signed for it",
    "/ipythonForward/{path:path}": "the student's own lab, a signed link, or by the Referer rule",
    "/containerKill/{path:path}": "the same; by the Referer rule it asks first",
    "/share/{path:path}": "the student's own lab, or who has a link signed for it",
    "/{path:path}": "who has a signed launch link, or the lab's own URL; else a page that says so",
}
"""Who may use which address of the router. Students have no account; S-30, S-2 and S-10 try it."""


async def test_every_address_of_the_router_is_listed(tmp_path, nats_url):
    world = Site(tmp_path / "site", nats_url)
    service = Service(world.config, ticket_key(world.config))
    assert [vars(route)["path"] for route in service._app.routes] == list(ROUTER)


@pytest.mark.parametrize("path", [each.path for each in STATISTICS])
def test_what_the_statistics_serve_traefik_brings_there(path):
    rule = static_file.of(Config(), ORIGINS.content).http.routers["stats"].rule
    prefixes = re.findall(r"PathPrefix\(`([^`]+)`\)", rule)
    exactly = re.findall(r"Path\(`([^`]+)`\)", rule)
    assert path in exactly or path.startswith(tuple(prefixes))


@pytest.mark.parametrize("each", [each for each in LISTED if each.audience == "account"])
def test_what_is_for_people_traefik_brings_to_the_courses_service(each):
    routers = static_file.of(Config(), ORIGINS.content).http.routers.values()
    [there] = [router for router in routers if f"Path(`{each.path}`)" in router.rule]
    assert there.service in ("courses", "courses-lasting")
