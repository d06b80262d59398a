"""What cannot be answered is refused with a sentence, and does nothing else."""

from datetime import UTC, date, datetime
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbh_stats import asked, numbers
from nbh_stats.asked import BadQuestion
from tests.stats.test_events_table import HOSTILE
from tests.stats.world import UI

ZONES = frozenset({"UTC", "Europe/Paris"})
PARAMETERS = ("from", "to", "tz", "step", "track", "limit", "everyone")


@pytest.fixture
async def world(world):
    world.register("py")
    return world


async def refused(world, path, query=None):
    async with world.browser() as browser:
        answer = await browser.get(f"/api/stats/{path}", params=query or {})
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["error"]
    return answer


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ({"from": "2026-02-01", "to": "2026-01-01"}, "from: it is not before `to`"),
        ({"from": "yesterday"}, "from: write a day as 2026-01-31"),
        ({"from": "2026-01-01T00:00:00"}, "from: write a day"),
        ({"to": "2026-13-01"}, "to: write a day"),
        ({"from": "0001-01-01"}, "between 1970 and 2200"),
        ({"to": "9999-12-31"}, "too far away"),
        ({"to": "9999-12-31T23:59:59-12:00"}, "between 1970 and 2200"),
        ({"tz": "Mars/Olympus"}, "tz: no time zone"),
        ({"tz": "../../etc/passwd"}, "tz: no time zone"),
        ({"tz": ""}, "tz: no time zone"),
        ({"step": "1m"}, "step: one of 5m, 15m"),
        ({"limit": "0"}, "limit: a number from 1 to 10000"),
        ({"limit": "10001"}, "limit: a number"),
        ({"limit": "١٢"}, "limit: a number"),
        ({"limit": "1e3"}, "limit: a number"),
        ({"everyone": "yes"}, "everyone: true or false"),
        ({"form": "2026-01-01"}, "there is no parameter 'form'"),
        ({"track": "x" * 101}, "track: at most 100 characters"),
    ],
)
def test_a_wrong_parameter_is_named(query, why):
    with pytest.raises(BadQuestion, match=why.replace("`", ".")):
        asked.read(query, "UTC", ZONES)


@pytest.mark.parametrize(
    ("query", "since", "until"),
    [
        (
            {"from": "2026-03-29", "to": "2026-03-29", "tz": "Europe/Paris"},
            datetime(2026, 3, 28, 23, tzinfo=UTC),
            datetime(2026, 3, 29, 22, tzinfo=UTC),
        ),
        (
            {"from": "2026-03-29T01:00:00+02:00", "to": "2026-03-29T00:00:00Z"},
            datetime(2026, 3, 28, 23, tzinfo=UTC),
            datetime(2026, 3, 29, tzinfo=UTC),
        ),
        ({}, asked.BEGIN, asked.END),
    ],
)
def test_a_day_is_meant_from_its_first_instant_to_its_last(query, since, until):
    question = asked.read(query, "UTC", ZONES)
    assert (question.since, question.until) == (since, until)


def test_a_day_without_a_midnight_begins_when_it_does():
    assert asked.midnight(date(2018, 11, 4), "America/Sao_Paulo") == datetime(
        2018, 11, 4, 3, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("days", "step"),
    [(1, 300), (4, 900), (10, 3600), (90, 21_600), (400, 86_400), (9000, 604_800)],
)
def test_a_step_is_chosen_that_makes_no_more_points_than_a_screen_shows(days, step):
    first = datetime(2000, 1, 1, tzinfo=UTC)
    last = datetime.fromtimestamp(first.timestamp() + days * 86_400, UTC)
    assert asked.with_step(asked.Asked(), 400, first, last).step == step


async def test_what_is_not_there_is_not_found(world):
    for path in (
        "courses/never/notebooks.json",
        "courses/never",
        "courses/never/live",
        "courses/py/nothing.json",
        "courses/py/notebooks.xml",
        "courses/py/machine.json",
        "nodes/n1/notebooks.json",
        "nothing.json",
        "courses/a b/notebooks.json",
        "courses/-/notebooks.json",
        "nodes/../notebooks.json",
    ):
        assert (await refused(world, path)).status_code == 404, path


@pytest.mark.parametrize("text", [*HOSTILE, "%00", "1; DROP TABLE events", "{track:String}"])
@pytest.mark.parametrize("parameter", PARAMETERS)
async def test_no_parameter_is_ever_sql(world, parameter, text):
    for path in ("courses/py/funnel.json", "nodes/n1/labs.json", "courses.csv"):
        if parameter == "track" and (path != "courses/py/funnel.json" or not text):
            continue  # others take no notice of it, and an empty one is the first track
        assert (await refused(world, path, {parameter: text})).status_code == 400
    assert await world.table("courses/py/notebooks") == []


@pytest.mark.parametrize("text", [text for text in HOSTILE if text])
async def test_no_part_of_an_address_is_ever_sql(world, text):
    part = quote(text, safe="")
    for path in (
        f"courses/{part}/notebooks.json",
        f"courses/py/{part}.json",
        f"courses/py/notebooks.{part}",
        f"nodes/{part}/labs.json",
        f"students/{part}/events.jsonl",
        f"{part}.json",
    ):
        assert (await refused(world, path)).status_code == 404


async def test_a_parameter_that_comes_twice_is_refused(world):
    async with world.browser() as browser:
        answer = await browser.get("/api/stats/courses/py/notebooks.json?tz=UTC&tz=Europe/Paris")
    assert answer.status_code == 400


async def test_a_question_of_50_mb_is_refused(world):
    said = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        said.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/api/stats/courses/py/notebooks.json",
        "query_string": b"from=" + b"0" * 50_000_000,
        "headers": [(b"host", UI.removeprefix("http://").encode())],
    }
    await world.app(scope, receive, send)
    assert said[0]["status"] == 414


async def test_nothing_can_be_sent(world):
    async with world.browser() as browser:
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            answer = await browser.request(method, "/api/stats/courses/py/notebooks.json")
            assert answer.status_code == 405


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(query=st.dictionaries(st.sampled_from(PARAMETERS), st.text(max_size=40), max_size=3))
async def test_whatever_is_asked_there_is_an_answer(world, query):
    async with world.browser() as browser:
        for path in ("courses/py/funnel.csv", "courses/py/labs.json"):
            answer = await browser.get(f"/api/stats/{path}", params=query)
            assert answer.status_code in (200, 400)


def test_every_number_names_what_it_takes():
    named = {"step": "step", "limit": "limit", "track": "track"}
    for number in numbers.ALL:
        assert set(number.options) == {o for o, p in named.items() if p in number.parameters}
