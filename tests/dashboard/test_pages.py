"""The dashboard's pages as they are sent: for whom, in which words, under which policy."""

import re
from typing import get_args

import httpx2
import pytest

from nbh_kit.sessions import COOKIE
from nbh_proto import access, lab
from nbh_stats import numbers
from nbh_stats.dashboard import charts, english, french
from nbh_stats.dashboard.assets import PLOTLY
from tests.attacks.test_s53_a_page_and_its_policy import POLICY
from tests.stats.world import pages

WORDS = {"en": english.WORDS, "fr": french.WORDS}
PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
ALL = [
    chart for page in (charts.COURSE, charts.NODE, charts.SITE) for g in page for chart in g.charts
]
NOT_DRAWN = {
    ("course", "notebooks-over-time"): "the slider of students per notebook",
    ("course", "growth"): "the totals by day say it",
    ("course", "summary"): "the figures on top",
    ("course", "counts"): "for programs that knew the original",
    ("site", "courses"): "the list",
    ("site", "courses-by-day"): "its sparklines",
    ("site", "nodes"): "the list of machines",
}


@pytest.fixture
async def look(site):
    """Somebody's browser that follows nothing: ``(await look("ada")).get(path)``."""
    opened = []

    async def entered(name, **headers):
        signed_in = await site.house.browser().signed_in(name)
        client = site.world.browser("")
        client.headers.update(PAGE | {"Cookie": f"{COOKIE}={signed_in.id}"} | headers)
        opened.append(client)
        return client

    yield entered
    for client in opened:
        await client.aclose()


@pytest.mark.parametrize(
    "path", ["/dashboard/", "/dashboard/courses/python", "/dashboard/nodes/n1"]
)
async def test_a_page_has_the_policy_no_script_of_its_own_and_is_kept_by_nobody(look, path):
    answer = await (await look("ada")).get(path)
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert "style=" not in answer.text
    assert all("></script>" in part for part in answer.text.split("<script")[1:])


async def test_a_teacher_sees_their_courses_and_is_told_of_others_in_words(look):
    bob = await look("bob")
    home = await bob.get("/dashboard/")
    assert "unused" in home.text
    assert "python" not in home.text
    assert "Machines" not in home.text
    assert (await bob.get("/dashboard/courses/unused")).status_code == 200
    for path in ("/dashboard/courses/python", "/dashboard/nodes/n1", "/dashboard/courses/nowhere"):
        refused = await bob.get(path)
        assert refused.status_code == 403
        assert "This page is not for you" in refused.text
        assert refused.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize("path", ["/dashboard/courses/nowhere", "/dashboard/courses/a%20b"])
async def test_what_is_not_there_is_said_in_words(look, path):
    french_ = await look("ada", **{"Accept-Language": "fr"})
    answer = await french_.get(path)
    assert answer.status_code == 404
    assert "Cette page n’existe pas" in answer.text


async def test_who_is_nobody_signs_in_and_comes_back(site):
    async with site.world.browser("") as nobody:
        answer = await nobody.get("/dashboard/courses/python?last=7", headers=PAGE)
        home = await nobody.get("/dashboard/", headers=PAGE)
        asset = await nobody.get(pages().assets.address("main.js"), headers=PAGE)
    assert answer.headers["location"] == "/login?next=%2Fdashboard%2Fcourses%2Fpython%3Flast%3D7"
    assert home.headers["location"] == "/login"
    assert asset.status_code == 303


async def test_a_course_that_nobody_opened_explains_itself(look):
    page = await (await look("bob")).get("/dashboard/courses/unused")
    assert "Nobody has opened a notebook of unused yet" in page.text


async def test_scripts_come_compressed_and_are_kept_for_good(look):
    ada = await look("ada")
    home = (await ada.get("/dashboard/")).text
    for name in (PLOTLY, "main.js", "style.css"):
        address = pages().assets.address(name)
        assert address in home
        plain = await ada.get(address, headers={"Accept-Encoding": "identity"})
        packed = await ada.get(address, headers={"Accept-Encoding": "gzip, br"})
        assert "content-encoding" not in plain.headers
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.content == plain.content
        assert int(packed.headers["content-length"]) < 0.5 * len(plain.content)
        for answer in (plain, packed):
            assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
            assert "accept-encoding" in answer.headers["vary"].lower()
    assert (await ada.get(f"{pages().assets.address('x.js')}")).status_code == 404


async def test_numbers_come_compressed(look):
    ada = await look("ada", **{"Accept-Encoding": "gzip"})
    for format_ in ("json", "csv"):
        answer = await ada.get(f"/api/stats/courses/python/map.{format_}")
        assert answer.headers["content-encoding"] == "gzip"


async def test_a_stream_of_events_is_not_held_back_to_be_compressed(site, look):
    ada = await look("ada", Accept="text/event-stream", **{"Accept-Encoding": "gzip"})
    url = f"{site.ui}/api/stats/live"
    async with (
        httpx2.AsyncClient(trust_env=False, headers=dict(ada.headers)) as real,
        real.stream("GET", url) as answer,
    ):
        assert "content-encoding" not in answer.headers
        async for chunk in answer.aiter_raw():
            assert chunk.startswith(b"retry: ")
            break


@pytest.mark.parametrize("tag", WORDS)
def test_whatever_is_shown_has_words_in_each_language(tag):
    words = WORDS[tag]
    assert set(words.charts) == {chart.id for chart in ALL}
    assert set(words.columns) >= {
        column.name
        for number in numbers.ALL
        for column in number.columns
        if number.name not in ("counts", "summary")
    }
    reasons = (access.Reason, access.RefusalReason, access.Way, lab.StopReason, lab.ThawReason)
    assert set(words.values) >= {reason for each in reasons for reason in get_args(each)}
    for field in ("groups", "figures", "sorry", "spoken", "columns", "values"):
        assert set(getattr(words, field)) == set(getattr(english.WORDS, field)), field


def test_each_number_is_on_a_page():
    there = {
        *(("course", chart.number) for group in charts.COURSE for chart in group.charts),
        *(("node", chart.number) for group in charts.NODE for chart in group.charts),
        *(("site", chart.number) for group in charts.SITE for chart in group.charts),
    }
    assert there.isdisjoint(NOT_DRAWN)
    assert there | set(NOT_DRAWN) == {(number.about, number.name) for number in numbers.ALL}


def test_what_scripts_say_there_are_words_for():
    scripts = [
        a.content.decode() for (_, name), a in pages().assets._all.items() if name != PLOTLY
    ]
    said = {word for text in scripts for word in re.findall(r'(?:say|counted)\("([a-z-]+)"', text)}
    assert said
    assert said <= set(english.WORDS.spoken)
