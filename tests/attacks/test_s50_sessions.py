"""S-50: a session is ours to end, and its id is for one browser alone.

Who steals the bucket, an old cookie or a name gets no further.
"""

import secrets
from datetime import timedelta

import msgspec
import pytest

from nbh_kit import passwords, sessions
from nbh_kit.buckets import Bucket, Snapshot
from nbh_proto import Session, now
from nbh_proto.account import LONGEST_SESSION
from tests.courses.people import ANOTHER, PASSWORD, House
from tests.e2e.browser import browser


@pytest.fixture
async def house(tmp_path, bus):
    there = House(tmp_path, bus)
    await there.add("ada")
    return there


@pytest.fixture
async def ada(house):
    return await house.browser().signed_in()


async def held(bus):
    """All sessions there are, by key."""
    async for change in Bucket(bus, Session).watch():
        if isinstance(change, Snapshot):
            return change.all
    raise AssertionError


async def made_older(bus, **more):
    """Have the one session be of another time."""
    ((key, there),) = (await held(bus)).items()
    older = msgspec.structs.replace(there.value, **more)
    await Bucket(bus, Session).update(key, older, there.revision)


async def test_the_cookie_is_for_this_host_this_connection_and_no_script(house):
    answer = await house.browser().sign_in()
    (cookie,) = answer.headers.get_list("set-cookie")
    pair, *attributes = cookie.split("; ")
    assert attributes == ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"]
    name, _, id_ = pair.partition("=")
    assert name == "__Host-nbh"
    assert len(id_) == 43  # 256 bits, in base64


async def test_who_reads_the_bucket_is_not_let_in(house, ada, bus):
    ((key, there),) = (await held(bus)).items()
    said = key + msgspec.json.encode(there.value).decode()
    assert ada.id not in said
    for guess in (key, key[:43]):
        thief = house.browser()
        thief.cookies.set(sessions.COOKIE, guess)
        assert not await thief.is_in()


async def test_each_time_somebody_signs_in_there_is_a_new_session_and_the_old_one_ends(
    house, ada, bus
):
    old = ada.id
    await ada.signed_in()
    assert ada.id != old
    thief = house.browser()
    thief.cookies.set(sessions.COOKIE, old)
    assert not await thief.is_in()
    assert len(await held(bus)) == 1


async def test_an_id_that_a_stranger_chose_never_becomes_a_session(house):
    chosen = secrets.token_urlsafe(32)
    victim = house.browser()
    victim.cookies.set(sessions.COOKIE, chosen)
    answer = await victim.sign_in()
    assert chosen not in answer.headers["set-cookie"]
    stranger = house.browser()
    stranger.cookies.set(sessions.COOKIE, chosen)
    assert not await stranger.is_in()


NO_COOKIES = [
    "",
    "__Host-nbh",
    "__Host-nbh=",
    "__Host-nbh=" + "x" * 43,
    "__Host-nbh=" + "x" * 100_000,
    "__host-nbh={id}",
    "nbh={id}",
    "__Host-nbh={id}.",
    "__Host-nbh={id}A",
    '__Host-nbh="{id}"',
    "__Host-nbh={id}; __Host-nbh={id}",
    "__Host-nbh=$KV.SESSIONS.>",
    "__Host-nbh=../{id}",
]


async def test_what_is_not_exactly_the_cookie_is_nobody(house, ada):
    for cookies in NO_COOKIES:
        stranger = house.browser(Cookie=cookies.format(id=ada.id), Accept="*/*")
        assert (await stranger.get("/account")).status_code == 401, cookies


async def test_a_session_ends_after_twelve_hours_whatever_its_person_does(ada, bus):
    await made_older(bus, since=now() - LONGEST_SESSION + timedelta(minutes=1))
    assert await ada.is_in()
    await made_older(bus, since=now() - LONGEST_SESSION, seen=now())
    assert not await ada.is_in()
    kept = await bus.js.stream_info("KV_SESSIONS")
    assert kept.config.max_age == LONGEST_SESSION.total_seconds()


async def test_a_session_ends_when_nobody_used_it_for_an_hour(ada, bus):
    await made_older(bus, seen=now() - sessions.IDLE + timedelta(minutes=1))
    assert await ada.is_in()  # which is use
    assert await ada.is_in()
    ((_, there),) = (await held(bus)).items()
    assert now() - there.value.seen < timedelta(minutes=1)
    await made_older(bus, seen=now() - sessions.IDLE)
    assert not await ada.is_in()


async def test_being_there_is_not_written_down_each_time(ada, bus):
    before = await held(bus)
    for _ in range(5):
        assert await ada.is_in()
    assert await held(bus) == before


async def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(house, ada, bus):
    await made_older(bus, seen=now() - timedelta(minutes=30))
    before = await held(bus)
    cookies = f"{sessions.COOKIE}={ada.id}"
    assert await house.doors.sessions.of(cookies, active=False)
    assert await held(bus) == before


async def test_signing_out_ends_the_session_itself(house, ada, bus):
    id_ = ada.id
    answer = await ada.post("/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert sessions.COOKIE not in ada.cookies
    thief = house.browser()
    thief.cookies.set(sessions.COOKIE, id_)
    assert not await thief.is_in()
    assert await held(bus) == {}


async def test_another_password_ends_every_session_but_the_one_that_chose_it(house, ada):
    elsewhere = await house.browser().signed_in()
    old = ada.id
    form = {"current": PASSWORD, "new": ANOTHER, "again": ANOTHER}
    answer = await ada.post("/password", data=form)
    assert answer.headers["location"] == "/account?changed"
    assert ada.id != old
    assert await ada.is_in()
    assert not await elsewhere.is_in()
    thief = house.browser()
    thief.cookies.set(sessions.COOKIE, old)
    assert not await thief.is_in()
    assert (await house.browser().sign_in()).status_code == 403
    await house.browser().signed_in(password=ANOTHER)


async def test_an_operator_ends_sessions_by_another_password_and_by_no_account(house, ada):
    await house.set(password_hash=passwords.hashed(ANOTHER))
    assert not await ada.is_in()
    await ada.signed_in(password=ANOTHER)
    await house.remove()
    assert not await ada.is_in()
    assert (await house.browser().sign_in(password=ANOTHER)).status_code == 403
    await house.add("ada", password=ANOTHER)  # somebody else of that name
    assert not await ada.is_in()


async def test_a_password_that_was_changed_meanwhile_lets_nobody_in(house, ada):
    """Who knew the old one is not let in by having begun before the change."""
    kept = house.accounts.of("ada")
    await house.set(password_hash=passwords.hashed(ANOTHER))
    thief = house.browser()
    thief.cookies.set(sessions.COOKIE, await house.doors.sessions.open(kept.value))
    assert not await thief.is_in()


@pytest.mark.parametrize(
    ("ui", "holds"),
    [
        ("https://staff.example.org", True),
        ("http://127.0.0.1:8080", True),
        ("http://staff.localhost", True),
        ("http://staff.example.org", False),
        ("http://192.0.2.1:8080", False),
    ],
)
async def test_where_no_browser_takes_the_cookie_the_page_says_so(tmp_path, bus, ui, holds):
    house = House(tmp_path, bus, ui=ui)
    assert house.people.is_reachable is holds
    page = (await house.browser().get("/login")).text
    assert ("does not come over HTTPS" in page) is not holds


@pytest.mark.browser
async def test_chromium_keeps_the_cookie_at_the_staff_s_origin_and_shows_it_to_no_other(
    house, tmp_path
):
    async with house.served(), browser(tmp_path / "profile", javascript=True) as chromium:
        page = await chromium.new_page()
        await page.goto(f"{house.ui}/account")
        assert page.url == f"{house.ui}/login?next=%2Faccount"
        await page.get_by_label("Name").fill("ada")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url("**/account")
        await page.get_by_role("heading", name="ada").wait_for()
        (cookie,) = await chromium.cookies()
        assert (cookie["name"], cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (
            sessions.COOKIE,
            True,
            True,
            "Strict",
        )
        assert await page.evaluate("document.cookie") == ""
        sent = {}
        chromium.on("request", lambda asked: sent.update({asked.url: asked}))
        for origin in (house.config.origins.content, house.config.origins.share):
            url = f"{origin}/builds/py/doc/latest/"
            await page.goto(url)
            assert "cookie" not in await sent[url].all_headers()
        await page.goto(f"{house.ui}/account")
        assert "cookie" in await sent[f"{house.ui}/account"].all_headers()
