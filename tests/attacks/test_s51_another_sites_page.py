"""S-51: what another site's page has a browser send changes nothing of who is signed in."""

import pytest

from tests.courses.people import ANOTHER, PASSWORD, House
from tests.e2e.browser import browser

FORMS = {
    "/login": {"name": "eve", "password": PASSWORD},
    "/logout": {},
    "/password": {"current": PASSWORD, "new": ANOTHER, "again": ANOTHER},
}
ELSEWHERE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8080"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://localhost:8080"},
]


@pytest.fixture
async def house(tmp_path, bus):
    there = House(tmp_path, bus)
    await there.add("ada")
    return there


@pytest.mark.parametrize("path", FORMS)
async def test_a_form_of_another_site_is_refused(house, path):
    ada = await house.browser().signed_in()
    for headers in ELSEWHERE:
        answer = await ada.post(path, data=FORMS[path], headers=headers)
        assert answer.status_code == 403, headers
        assert "set-cookie" not in answer.headers
        assert await ada.is_in()
    await ada.signed_in()


async def test_nothing_but_a_form_changes_anything(house):
    ada = await house.browser().signed_in()
    for path in [*FORMS, "/account", "/login/style.css"]:
        for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"]:
            answer = await ada.request(method, path)
            assert answer.status_code < 500
            assert "set-cookie" not in answer.headers
            assert await ada.is_in()


HOSTILE = """<!doctype html><title>?</title>
<form method="post" action="{url}/logout"><button>A prize</button></form>"""


def _hostile(url):
    async def answer(route):
        await route.fulfill(body=HOSTILE.format(url=url), content_type="text/html")

    return answer


@pytest.mark.browser
async def test_in_chromium_another_site_signs_nobody_out(house, tmp_path):
    async with house.served(), browser(tmp_path / "profile") as chromium:
        page = await chromium.new_page()
        await page.goto(f"{house.ui}/login?next=/account")
        await page.get_by_label("Name").fill("ada")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url("**/account")
        # another port is the same site, another host is not: neither may
        for host in ("127.0.0.1", "localhost"):
            evil = f"http://{host}:9/evil"
            await page.route(evil, _hostile(house.ui))
            await page.goto(evil)
            async with page.expect_response("**/logout") as answered:
                await page.get_by_role("button").click()
            assert (await answered.value).status == 403
        await page.goto(f"{house.ui}/account")
        await page.get_by_role("heading", name="ada").wait_for()


@pytest.mark.browser
async def test_a_link_from_another_site_finds_who_is_signed_in(house, tmp_path):
    """The browser keeps the cookie from the first request; they need not sign in once more."""
    async with house.served(), browser(tmp_path / "profile", javascript=False) as chromium:
        page = await chromium.new_page()
        await page.goto(f"{house.ui}/login?next=/account")
        await page.get_by_label("Name").fill("ada")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url("**/account")
        elsewhere = "http://localhost:9/mail"
        link = f'<a href="{house.ui}/password">open</a>'
        await page.route(
            elsewhere, lambda route: route.fulfill(body=link, content_type="text/html")
        )
        await page.goto(elsewhere)
        await page.get_by_role("link").click()
        await page.get_by_role("heading", name="Change your password").wait_for()
        assert page.url == f"{house.ui}/password"
