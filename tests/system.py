"""The whole system on free ports, under a name of its own, run by the real `nbh up`.

async with running_system(tmp_path, engine="memory") as system:
    await system.create_course("python", repository)
    url = system.link("python", "w1/intro", "ada")
"""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import httpx2 as httpx
import msgspec
import psutil

from nbh_cli import history
from nbh_cli.up.children import Program, become
from nbh_kit import bus as buses
from nbh_kit import links, programs
from nbh_kit.buckets import Bucket, Snapshot
from nbh_kit.bus import Bus
from nbh_kit.config import Config
from nbh_kit.testing import eventually
from nbh_proto import Lab, image_repository, names
from tests.e2e.courses import Repository, small_course
from tests.settings import PLATFORM, Tables, written

_READY_WITHIN = 60.0
_COMMAND_WITHIN = 120.0
_ENDS_WITHIN = 60.0


class Failed(AssertionError):
    """A command of `nbh` did not do what was asked."""


class System:
    """What a test sees of the running system, and does with it."""

    def __init__(self, config: Config, file: Path, shared: Path, up: int, bus: Bus) -> None:
        self.config = config
        self.config_file = file
        """Its nbhosting.toml."""

        self.bus = bus
        """The operator's connection."""

        self.url = config.origins.content
        self.port = int(config.origins.content.rpartition(":")[2])
        self.platform_port = int(config.platform[0].origins[0].rpartition(":")[2])
        """Where a page may show notebooks in a frame; nobody listens there yet."""

        self.shared = shared
        """A folder that the services' users can read: courses' repositories go here."""

        self.up = up
        """The process of `nbh up`."""

    @property
    def pids(self) -> dict[str, int]:
        """The processes of its parts by name: router, provisioner, courses, stats, nats, …"""
        found = {}
        for child in psutil.Process(self.up).children():
            try:
                found[_part(child.cmdline())] = child.pid
            except psutil.Error:  # it ended while we looked
                continue
        return {part: pid for part, pid in found.items() if part}

    def pid(self, part: str) -> int | None:
        """The process of one part; None while there is none."""
        return self.pids.get(part)

    async def nbh(self, *words: str, within: float = _COMMAND_WITHIN) -> str:
        """Run a command of `nbh`; return what it printed.

        Raises:
            Failed: its exit status was not 0; says what it printed.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "nbh_cli", *words, "--config", str(self.config_file)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            said = await asyncio.wait_for(process.communicate(), within)
        except TimeoutError:
            process.kill()
            raise Failed(f"nbh {' '.join(words)}: not done in {within:.0f} s") from None
        out, errors = (text.decode() for text in said)
        if process.returncode:
            raise Failed(f"nbh {' '.join(words)}: {process.returncode}\n{out}{errors}")
        return out

    async def create_course(self, name: str, source: Path | str, *, image: str = "") -> None:
        """Publish a course from a repository or bundle that the courses service can read."""
        await self.nbh(
            "course", "create", name, str(source), *(["--image", image] if image else [])
        )

    async def new_course(self, name: str) -> Repository:
        """A course of its own for a test that changes it."""
        repository = small_course(self.shared / name)
        await self.create_course(name, repository.folder)
        return repository

    async def pull(self, name: str) -> None:
        """Publish what is new in a course."""
        await self.nbh("course", "pull", name)

    def link(
        self,
        course: str,
        notebook: str,
        student: str,
        *,
        action: links.LinkAction = "open",
        seconds: float = 3600,
    ) -> str:
        """A signed launch URL."""
        place = links.Place(course=course, notebook=names.notebook(notebook), student=student)
        link = links.Link(
            place=place, action=action, platform=PLATFORM, expires=int(time.time() + seconds)
        )
        key = links.signing_platforms(self.config.platform)[PLATFORM].keys[0]
        return self.url + links.sign(link, key)

    def folder(self, student: str, course: str) -> Path:
        """A student's workspace, as it is on disk."""
        return self.config.site.data / "students" / student / course

    def path(self, student: str, course: str, name: str) -> Path:
        """A student's file, as it is on disk."""
        return self.folder(student, course) / name

    def file(self, student: str, course: str, name: str) -> str:
        """The content of a student's file."""
        return self.path(student, course, name).read_text()

    async def labs(self) -> list[Lab]:
        """What stands in the bucket LABS."""
        async for change in Bucket(self.bus, Lab).watch():
            if isinstance(change, Snapshot):
                return [held.value for held in change.all.values()]
        return []

    async def events(self, kind: str, **wanted: Any) -> list[dict[str, Any]]:
        """The events of one kind, such as ``lab.ready``, with these values, oldest first."""
        found = []
        async for _, event in history.events(self.bus, f"nbh.event.{kind}.*"):
            if wanted.items() <= event.items():
                found.append(event)
        return found

    async def containers(self, course: str, student: str) -> list[dict[str, Any]]:
        """The containers of one student in one course, as podman tells them."""
        return await self._containers({"nbh.course": course, "nbh.student": student})

    async def containers_of(self, course: str) -> list[dict[str, Any]]:
        """The containers of a course's labs, running or not."""
        return await self._containers({"nbh.course": course})

    async def _containers(self, labels: dict[str, str]) -> list[dict[str, Any]]:
        wanted = {"nbh.site": self.config.site.name, **labels}
        filters = [word for k, v in wanted.items() for word in ("--filter", f"label={k}={v}")]
        process = await asyncio.create_subprocess_exec(
            *("podman", "--url", f"unix://{self.config.podman_socket}"),
            *("ps", "--all", "--format", "json", *filters),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        return msgspec.json.decode(out, type=list[dict[str, Any]])

    async def image_names(self, course: str) -> set[str]:
        """The images that were built of a course, as podman names them."""
        repository = image_repository(self.config.site.name, course)
        process = await asyncio.create_subprocess_exec(
            *("podman", "--url", f"unix://{self.config.podman_socket}"),
            *("images", "--format", "json", "--filter", f"reference={repository}"),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        listed = msgspec.json.decode(out or b"[]", type=list[dict[str, Any]])
        return {name for image in listed for name in image.get("Names") or []}


@asynccontextmanager
async def running_system(
    folder: Path,
    *,
    engine: Literal["podman", "memory"] = "podman",
    settings: Tables | None = None,
    refused_by_nats: bool = False,
    environment: Mapping[str, str] | None = None,
) -> AsyncGenerator[System]:
    """Run the whole system with its data in ``folder`` while the block runs.

    ``settings`` are tables and keys over those that make it stand apart from any other,
    ``environment`` what stands in its processes' beside what stands in ours. At the
    end its labs end too; its log is in ``folder/log``, its data stays. NATS has refused nobody
    anything then, unless it is said that it will.
    """
    # short, since a socket's path has at most 107 bytes; and open, since services read from it
    shared = Path(tempfile.mkdtemp(prefix="nbh-"))
    shared.chmod(0o755)
    file = folder / "nbhosting.toml"
    config = written(file, shared / "run", engine=engine, over=settings)
    try:
        async with (
            _up(config, file, folder / "log", environment or {}) as up,
            _operator(config) as bus,
        ):
            yield System(config, file, shared, up, bus)
        assert refused_by_nats or not (said := _refusals(folder / "log")), said
    finally:
        shutil.rmtree(shared)
        if engine == "podman":
            await _forget_images(config.site.name)


async def _forget_images(site: str) -> None:
    """Images of courses outlive a system; those of a test's do not."""
    podman = programs.find("podman")
    every = (str(podman), "images", "--format", "{{.Repository}}:{{.Tag}}")
    listing = await asyncio.create_subprocess_exec(*every, stdout=asyncio.subprocess.PIPE)
    names_ = (await listing.communicate())[0].decode().split()
    if ours := [name for name in names_ if name.startswith(f"localhost/{site}/")]:
        removing = (str(podman), "rmi", "--force", *ours)
        await (
            await asyncio.create_subprocess_exec(*removing, stdout=asyncio.subprocess.DEVNULL)
        ).wait()


@asynccontextmanager
async def _up(
    config: Config, file: Path, log: Path, environment: Mapping[str, str]
) -> AsyncGenerator[int]:
    with log.open("ab") as out:
        argv = (sys.executable, "-m", "nbh_cli.up", str(file), "--end-labs")
        up = await asyncio.create_subprocess_exec(
            # when the tests are killed it hears so and ends what it runs
            *become(Program("up", argv), dies_by=signal.SIGTERM),
            stdout=out,
            stderr=out,
            process_group=0,
            env=os.environ | dict(environment),
        )
    try:
        await _ready(config, up, log)
        yield up.pid
    finally:
        if up.returncode is None:
            up.send_signal(signal.SIGTERM)
            await asyncio.wait_for(up.wait(), _ENDS_WITHIN)


def _refusals(log: Path) -> list[str]:
    """What services wanted to say or hear, and may not (S-39): their rights or they are wrong."""
    return [line for line in log.read_text(errors="replace").splitlines() if " Violation " in line]


async def _ready(config: Config, up: asyncio.subprocess.Process, log: Path) -> None:
    health = config.health_port("router")
    async with httpx.AsyncClient(timeout=2) as client:

        async def answers():
            if up.returncode is not None:
                return True
            router = await client.get(f"http://127.0.0.1:{health}/readyz")
            through = await client.get(f"{config.origins.content}/")
            return router.status_code == 200 and through.status_code != 502

        try:
            await eventually(answers, within=_READY_WITHIN, pause=0.05)
        except AssertionError as e:
            raise AssertionError(f"{e}\n{log.read_text()[-10_000:]}") from e
    assert up.returncode is None, log.read_text()


@asynccontextmanager
async def _operator(config: Config) -> AsyncGenerator[Bus]:
    password = config.password_of("operator")
    async with buses.connect(
        config.nats.url, name="operator", user="operator", password=password, within=10
    ) as bus:
        yield bus


def _part(words: list[str]) -> str:
    """Which part a command line is; empty for none."""
    for word in words[1:4]:
        if word.startswith("nbh_"):
            return word.removeprefix("nbh_")
    program = Path(words[0]).name if words else ""
    return {"nats-server": "nats"}.get(program, program)
