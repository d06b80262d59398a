"""The real compose.yaml as a project of podman-compose that meets no other on this machine.

async with project(folder, socket) as running:
    await running.nbh("course", "list")
"""

import asyncio
import os
import secrets
import shutil
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from nbh_cli import service_images
from nbh_cli.host import machine, podman
from nbh_cli.host.podman import Podman
from nbh_kit import config as configs
from nbh_kit.config import Config
from nbh_kit.testing import eventually, free_port
from tests.conftest import REPOSITORY

SERVICES = ("nats", "traefik", "router", "provisioner", "courses", "builder", "reaper", "stats")
_WITHIN = 240.0
_WELL_WITHIN = 120.0

_SETTINGS = """
[site]
name = "{name}"
data = "{data}"
run = "{run}"

[origins]
content = "http://localhost:{port}"
ui = "http://127.0.0.1:{port}"
share = "http://share.localhost:{port}"

[lab]
memory = 1073741824

[pool]
minimum = 1
maximum = 1

[courses]
local_urls = true

[[platform]]
name = "lms"
[[platform.keys]]
id = "k1"
secret_file = "{key}"
"""


class Failed(AssertionError):
    """A command did not do what was asked."""


class Project:
    """What a test does with it."""

    def __init__(self, folder: Path, here: Podman, socket: Path, repository: Path) -> None:
        self.name = f"t{secrets.token_hex(3)}"
        self.port = free_port()
        self.data, self.etc = folder / "data", folder / "etc"
        self.config_file = self.etc / "nbhosting.toml"
        self.override = folder / "compose.override.yaml"
        """What an operator puts beside compose.yaml."""

        self._folder, self._here, self._socket = folder, here, socket
        self._repository = repository
        prefix = f"10.{secrets.choice(range(220, 250))}"
        self.bus, self.web = f"{prefix}.0", f"{prefix}.1"
        """The first three numbers of the addresses on its networks."""

    def write(self) -> Config:
        """Write what an operator does; what the platform's key is nobody but the router reads."""
        self.etc.mkdir()
        key = self.etc / "lms.key"
        given = {"name": self.name, "data": self.data, "port": self.port, "key": key}
        self.config_file.write_text(_SETTINGS.format(run=self._folder / "run", **given))
        config = configs.load(self.config_file, {})
        key.write_text(secrets.token_hex(32))
        key.chmod(0o400)
        os.chown(key, config.uid_of("router"), -1)
        return config

    async def compose(self, *words: str, within: float = _WITHIN) -> str:
        """Run podman-compose; what it printed."""
        # as it finds them by itself, where an operator has them side by side
        there = (self._repository / "compose.yaml", *filter(Path.exists, (self.override,)))
        files = (word for file in there for word in ("-f", str(file)))
        argv = (sys.executable, "-m", "podman_compose", "-p", self.name, *files, *words)
        return await _output(argv, self._environment(), within)

    async def nbh(self, *words: str) -> str:
        """Run a command of `nbh` on the machine; what it printed."""
        nbh = str(self._repository / "scripts" / "nbh")
        return await _output((nbh, *words), self._environment(), _WITHIN)

    async def by_hand(self, *words: str) -> str:
        """Run what is no part of `up`; what it printed."""
        return await self.compose("--profile", "by-hand", "run", "--rm", "-T", *words)

    async def podman(self, *words: str) -> str:
        """Run podman; what it printed."""
        return await _output(self._here.command(*words), self._environment(), _WITHIN)

    async def ask(self, service: str) -> str:
        """Run the health check of a service, as podman does it by itself where systemd is.

        Raises:
            Failed: it is not well; says what it lacks.
        """
        return await self.podman("healthcheck", "run", self.container(service))

    def container(self, service: str) -> str:
        """What podman-compose calls a service's container."""
        return f"{self.name}_{service}_1"

    async def well(self) -> None:
        """Wait until every service is."""
        for service in SERVICES:

            async def asked(service: str = service) -> bool:
                await self.ask(service)
                return True

            try:
                await eventually(asked, within=_WELL_WITHIN, pause=0.5)
            except Exception as e:
                log = await self.podman("logs", self.container(service))
                raise Failed(f"{service} is not well: {e}\n{log[-5000:]}") from e

    async def containers(self, **labels: str) -> list[str]:
        """The names of those with such labels, whether they run or not."""
        wanted = (w for k, v in labels.items() for w in ("--filter", f"label={k}={v}"))
        listed = await self.podman("ps", "--all", "--format", "json", *wanted)
        return [each["Names"][0] for each in msgspec.json.decode(listed)]

    async def networks(self) -> list[str]:
        """The names of those that are the project's, or its labs'."""
        names = (await self.podman("network", "ls", "--format", "{{.Name}}")).splitlines()
        return [name for name in names if name.startswith((f"{self.name}_", f"{self.name}-"))]

    async def up(self) -> None:
        """As an operator brings it up, and waits until it is well."""
        await self.by_hand("prepare")
        await self.compose("up", "--detach")
        await self.well()

    async def down(self, *words: str) -> None:
        """As an operator does who takes the system away."""
        await self.compose("down", "--timeout", "20", *words)
        await self.nbh("host", "end-labs")

    def _environment(self) -> dict[str, str]:
        stand_ins = {
            f"NBH_{image.name.upper()}_IMAGE": image.repository
            for image in service_images.STAND_INS
        }
        return {
            **os.environ,
            **self._here.environment,
            **stand_ins,
            "NBH_DATA": str(self.data),
            "NBH_ETC": str(self.etc),
            "NBH_PODMAN": str(self._socket.parent),
            "NBH_LISTEN": f"127.0.0.1:{self.port}",
            "NBH_BUS_NETWORK": self.bus,
            "NBH_WEB_NETWORK": self.web,
            # without systemd there are no timers; the test asks for health checks by itself
            "DISABLE_HC_SYSTEMD": "true",
        }


@asynccontextmanager
async def project(
    folder: Path, socket: Path, repository: Path = REPOSITORY
) -> AsyncGenerator[Project]:
    """From nothing to all services well, while the block runs; then nothing is left of it.

    ``repository`` is whose compose.yaml.
    """
    here = podman.prepare(machine.look(), socket.parent)
    running = Project(folder, here, socket, repository)
    running.write()
    try:
        await running.up()
        yield running
    finally:
        await running.down()
        shutil.rmtree(folder)


async def images(folder: Path) -> None:
    """Have the images of our services, and stand-ins where no registry has made them needless."""
    here = podman.prepare(machine.look(), folder)
    await service_images.build_all(here, REPOSITORY, print)


async def _output(argv: tuple[str, ...], environment: dict[str, str], within: float) -> str:
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        cwd=REPOSITORY,
    )
    try:
        out, errors = await asyncio.wait_for(process.communicate(), within)
    except TimeoutError:
        process.kill()
        raise Failed(f"{' '.join(argv[-4:])}: not done in {within:.0f} s") from None
    if process.returncode:
        said = f"{out.decode()}{errors.decode()}"
        raise Failed(f"{' '.join(argv[-4:])}: {process.returncode}\n{said[-5000:]}")
    return out.decode()
