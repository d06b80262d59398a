"""A site whose staff look at the dashboard: accounts and statistics at one origin, on real NATS.

Which path is whose is Traefik's to say (tests/router/test_traefik_takes_it.py); here it is a line.
"""

from contextlib import asynccontextmanager

from playwright.async_api import expect

from nbh_kit import http
from nbh_kit.sessions import Sessions
from nbh_stats.exclusion import Rules
from nbh_stats.viewers import anybody_known
from tests.courses.people import PASSWORD, House
from tests.dashboard.term import Term, index
from tests.e2e.browser import PATIENCE, browser
from tests.stats.world import SECRET, World

_OF_STATISTICS = ("/dashboard", "/api/stats", "/staff/stats")


class Site:
    """Two courses, of which one is empty; ada is staff, bob teaches the empty one."""

    def __init__(self, folder, bus, door):
        self.folder = folder
        self.house = House(folder, bus)
        self.ui = self.house.ui
        recognise = anybody_known(SECRET, Sessions(bus))
        rules = Rules(test_students=("test-*",))
        self.world = World(door, rules, "Europe/Paris", recognise, ui=self.ui)

    async def furnish(self, **term):
        """Accounts, courses, and a term of what happened."""
        for course in ("python", "unused"):
            self.house.course(course)
            self.world.register(course, staff=("student-00",))
        self.world.registered.indexes["python"] = index("python")
        await self.house.add("ada", role="staff")
        await self.house.add("bob", role="teacher", courses=("unused",))
        await self.world.say(*Term("python", **term).events())

    async def __call__(self, scope, receive, send):
        """As ASGI has it."""
        here = scope["path"].startswith(_OF_STATISTICS)
        await (self.world.app if here else self.house.app)(scope, receive, send)

    @asynccontextmanager
    async def served(self):
        """Listens at the ui origin."""
        async with http.serving(self, "127.0.0.1", self.house.port):
            try:
                yield self
            finally:
                self.world.live.leave()

    @asynccontextmanager
    async def looking(self, name="ada", *, language="en", scheme="light", **browsing):
        """A page of somebody who has signed in and is where that leads."""
        async with browser(self.folder / "profile", **browsing) as chromium:
            page = await chromium.new_page()
            await page.set_extra_http_headers({"Accept-Language": language})
            await page.emulate_media(color_scheme=scheme)
            said = []

            def hear(message):
                # an answer that is no 200, a network that changed meanwhile (the page asks again),
                # and a machine so busy that plotly runs seconds after it came, are no complaints
                if not any(each in message.text for each in ("status of", "net::ERR_", "preload")):
                    said.append(message.text)

            page.on("console", hear)
            page.on("pageerror", lambda error: said.append(str(error)))
            await page.goto(f"{self.ui}/login")
            await page.locator("#name").fill(name)
            await page.locator("#password").fill(PASSWORD)
            await page.locator("button").click()
            await page.wait_for_url("**/dashboard/")
            yield page
            assert not said, said

    async def ask(self, path, **query):
        """A number as its JSON has it."""
        return (await self.world.ask(f"{path}.json", **query)).json()


async def drawn(page):
    """Return once all that a page fetches is drawn."""
    await expect(page.locator("body")).to_have_attribute("data-state", "drawn", timeout=PATIENCE)
