"""The progress page in a real Chromium, framed by a platform of another site, without cookies."""

import asyncio

import pytest
from playwright.async_api import expect

from nbh_kit.testing import free_port
from nbh_proto import AccessDenied, AccessProgress, AccessReady
from nbh_router import static_file
from tests.e2e.browser import browser
from tests.e2e.platform import platform
from tests.router.world import KEY, World

pytestmark = pytest.mark.browser


@pytest.fixture
async def lesson(tmp_path, nats_url, provisioner):
    """A site, a platform page on another site that frames it, and the site's name for both."""
    port = free_port()
    platforms = f"""
[[platform]]
name = "moodle"
origins = ["http://127.0.0.1:{port}"]
keys = [{{ id = "{KEY.id}", secret = "{KEY.secret.decode()}" }}]
"""
    world = World(tmp_path / "site", nats_url, platforms)
    async with platform(port) as lms, world.traefik(), world.router():
        await world.ready()
        yield world, lms


async def test_a_page_in_a_frame_follows_each_stage_and_moves_on_by_itself(
    lesson, provisioner, lab_server, tmp_path
):
    world, lms = lesson
    lab = await provisioner.lab(lab_server.address)
    provisioner.says("queued", 2)
    link = world.link()
    async with browser(tmp_path / "profile", width=400, height=800) as chromium:
        page = await chromium.new_page()
        complaints = _complaints(page)
        await page.goto(lms.lesson("one", [world.origin + link]))
        frame = page.frame_locator("iframe")
        await expect(frame.get_by_role("status")).to_have_text("2 students are before you")
        await provisioner.tell(AccessProgress(about="", stage="queued", position=1))
        await expect(frame.get_by_role("status")).to_have_text("1 student is before you")
        for stage, words in (
            ("copying", "Getting your files ready"),
            ("starting", "Starting your notebook server"),
            ("booting", "Jupyter is starting"),
        ):
            await provisioner.tell(AccessProgress(about="", stage=stage))
            await expect(frame.get_by_role("status")).to_have_text(words)
            await expect(frame.locator("[aria-current=step]")).to_have_text(words)
        assert await frame.locator("li.done").count() == 3
        await provisioner.tell(
            AccessReady(about="", capability=lab.capability, notebook="w1/n1.ipynb")
        )
        await expect(frame.locator("body")).to_contain_text('"name":"lab"')
        assert page.frames[1].url.endswith("/notebooks/w1/n1.ipynb?course=py&student=ada")
        assert complaints == []
        assert await chromium.cookies() == []


async def test_a_failure_is_shown_with_a_button_that_tries_again(lesson, provisioner, tmp_path):
    world, lms = lesson
    provisioner.says("starting")
    async with browser(tmp_path / "profile") as chromium:
        page = await chromium.new_page()
        complaints = _complaints(page)
        await page.goto(lms.lesson("one", [world.origin + world.link()]))
        frame = page.frame_locator("iframe")
        await expect(frame.get_by_role("status")).to_have_text("Starting your notebook server")
        await provisioner.tell(AccessDenied(about="", reason="lab-died"))
        await expect(frame.get_by_role("heading")).to_contain_text("stopped while starting")
        await expect(frame.locator("code")).to_have_text(provisioner.heard[0].access)
        await frame.get_by_role("button", name="Try again").click()
        await provisioner.hears(2)
        await expect(frame.get_by_role("status")).to_have_text("Starting your notebook server")
        assert complaints == []


async def test_a_link_that_opens_once_can_be_reloaded_while_it_waits(
    lesson, provisioner, tmp_path
):
    world, _ = lesson
    provisioner.says("starting")
    async with browser(tmp_path / "profile") as chromium:
        page = await chromium.new_page()
        await page.goto(world.origin + world.link(nonce="once"))
        await page.wait_for_url("**/-/access/*")
        await page.reload()
        await expect(page.get_by_role("heading")).to_have_text("Your notebook is on its way")
    assert len(provisioner.heard) == 1


async def test_the_page_outlives_the_router(tmp_path, nats_url, provisioner, lab_server):
    world = World(tmp_path / "site", nats_url)
    lab = await provisioner.lab(lab_server.address)
    provisioner.says("starting")
    async with world.traefik(), browser(tmp_path / "profile") as chromium:
        page = await chromium.new_page()
        async with world.router_process() as router:
            await world.ready()
            await page.goto(world.origin + world.link())
            await expect(page.get_by_role("status")).to_have_text("Starting your notebook server")
            router.kill()
            await router.wait()
        provisioner.opens(lab)
        async with world.router_process():
            await expect(page.locator("body")).to_contain_text('"name":"lab"')
    assert {asked.access for asked in provisioner.heard} == {provisioner.heard[0].access}


async def test_without_javascript_it_goes_on_by_refreshing(
    lesson, provisioner, lab_server, tmp_path
):
    world, lms = lesson
    lab = await provisioner.lab(lab_server.address)
    provisioner.says("booting")
    async with browser(tmp_path / "profile", javascript=False) as chromium:
        page = await chromium.new_page()
        await page.goto(lms.lesson("one", [world.origin + world.link()]))
        frame = page.frame_locator("iframe")
        await expect(frame.locator("[aria-current=step]")).to_have_text("Jupyter is starting")
        await provisioner.tell(
            AccessReady(about="", capability=lab.capability, notebook="w1/n1.ipynb")
        )
        await expect(frame.locator("body")).to_contain_text('"name":"lab"', timeout=30_000)


@pytest.fixture
def impatient(monkeypatch):
    """A site that waits a second for a lab's answer, not a minute."""
    monkeypatch.setattr(static_file, "LAB_SILENT_AFTER", "1s")


@pytest.mark.usefixtures("impatient")
async def test_who_waits_for_a_lab_that_hangs_gets_on_once_it_answers_or_is_gone(
    lesson, provisioner, lab_server, tmp_path
):
    world, lms = lesson
    lab = await provisioner.lab(lab_server.address)
    provisioner.opens(lab)
    async with browser(tmp_path / "profile", width=400, height=800) as chromium:
        page = await chromium.new_page()
        complaints = _complaints(page)
        frame = page.frame_locator("iframe")
        lab_server.answers.clear()
        await page.goto(lms.lesson("one", [world.origin + world.link()]))
        await expect(frame.get_by_role("heading")).to_contain_text("does not answer")
        await page.screenshot(path=tmp_path / "silent.png")
        lab_server.answers.set()
        await expect(frame.locator("body")).to_contain_text('"name":"lab"')

        lab_server.answers.clear()
        await page.reload()
        await expect(frame.get_by_role("heading")).to_contain_text("does not answer")
        await provisioner.remove(lab)
        await expect(frame.get_by_role("heading")).to_contain_text("was closed")
        await expect(frame.get_by_role("link", name="Get at my work")).to_be_visible()
        assert complaints == []


async def test_a_site_that_is_no_platform_cannot_frame_us(lesson, provisioner, tmp_path):
    world, _ = lesson
    provisioner.says("starting")
    async with platform() as stranger, browser(tmp_path / "profile") as chromium:
        page = await chromium.new_page()
        refused = asyncio.Event()
        page.on("console", lambda said: refused.set() if "frame-ancestors" in said.text else None)
        await page.goto(stranger.lesson("one", [world.origin + world.link()]))
        async with asyncio.timeout(10):
            await refused.wait()


async def test_a_reset_is_asked_about_in_the_frame(lesson, provisioner, tmp_path):
    world, lms = lesson
    provisioner.says("starting")
    link = world.link().replace("?", "?forcecopy=true&")
    async with browser(tmp_path / "profile") as chromium:
        page = await chromium.new_page()
        complaints = _complaints(page)
        await page.goto(lms.lesson("one", [world.origin + link]))
        frame = page.frame_locator("iframe")
        await frame.get_by_role("button", name="Reset to the original").click()
        await expect(frame.get_by_role("status")).to_have_text("Starting your notebook server")
        assert complaints == []
    assert (await provisioner.hears()).action == "reset"


def _complaints(page):
    """What the browser complains about: violations of the policy among it."""
    said: list[str] = []

    def hear(message):
        if "status of" not in message.text:  # a page of ours with a status, an icon that is not
            said.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said
