"""Accounts and their pages as the service composes them, on real NATS and a real disk."""

from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from nbh_courses.accounts.people import FROM_ADDRESS, OF_ACCOUNT, People
from nbh_courses.app import app
from nbh_courses.built_pages import BuiltPages
from nbh_courses.hooks.receiving import Hooks
from nbh_courses.hooks.secrets import HookSecrets
from nbh_courses.record import Record
from nbh_courses.shared_pages import SharedPages
from nbh_courses.shelf import Shelf
from nbh_kit import config as configs
from nbh_kit import http, passwords, sessions, signing_in
from nbh_kit.testing import free_port
from nbh_proto import RemoveAccount, SetAccount

PASSWORD = "a password of a test"
ANOTHER = "and another, for a change"


class House:
    """A site whose people sign in."""

    def __init__(
        self, folder: Path, bus, *, of_account=OF_ACCOUNT, from_address=FROM_ADDRESS, ui=""
    ):
        for name in ("accounts", "courses"):
            (folder / name).mkdir(exist_ok=True)
        self.port = free_port()
        hosts = {"content": "localhost", "ui": "127.0.0.1", "share": "share.localhost"}
        origins = {name: f"http://{host}:{self.port}" for name, host in hosts.items()}
        tree = {"site": {"data": str(folder)}, "origins": origins | ({"ui": ui} if ui else {})}
        self.config = configs.from_tree(tree)
        self.ui = self.config.origins.ui
        self.folder = folder / "accounts"
        people = self.people = People(
            self.config, of_account=of_account, from_address=from_address
        )
        self.shelf = Shelf(folder / "courses")
        self.accounts = people.accounts(bus, self.shelf)
        self.doors = people.doors(bus, self.accounts)
        hooks = Hooks(self.shelf, HookSecrets(self.shelf), bus, lambda _: None)
        self.app = app(
            hooks,
            BuiltPages(folder),
            SharedPages(folder / "snapshots"),
            self.doors,
            self.config.origins,
        )

    def course(self, name: str) -> None:
        """Have a course of that name."""
        with self.shelf.creating(name) as place:
            place.remember(Record(course=name, giturl="x", branch="main"))

    async def add(self, name="ada", *, role="staff", courses=(), password=PASSWORD) -> None:
        """Give somebody an account, as `nbh account add` does."""
        hash_ = passwords.hashed(password)
        command = SetAccount(
            account=name, new=True, role=role, courses=courses, password_hash=hash_
        )
        await self.accounts.set(command, say)

    async def set(self, name="ada", **more) -> str:
        """As `nbh account set` and `passwd` do."""
        return await self.accounts.set(SetAccount(account=name, **more), say)

    async def remove(self, name="ada") -> None:
        """As `nbh account remove` does."""
        await self.accounts.remove(RemoveAccount(account=name), say)

    def browser(self, address: str = "192.0.2.1", **more) -> "Browser":
        """A browser at an address, as Traefik tells of it."""
        return Browser(self, address, **more)

    @asynccontextmanager
    async def served(self):
        """Listens at the ui origin, without Traefik."""
        async with http.serving(self.app, "127.0.0.1", self.port):
            yield self


class Browser(httpx2.AsyncClient):
    """Sends what browsers send, and follows nothing by itself."""

    def __init__(self, house: House, address: str, **more):
        headers = {"Accept": "text/html", "X-Forwarded-For": address} | more
        super().__init__(
            transport=httpx2.ASGITransport(house.app, client=("127.0.0.1", 1)),
            # it keeps a cookie that is `Secure`, as a browser does for a trustworthy host
            base_url=house.ui.replace("http:", "https:"),
            headers=headers,
        )

    async def sign_in(self, name="ada", password=PASSWORD, **more):
        """Send the form; the answer."""
        return await self.post("/login", data={"name": name, "password": password} | more)

    async def signed_in(self, name="ada", password=PASSWORD) -> "Browser":
        """Sign in, and be in."""
        answer = await self.sign_in(name, password)
        assert (answer.status_code, answer.headers["location"]) == (303, signing_in.HOME), (
            answer.text
        )
        return self

    async def is_in(self) -> bool:
        """Whether the site knows who this is."""
        return (await self.get("/account")).status_code == 200

    @property
    def id(self) -> str:
        """The session's."""
        return self.cookies[sessions.COOKIE]


async def say(_line: str) -> None:
    """To nobody."""
