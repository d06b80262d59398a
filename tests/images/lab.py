"""A lab as the provisioner starts it: the contract of images/README.md, on podman's API."""

import json
import os
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from nbh_kit.testing import eventually

UID, GID, PORT = 1000, 100, 8888
ANCESTORS = "frame-ancestors 'self' https://platform.example"
COMMAND = ("jupyter-lab",)
STOCK = ("/opt/venv/bin/jupyter-lab",)
"""What a foreign image runs: Jupyter's own start."""


@dataclass(frozen=True)
class Lab:
    """One that answers."""

    podman: "Podman"
    container: str
    address: str
    path: str
    token: str
    folder: Path
    """On this machine: `work`, `modules`, `config` and `runtime`."""

    @property
    def url(self) -> str:
        return f"http://{self.address}{self.path}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"token {self.token}"}

    def client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            base_url=self.url, headers=self.headers, trust_env=False, timeout=20
        )

    async def get(self, path: str) -> httpx2.Response:
        async with self.client() as client:
            return await client.get(path)

    async def run(self, *argv: str) -> str:
        """What a program in the lab, of the lab's user, prints."""
        return await self.podman.run(self.container, argv)

    @property
    def server(self) -> str:
        """The number of Jupyter's process, inside."""
        announcement = next((self.folder / "runtime").glob("jpserver-*.json"))
        return announcement.stem.removeprefix("jpserver-")

    async def python(self, program: str) -> str:
        return await self.run("/opt/venv/bin/python", "-c", program)


@dataclass(frozen=True)
class Podman:
    """podman's API, as much as a lab's tests need of it."""

    socket: Path

    async def create(self, body: Mapping[str, Any]) -> str:
        """Create a container; returns its id."""
        return str((await self._ask("POST", "/containers/create", body)).json()["Id"])

    async def start(self, container: str) -> str:
        """Start it; returns its address."""
        await self._ask("POST", f"/containers/{container}/start")
        settings = (await self.inspect(container))["NetworkSettings"]
        return f"{settings['IPAddress']}:{PORT}"

    async def inspect(self, container: str) -> dict[str, Any]:
        answer: dict[str, Any] = (await self._ask("GET", f"/containers/{container}/json")).json()
        return answer

    async def exists(self, container: str) -> bool:
        return (await self._answer("GET", f"/containers/{container}/exists")).status_code == 204

    async def remove(self, container: str) -> None:
        answer = await self._answer("DELETE", f"/containers/{container}?force=true&v=true")
        # podman 4.3 now and then fails to remove a folder that it has unmounted a moment ago,
        # and says so after it has removed the container
        if answer.is_error and await self.exists(container):
            raise AssertionError(answer.text)

    async def logs(self, container: str) -> str:
        where = f"/containers/{container}/logs?stdout=true&stderr=true"
        return _unframed((await self._ask("GET", where)).content)

    async def run(self, container: str, argv: Sequence[str]) -> str:
        """What a program in it, of the lab's user, prints."""
        wish = {"Cmd": list(argv), "User": f"{UID}:{GID}"}
        attached = {"AttachStdout": True, "AttachStderr": True}
        made = await self._ask("POST", f"/containers/{container}/exec", {**wish, **attached})
        session = made.json()["Id"]
        said = _unframed((await self._ask("POST", f"/exec/{session}/start", {})).content)
        ended = (await self._ask("GET", f"/exec/{session}/json")).json()
        assert ended["ExitCode"] == 0, said
        return said

    async def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> httpx2.Response:
        answer = await self._answer(method, path, body)
        assert answer.is_success, answer.text
        return answer

    async def _answer(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> httpx2.Response:
        transport = httpx2.AsyncHTTPTransport(uds=str(self.socket))
        async with httpx2.AsyncClient(transport=transport, timeout=60) as client:
            return await client.request(method, f"http://podman/v4.0.0/libpod{path}", json=body)


def site_config(path: str, token: str) -> dict[str, Any]:
    """What the provisioner writes for one lab."""
    return {
        "ServerApp": {
            "base_url": path,
            "ip": "0.0.0.0",
            "port": PORT,
            "port_retries": 0,
            "root_dir": "/home/jovyan/work",
            "open_browser": False,
            "allow_remote_access": True,
            "identity_provider_class": "jupyter_server.auth.identity.PasswordIdentityProvider",
            "tornado_settings": {"headers": {"Content-Security-Policy": ANCESTORS}},
        },
        "PasswordIdentityProvider": {"token": token, "hashed_password": ""},
    }


@dataclass(frozen=True)
class Created:
    """A container that is there and does not run yet."""

    podman: Podman
    container: str
    path: str
    token: str
    folder: Path

    async def start(self) -> str:
        """Start it; returns its address."""
        return await self.podman.start(self.container)

    async def answers(self, address: str) -> bool:
        """Whether Jupyter answers 200; one request."""
        headers = {"Authorization": f"token {self.token}"}
        async with httpx2.AsyncClient(trust_env=False) as client:
            try:
                answer = await client.get(f"http://{address}{self.path}api", headers=headers)
            except httpx2.HTTPError:
                return False
            return answer.status_code == 200


@asynccontextmanager
async def running(
    socket: Path,
    image: str,
    folder: Path,
    *,
    files: Mapping[str, str] = {},
    command: Sequence[str] = COMMAND,
    given: Mapping[str, str] = {},
) -> AsyncGenerator[Lab]:
    """A lab that answers, until the block ends.

    ``files`` are put into its workspace; ``given`` are files of the course's image, by their
    path in the container.
    """
    async with created(socket, image, folder, files=files, command=command, given=given) as new:
        address = await new.start()
        try:
            await eventually(lambda: new.answers(address), within=60)
        except AssertionError as e:
            said = (await new.podman.logs(new.container))[-3000:]
            raise AssertionError(f"the lab did not answer; it said:\n{said}") from e
        yield Lab(new.podman, new.container, address, new.path, new.token, folder)


@asynccontextmanager
async def created(
    socket: Path,
    image: str,
    folder: Path,
    *,
    files: Mapping[str, str] = {},
    command: Sequence[str] = COMMAND,
    given: Mapping[str, str] = {},
) -> AsyncGenerator[Created]:
    """The container of a lab, not started yet; removed at the end of the block."""
    path, token = f"/{secrets.randbits(128)}/", secrets.token_hex(32)
    _fill(folder, files, given, site_config(path, token))
    podman = Podman(socket)
    container = await podman.create(_body(image, folder, command, given))
    try:
        yield Created(podman, container, path, token, folder)
    finally:
        await podman.remove(container)


def _fill(
    folder: Path, files: Mapping[str, str], given: Mapping[str, str], config: dict[str, Any]
) -> None:
    for name in ("work", "modules", "config", "runtime", "given"):
        (folder / name).mkdir(parents=True)
    (folder / "config/jupyter_server_config.json").write_text(json.dumps(config))
    for name, text in files.items():
        (folder / "work" / name).write_text(text)
    for target, text in given.items():
        _beside(folder, target).write_text(text)
    for owned in (folder / "work", *(folder / "work").iterdir(), folder / "runtime"):
        os.chown(owned, UID, GID)


def _beside(folder: Path, target: str) -> Path:
    return folder / "given" / target.replace("/", "_")


def _body(
    image: str, folder: Path, command: Sequence[str], given: Mapping[str, str]
) -> dict[str, Any]:
    mounts = [
        _mount(folder / "work", "/home/jovyan/work", "rw"),
        _mount(folder / "modules", "/home/jovyan/modules", "ro"),
        _mount(folder / "config", "/run/nbh", "ro"),
        _mount(folder / "runtime", "/run/nbh-runtime", "rw"),
        *(_mount(_beside(folder, target), target, "ro") for target in given),
    ]
    return {
        "image": image,
        "command": list(command),
        "entrypoint": [],
        "env": {
            "PYTHONPATH": "/home/jovyan/modules",
            "JUPYTER_CONFIG_PATH": "/run/nbh:/srv/jupyter",
            "JUPYTER_RUNTIME_DIR": "/run/nbh-runtime",
        },
        "user": f"{UID}:{GID}",
        "work_dir": "/home/jovyan/work",
        "init": True,
        "no_new_privileges": True,
        "cap_drop": ["ALL"],
        "userns": {"nsmode": "auto"},
        "idmappings": {"AutoUserNs": True, "AutoUserNsOpts": {"Size": 65536}},
        "netns": {"nsmode": "bridge"},
        "mounts": mounts,
        "resource_limits": {"memory": {"limit": 1 << 30, "swap": 1 << 30}},
        "r_limits": [
            {"type": "nofile", "soft": 4096, "hard": 8192},
            {"type": "nproc", "soft": 4096, "hard": 4096},
        ],
    }


def _unframed(raw: bytes) -> str:
    """Text of podman's stream: eight bytes before each piece, the last four are its length."""
    text = b""
    while len(raw) >= 8:
        length = int.from_bytes(raw[4:8], "big")
        text += raw[8 : 8 + length]
        raw = raw[8 + length :]
    return text.decode()


def _mount(source: Path, target: str, how: str) -> dict[str, Any]:
    options = [how, "rbind", "rprivate", "nosuid", "nodev", "idmap"]
    return {"type": "bind", "source": str(source), "destination": target, "options": options}
