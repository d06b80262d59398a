"""The builder on a folder and a nats-server of the test's own, and a course's context in it."""

import asyncio
import hashlib
import os
import secrets
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from nbh_builder.podman_api import PodmanApi
from nbh_cli import history
from nbh_kit import config as configs
from nbh_kit.testing import eventually
from nbh_proto import (
    BuildImage,
    CommandDone,
    CommandFailed,
    CommandProgress,
    image_repository,
    names,
)
from nbh_proto.course import CommandAnswer

NODE = "node1"
WORKING = "minimal-notebook-working-container"
"""What podman calls the container of a build from `nbhosting/minimal-notebook`."""


class World:
    """``python -m nbh_builder``, not yet running."""

    def __init__(self, folder: Path, nats_url: str, socket: Path, **builder) -> None:
        self.site = f"t{secrets.token_hex(3)}"
        self.data = folder / "data"
        self.data.mkdir(parents=True)
        settings = {"free_bytes": 1024**3, "memory": 1024**3} | builder
        lines = [f"{key} = {msgspec.json.encode(v).decode()}\n" for key, v in settings.items()]
        self.file = folder / "nbhosting.toml"
        self.file.write_text(
            f'[site]\nname = "{self.site}"\ndata = "{self.data}"\nrun = "{folder / "run"}"\n'
            f'[nats]\nurl = "{nats_url}"\n[health]\nfirst_port = 0\n[lab]\nmemory = 1073741824\n'
            f'[provisioner]\npodman_socket = "{socket}"\n[builder]\n{"".join(lines)}'
        )
        self.config = configs.load(self.file)
        self.api = PodmanApi(socket)
        self._others = self._of_builds()

    @asynccontextmanager
    async def running(self):
        """The process."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "nbh_builder"),
            env=os.environ | {"NBH_CONFIG": str(self.file)},
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                await asyncio.wait_for(process.wait(), 60)

    def context(self, course: str, files: dict[str, str]) -> str:
        """Put a context where courses puts it; its name."""
        name = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()
        folder = self.data / "courses" / course / "contexts" / name
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        return name

    def build(self, dockerfile: str, course: str = "py", version: str = "0123456789", **more):
        """A command that builds this Dockerfile."""
        files = {"Dockerfile": dockerfile} | more.pop("files", {})
        return BuildImage(
            node=NODE,
            course=course,
            commit="0123456789" * 4,
            version=version,
            context=self.context(course, files),
            dockerfile="Dockerfile",
            **more,
        )

    def images(self, course: str = "py") -> set[str]:
        """The names of a course's images on this machine."""
        repository = image_repository(self.site, course)
        filters = msgspec.json.encode({"reference": [repository]}).decode()
        listed = self.api.get("/images/json", filters=filters) or []
        return {tag for image in listed for tag in image["RepoTags"] or []}

    def left(self) -> list[str]:
        """What podman has of containers that a build from our base makes on its way; others may
        build from theirs."""
        found = self._of_builds()
        return [name for container, name in found.items() if container not in self._others]

    def _of_builds(self) -> dict[str, str]:
        found = self.api.get("/containers/json", all="true", external="true") or []
        names = {c["Id"]: c["Names"][0] for c in found}
        return {i: name for i, name in names.items() if name.startswith(WORKING)}

    def forget(self) -> None:
        """Remove all images of this site."""
        listed = self.api.get("/images/json", filters='{"label": ["nbh.course-image"]}') or []
        for image in listed:
            if f"/{self.site}/" in image["Labels"]["nbh.course-image"]:
                self.api.delete(f"/images/{image['Id']}", force="true")


class Asker:
    """Somebody who gives commands and hears how they go."""

    def __init__(self, bus) -> None:
        self._bus = bus
        self.lines: list[str] = []
        self.inbox = ""
        self.last: CommandDone | CommandFailed | None = None

    @asynccontextmanager
    async def asking(self, command):
        """Give a command; it is heard while the block runs."""
        async with self._bus.inbox(CommandAnswer, self._hear) as inbox:
            self.inbox = inbox
            await self._bus.tell(msgspec.structs.replace(command, answer_to=inbox))
            yield self

    async def said(self, text: str, within: float = 60) -> None:
        """Wait until a line holds this."""
        await eventually(lambda: any(text in line for line in self.lines), within=within)

    async def ended(self, within: float = 90):
        """The last answer."""
        return await eventually(lambda: self.last, within=within, pause=0.05)

    def _hear(self, answer) -> None:
        if isinstance(answer, CommandProgress):
            self.lines.append(answer.line)
        else:
            self.last = answer


async def events(bus, type_, course: str = "py"):
    """All events of a type about a course, oldest first."""
    pattern = type_.subject.replace("{course}", names.token(course))
    return [msgspec.convert(event, type_) async for _, event in history.events(bus, pattern)]
