"""S-53: a page of the staff's origin runs nothing but ours, and nobody else shows it in a frame.

Each page in Chromium, in both languages, by day and night, on a narrow screen: no violation.
"""

import asyncio
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import expect

from nbh_courses.app import LISTED
from tests.courses.people import ANOTHER, PASSWORD, House
from tests.e2e.browser import browser
from tests.e2e.platform import platform

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
PAGES = [
    each.path
    for each in LISTED
    if each.origin == "ui" and each.methods == ("GET",) and not each.path.endswith(".css")
]
HOSTILE = "\"><script>document.title='pwned'</script><img src=x onerror=alert(1)>"


def policy(house, path):
    """What a form leads to is held against the policy too: a notebook that is asked for is seen
    on the origin for shared pages."""
    if path != "/view":
        return POLICY
    share = house.config.origins.share
    return POLICY.replace("form-action 'self'", f"form-action 'self' {share}")


@pytest.fixture
async def house(tmp_path, bus):
    there = House(tmp_path, bus)
    there.course("py")
    await there.add("ada", role="teacher", courses=("py",))
    return there


@pytest.mark.parametrize("path", PAGES)
async def test_each_page_has_the_policy_and_is_kept_by_nobody(house, path):
    ada = await house.browser().signed_in()
    for who in (ada, house.browser()):
        answer = await who.get(path)
        if answer.status_code == 200:
            assert answer.headers["content-security-policy"] == policy(house, path)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "<script" not in answer.text
        assert "style=" not in answer.text


async def test_what_somebody_types_comes_back_as_text(house):
    for form in (
        {"name": HOSTILE},
        {"name": "ada", "next": HOSTILE},
        {"name": "ada", "next": "/" + HOSTILE},
    ):
        answer = await house.browser().post("/login", data={"password": "x"} | form)
        assert "<script" not in answer.text
        assert "<img" not in answer.text
    answer = await house.browser().get("/login", params={"next": HOSTILE})
    assert "<script" not in answer.text


@asynccontextmanager
async def looking(house, tmp_path, language, scheme):
    async with house.served(), browser(tmp_path / "profile", width=320, height=700) as chromium:
        page = await chromium.new_page()
        await page.set_extra_http_headers({"Accept-Language": language})
        await page.emulate_media(color_scheme=scheme)
        said: list[str] = []
        page.on("console", lambda m: said.append(m.text) if "status of" not in m.text else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        yield page
        assert said == []


@pytest.mark.browser
@pytest.mark.parametrize(
    ("language", "scheme", "words"),
    [
        ("en", "light", ("Name", "Password", "Sign in", "go together", "Change your password")),
        (
            "fr-CA,fr;q=0.9,en;q=0.5",
            "dark",
            (
                "Nom",
                "Mot de passe",
                "Se connecter",
                "ne vont pas ensemble",
                "Changer de mot de passe",
            ),
        ),
    ],
)
async def test_a_teacher_signs_in_changes_their_password_and_leaves(
    house, tmp_path, language, scheme, words
):
    name, password, sign_in, wrong, change = words
    async with looking(house, tmp_path, language, scheme) as page:
        await page.goto(f"{house.ui}/password")
        await _fits(page)
        assert await page.locator("html").get_attribute("lang") == language[:2]
        # by the keyboard alone: the name has the focus
        await page.keyboard.type("ada")
        await page.keyboard.press("Tab")
        await page.keyboard.type("wrong")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text(wrong)
        await expect(page.get_by_label(name, exact=True)).to_have_value("ada")
        await _fits(page)
        await page.keyboard.type(PASSWORD)
        await page.get_by_role("button", name=sign_in).click()
        await expect(page.get_by_role("heading")).to_have_text(change)
        assert page.url == f"{house.ui}/password"  # where they wanted to go
        await _fits(page)
        await page.locator("#current").fill(PASSWORD)
        await page.locator("#new").fill(ANOTHER)
        await page.locator("#again").fill(ANOTHER)
        await page.locator("button").click()
        await expect(page.get_by_role("status")).to_be_visible()
        await expect(page.get_by_role("listitem")).to_have_text("py")
        await _fits(page)
        await page.locator("button").click()
        await page.wait_for_url("**/login")
        await page.goto(f"{house.ui}/account")
        await expect(page.get_by_label(password)).to_be_visible()


async def _fits(page):
    """Nothing leaves the screen to the right, and the style sheet is there."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert (
        await page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") == "528px"
    )


@pytest.mark.browser
async def test_no_other_page_shows_the_sign_in_page_in_a_frame(house, tmp_path):
    async with house.served(), platform() as stranger, browser(tmp_path / "p") as chromium:
        page = await chromium.new_page()
        refused = asyncio.Event()
        page.on("console", lambda said: refused.set() if "frame-ancestors" in said.text else None)
        await page.goto(stranger.lesson("one", [f"{house.ui}/login"]))
        async with asyncio.timeout(10):
            await refused.wait()
