"""The floor of a start: podman's create and start of the same image and command, nothing else."""

import asyncio
import os
import secrets
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from nbh_kit.config import Config
from nbh_proto import Lab, names, new_id
from nbh_provisioner import jupyter
from nbh_provisioner.engines.podman import PodmanEngine
from nbh_provisioner.files.atomic import Owner
from nbh_provisioner.lab_folders import LabFolders
from nbh_provisioner.lab_paths import GID, UID
from nbh_provisioner.revision import Revision
from nbh_provisioner.run_spec import run_spec

_STEP = 0.004
"""Seconds between two looks: fine enough not to be seen in the figure."""


class Bare:
    """Starts labs without any of our services."""

    def __init__(self, config: Config, folder: Path, revision: Revision, notebook: str) -> None:
        self._config = config
        self._folder = folder
        self._revision = revision
        self._notebook = notebook
        self._engine = PodmanEngine(config.podman_socket, f"{config.site.name}-bare")
        self._folders = LabFolders(folder / "labs", Owner(UID, GID))

    @asynccontextmanager
    async def started(self):
        """Start one lab; yield the seconds to its first 200 of the notebook's content."""
        lab = self._lab()
        workspace = self._workspace(lab)
        config = msgspec.json.encode(
            jupyter.server_config(lab.capability, lab.token, self._config)
        )
        self._folders.make(lab.capability, lab.token, config)
        image = await self._engine.image(lab.image)
        spec = run_spec(
            lab,
            image,
            self._revision,
            workspace,
            self._folders.of(lab.capability),
            f"{self._config.site.name}-bare",
            self._config.lab,
        )
        try:
            began = time.perf_counter()
            running = await self._engine.start(spec)
            await self._first_200(running.address, lab)
            yield time.perf_counter() - began
        finally:
            await self._engine.stop(spec.name, within=0)
            self._folders.remove(lab.capability)

    async def _first_200(self, address: str, lab: Lab) -> None:
        host, _, port = address.rpartition(":")
        path = f"{jupyter.base_url(lab.capability)}api/contents/{self._notebook}?content=1"
        request = f"GET {path} HTTP/1.0\r\nAuthorization: token {lab.token}\r\n\r\n".encode()
        while not (await _status(host, int(port), request)).startswith(b"HTTP/1.1 200"):
            await asyncio.sleep(_STEP)

    def _lab(self) -> Lab:
        return Lab(
            node="bare",
            course=self._revision.course,
            student=f"bare-{new_id()[:8]}",
            state="starting",
            generation=1,
            capability=names.new_capability(),
            token=secrets.token_hex(32),
            image=self._config.lab.image,
            since=datetime.now(UTC),
        )

    def _workspace(self, lab: Lab) -> Path:
        workspace = self._folder / "workspaces" / lab.student
        target = workspace / self._notebook
        target.parent.mkdir(parents=True)
        target.write_bytes((self._revision.notebooks / self._notebook).read_bytes())
        for path in (workspace, target.parent, target):
            os.chown(path, UID, GID)
        return workspace


async def _status(host: str, port: int, request: bytes) -> bytes:
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return b""
    try:
        writer.write(request)
        return await reader.readline()
    except OSError:
        return b""
    finally:
        writer.close()
