"""A router with its real neighbours: nats-server, Traefik, and a provisioner that does as told."""

import asyncio
import contextlib
import os
import re
import secrets
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import msgspec

from nbh_kit import config as configs
from nbh_kit import links, programs, traefik
from nbh_kit.buckets import Bucket
from nbh_kit.bus import Bus
from nbh_kit.config import Config
from nbh_kit.consuming import consume
from nbh_kit.links import Link, Place, SigningKey
from nbh_kit.testing import eventually, free_ports
from nbh_proto import (
    AccessDenied,
    AccessProgress,
    AccessReady,
    AccessRequested,
    Answer,
    Course,
    Lab,
    names,
)
from nbh_proto.streams import EVENTS
from nbh_router.__main__ import ticket_key
from nbh_router.service import Service

KEY = SigningKey(id="k1", secret=b"a secret of a platform for tests only")
COURSE = "py"
PLATFORM = f"""
[[platform]]
name = "moodle"
origins = ["https://moodle.example.org"]
courses = ["{COURSE}", "absent", "unpublished"]
keys = [{{ id = "{KEY.id}", secret = "{KEY.secret.decode()}" }}]
"""

BY_REFERER = """
[[platform]]
name = "fun"
strategy = "referer"
hosts = ["fun-mooc.fr"]
courses = ["py"]
"""


class World:
    """One site on free ports, in a folder of its own."""

    def __init__(self, folder: Path, nats_url: str, platforms: str = PLATFORM) -> None:
        self.folder = folder
        self.platforms = platforms
        # one row: two choices could be the same
        self.web = free_ports(9)
        self.internal, self.port, self.health = (self.web + at for at in (1, 2, 3))
        self.origin = f"http://localhost:{self.web}"
        for name in ("traefik", "secrets"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "secrets" / "router").write_text(secrets.token_hex(32))
        self.file = folder / "nbhosting.toml"
        self.configure(nats_url)

    def configure(self, nats_url: str, more: str = "") -> None:
        """Write the configuration; who runs already has read another."""
        self.file.write_text(
            f"""
[site]
data = "{self.folder}"
first_uid = {os.getuid()}
[origins]
content = "{self.origin}"
[nats]
url = "{nats_url}"
[traefik]
listen = "127.0.0.1:{self.web}"
internal = "127.0.0.1:{self.internal}"
[health]
first_port = {self.health}
[router]
port = {self.port}
{more}
{self.platforms}
"""
        )

    @property
    def config(self) -> Config:
        """As the processes read it."""
        return configs.load(self.file, {})

    @property
    def labs_file(self) -> Path:
        """What the router writes of labs."""
        return self.folder / "traefik" / "labs.yml"

    def link(self, notebook: str = "w1/n1", student: str = "ada", **more) -> str:
        """The path and query of a signed link."""
        of_place = {k: more.pop(k) for k in ("course", "workspace") if k in more}
        place = Place(**{"course": COURSE, "notebook": notebook, "student": student} | of_place)
        given = {"platform": "moodle", "expires": int(time.time()) + 200} | more
        return links.sign(Link(place=place, **given), KEY)

    def client(self, **more) -> httpx2.AsyncClient:
        """A browser without JavaScript that does not follow redirects, at the content origin."""
        return httpx2.AsyncClient(base_url=self.origin, timeout=60, trust_env=False, **more)

    @asynccontextmanager
    async def router(self) -> AsyncGenerator[Service]:
        """Run a router in this process until the block ends."""
        service = Service(self.config, ticket_key(self.config))
        running = asyncio.create_task(service.run())
        try:
            yield service
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    @asynccontextmanager
    async def router_process(self, *under: str) -> AsyncGenerator[asyncio.subprocess.Process]:
        """Run a router as `nbh up` does until the block ends, maybe ``under`` another program."""
        environ = os.environ | {"NBH_CONFIG": str(self.file)}
        log = (self.folder / "router.log").open("ab")
        process = await asyncio.create_subprocess_exec(
            *under, sys.executable, "-m", "nbh_router", env=environ, stderr=log
        )
        try:
            yield process
        finally:
            log.close()
            await _end(process)

    @asynccontextmanager
    async def traefik(self) -> AsyncGenerator[asyncio.subprocess.Process]:
        """Run Traefik until the block ends, with the flags that `nbh up` gives it."""
        log = (self.folder / "traefik.log").open("ab")
        process = await asyncio.create_subprocess_exec(
            str(programs.find("traefik")), *traefik.flags(self.config), stdout=log, stderr=log
        )
        try:
            yield process
        finally:
            log.close()
            await _end(process)

    def direct(self) -> httpx2.AsyncClient:
        """As `client`, but it asks the router itself."""
        return httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}", timeout=60, trust_env=False
        )

    async def well(self, path: str = "/readyz") -> httpx2.Response:
        """What the router says of itself."""
        async with httpx2.AsyncClient(trust_env=False) as http:
            return await http.get(f"http://127.0.0.1:{self.health}{path}")

    async def lives(self) -> None:
        """Return when the router answers, whatever is missing."""
        await self.ready(but=("nats", "courses", "labs", "traefik"))

    async def ready(self, *, but: tuple[str, ...] = ()) -> None:
        """Return when the router says that what it needs is there; ``but`` what may be missing."""

        async def asked() -> bool:
            there = (await self.well()).json()
            return all(yes for what, yes in there.items() if what not in but)

        try:
            await eventually(asked, within=60)
        except AssertionError as error:
            error.add_note(f"Traefik logged:\n{self._logged('traefik')}")
            raise

    def log(self) -> str:
        """What the router has logged."""
        return self._logged("router")

    def _logged(self, program: str) -> str:
        file = self.folder / f"{program}.log"
        return file.read_text() if file.exists() else ""


async def arrived(browser: httpx2.AsyncClient, path: str) -> httpx2.Response:
    """The last answer to a click: the page that waits, which a busy machine may show first, leads
    on by itself."""
    answer = await browser.get(path)
    on = re.search(r'http-equiv="refresh" content="\d+;url=([^"]+)"', answer.text)
    if on is None:
        return answer
    arrived = await eventually(lambda: _redirected(browser, on[1]), within=20)
    assert arrived is not None
    return arrived


async def _redirected(browser: httpx2.AsyncClient, path: str) -> httpx2.Response | None:
    answer = await browser.get(path)
    return answer if answer.has_redirect_location else None


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), 30)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise


class Provisioner:
    """Hears accesses, and answers when and what the test says."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.courses = Bucket(bus, Course)
        self.labs = Bucket(bus, Lab)
        self.heard: list[AccessRequested] = []
        self.script: list[Answer] | None = None
        """What each access is answered from now on, its ``about`` filled in; None for nothing."""

    async def publish(self, course: str = COURSE, **more) -> None:
        """Make a course known."""
        given = {"giturl": "https://git.example.org/py", "image": "i", "commit": "c" * 40} | more
        value = Course(course=course, **given)
        await self.courses.create(value.key, value)

    async def lab(self, address: str, student: str = "ada", **more) -> Lab:
        """Make a running lab known."""
        given = {
            "node": "n1",
            "course": COURSE,
            "state": "ready",
            "generation": 1,
            "capability": names.new_capability(),
            "token": secrets.token_urlsafe(32),
            "since": datetime.now(UTC),
        } | more
        value = Lab(address=address, student=student, **given)
        await self.labs.create(value.key, value)
        return value

    async def remove(self, lab: Lab) -> None:
        """A lab is gone."""
        held = await self.labs.get(lab.key)
        assert held is not None
        await self.labs.delete(lab.key, held.revision)

    def opens(self, lab: Lab, notebook: str = "w1/n1.ipynb") -> None:
        """Answer each access with this lab."""
        self.script = [AccessReady(about="", capability=lab.capability, notebook=notebook)]

    def says(self, stage: str, position: int = 0) -> None:
        """Answer each access with a stage."""
        self.script = [AccessProgress(about="", stage=stage, position=position)]

    def denies(self, reason: str) -> None:
        """Answer each access with a reason."""
        self.script = [AccessDenied(about="", reason=reason)]

    async def tell(self, answer: Answer) -> None:
        """Answer the last access that was heard."""
        asked = self.heard[-1]
        about = msgspec.structs.replace(answer, about=asked.access)
        await self.bus.answer(asked.answer_to, about)

    async def hears(self, number: int = 1) -> AccessRequested:
        """Wait for so many accesses; return the last."""
        await eventually(lambda: len(self.heard) >= number)
        return self.heard[number - 1]

    async def _handle(self, asked: AccessRequested) -> None:
        self.heard.append(asked)
        for answer in self.script or ():
            await self.bus.answer(
                asked.answer_to, msgspec.structs.replace(answer, about=asked.access)
            )

    @asynccontextmanager
    async def working(self) -> AsyncGenerator["Provisioner"]:
        """Hear accesses while the block runs."""
        async with consume(self.bus, EVENTS, "provisioner", [AccessRequested], self._handle):
            yield self


@asynccontextmanager
async def site(
    folder: Path, nats_url: str, bus: Bus, platforms: str = PLATFORM
) -> AsyncGenerator[tuple[World, Provisioner]]:
    """A whole site: router, Traefik, and a provisioner that hears; ready."""
    world, provisioner = World(folder, nats_url, platforms), Provisioner(bus)
    await provisioner.publish()
    async with provisioner.working(), world.traefik(), world.router():
        await world.ready()
        yield world, provisioner
