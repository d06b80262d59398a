"""A small site: courses on disk, a provisioner, and the router's side of an access."""

import asyncio
import os
import secrets
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from nbh_kit import config as configs
from nbh_kit.buckets import Bucket
from nbh_kit.bus import Bus
from nbh_kit.config import Config
from nbh_kit.health import Health
from nbh_proto import (
    AccessDenied,
    AccessProgress,
    AccessReady,
    AccessRequested,
    Course,
    Lab,
    lab_key,
    names,
    new_id,
)
from nbh_proto.access import AccessAnswer
from nbh_provisioner import memory, service
from nbh_provisioner.engine import Engine
from nbh_provisioner.idleness import Idle
from nbh_provisioner.memory import Memory

NOTEBOOK = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n'
IMAGE = "localhost/nbhosting/minimal-notebook"


def publish(
    data: Path,
    files: Mapping[str, str],
    *,
    course: str = "python",
    commit: str = "c1",
    static: Mapping[str, str] | None = None,
    modules: Mapping[str, str] | None = None,
    jupyter: Mapping[str, str] | None = None,
) -> Path:
    """Lay out a revision as the courses service does, and make it the current one."""
    folder = data / "courses" / course / "revisions" / commit
    areas = {"notebooks": files, "static": static, "modules": modules, "jupyter": jupyter}
    for area, content in areas.items():
        (folder / area).mkdir(parents=True, exist_ok=True)
        for name, text in (content or {}).items():
            file = folder / area / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            os.utime(file, (1_700_000_000, 1_700_000_000))
    current = data / "courses" / course / "current"
    current.unlink(missing_ok=True)
    current.symlink_to(f"revisions/{commit}")
    return folder


def config(data: Path, nats_url: str, **tables: Mapping[str, object]) -> Config:
    """A configuration of its own: no other test's containers are ours."""
    tree: dict[str, dict[str, object]] = {
        "site": {"name": f"t{secrets.token_hex(4)}", "data": str(data), "run": str(data / "run")},
        "nats": {"url": nats_url},
        "health": {"first_port": 0},
        "lab": {"memory": 1024**3, "stop_within": 5},
        # what starts is counted in most tests
        "pool": {"maximum": 0},
        "provisioner": {"free_bytes": 1, "free_memory": 1, "podman_back_within": 2},
    }
    for table, values in tables.items():
        tree[table] = {**tree.get(table, {}), **values}
    return configs.from_tree(tree)


def entries(folder: Path) -> list[str]:
    """What is in a folder, by name."""
    return sorted(p.name for p in folder.iterdir())


class Router:
    """What the router does to the provisioner, and what it hears."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.courses = Bucket(bus, Course)
        self.labs = Bucket(bus, Lab)

    async def register(self, course: str = "python", **fields: object) -> None:
        """Put a course where the courses service would."""
        value = Course(
            **{"course": course, "giturl": "x", "image": IMAGE, "commit": "c1", **fields}
        )
        await self.courses.create(names.token(course), value)

    async def lab(self, student: str = "ada", course: str = "python") -> Lab | None:
        """What the bucket says of a lab."""
        held = await self.labs.get(lab_key(course, student))
        return held.value if held else None

    async def open(
        self, notebook: str = "w1/n1", *, within: float = 30.0, **fields: object
    ) -> AccessReady | AccessDenied:
        """Ask for a notebook and wait for the last word."""
        answers = await self.hear(notebook, within=within, **fields)
        last = answers[-1]
        assert not isinstance(last, AccessProgress)
        return last

    async def opened(self, notebook: str = "w1/n1", **fields: object) -> AccessReady:
        """The same, where it must work."""
        answer = await self.open(notebook, **fields)
        assert isinstance(answer, AccessReady), answer
        return answer

    async def denied(self, notebook: str = "w1/n1", **fields: object) -> str:
        """The same, where it must not: the reason."""
        answer = await self.open(notebook, **fields)
        assert isinstance(answer, AccessDenied), answer
        return answer.reason

    async def hear(
        self, notebook: str = "w1/n1", *, within: float = 30.0, **fields: object
    ) -> list[AccessAnswer]:
        """Every answer to one access, in order."""
        heard: asyncio.Queue[AccessAnswer] = asyncio.Queue()
        answers: list[AccessAnswer] = []
        async with self.bus.inbox(AccessAnswer, heard.put_nowait) as inbox:
            requested = access(notebook, answer_to=inbox, **fields)
            await self.bus.tell(requested)
            async with asyncio.timeout(within):
                while not answers or isinstance(answers[-1], AccessProgress):
                    answers.append(await heard.get())
        assert {a.about for a in answers} == {requested.access}
        return answers


def access(notebook: str = "w1/n1", **fields: object) -> AccessRequested:
    """An access, by Ada to the course python unless said otherwise."""
    given = {
        "access": new_id(),
        "course": "python",
        "student": "ada",
        "notebook": notebook,
        "answer_to": "",
        **fields,
    }
    return AccessRequested(**given)


class Processors:
    """Those of a machine of which so many have nothing to do; a second passes with each look."""

    def __init__(self, idle: float) -> None:
        self.idle = idle
        self.looks = 0
        self._seconds = 0.0

    def __call__(self) -> Idle:
        self.looks += 1
        self._seconds += self.idle
        return Idle(self.looks, self._seconds)


@asynccontextmanager
async def running(
    config: Config,
    engine: Engine,
    read_memory: Callable[[], Memory] = memory.read,
    *,
    read_idle: Callable[[], Idle] | None = None,
    system: Path = Path("/"),
) -> AsyncGenerator[None]:
    """A provisioner in this process, while the block runs. Unless said otherwise the machine is
    idle for it, whatever other tests do to it."""
    read_idle = read_idle or Processors(8.0)
    health = Health("nats", "labs")
    serving = service.serving(
        config, engine, health, read_memory=read_memory, read_idle=read_idle, system=system
    )
    async with serving as following:
        task = asyncio.ensure_future(following)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def events(bus: Bus, kind: str) -> list[dict[str, Any]]:
    """All that was told so far of one kind, such as ``lab.ready``, oldest first."""
    found = []
    info = await bus.js.stream_info("EVENTS")
    for sequence in range(info.state.first_seq, info.state.last_seq + 1):
        raw = await bus.js.get_msg("EVENTS", sequence)
        if (raw.subject or "").startswith(f"nbh.event.{kind}."):
            found.append(msgspec.json.decode(raw.data or b""))
    return found
