"""The parts of the system: which program each is, and with which rights it runs (S-5)."""

import os
import sys
from pathlib import Path
from typing import NamedTuple

from nbh_cli.up import nats_server, reach
from nbh_cli.up.children import Program
from nbh_kit import programs, traefik
from nbh_kit.config import Config
from nbh_kit.settings import Role, Service

SERVICES: tuple[Service, ...] = ("router", "provisioner", "courses", "builder", "reaper", "stats")
_UNPRIVILEGED: tuple[Role, ...] = ("router", "courses", "reaper", "stats")
_FIRST_FREE_PORT = 1024


class Parts(NamedTuple):
    """What runs, in the order in which it starts and, backwards, ends."""

    nats: Program | None
    """None where ``nats.embedded`` is off."""

    below: tuple[Program, ...]
    """podman's API and Traefik: what services stand on."""

    services: tuple[Program, ...]


Show = tuple[tuple[Path, Path], ...]


def of(config: Config, file: Path, podman: Program | None) -> Parts:
    """The parts that a configuration asks for; ``file`` is where it was read from.

    Raises:
        OutOfReach: the services' users cannot read our own code.
        ProgramMissing: a server's program is not installed.
    """
    show = _what_to_show(config, file)
    nats = nats_server.program(config) if config.nats.embedded else None
    proxy = _traefik(config) if config.traefik.embedded else None
    return Parts(
        _as(config, "nats", nats, show) if nats else None,
        (
            *([podman] if podman else []),
            *([_as(config, "traefik", proxy, show)] if proxy else []),
        ),
        tuple(_service(name, file, show) for name in services(config)),
    )


def services(config: Config) -> tuple[Service, ...]:
    """Without podman there is nothing to build with, and nothing that runs what is built."""
    if config.provisioner.engine == "podman":
        return SERVICES
    return tuple(name for name in SERVICES if name != "builder")


def _what_to_show(config: Config, file: Path) -> Show:
    if os.getuid() != 0:
        return ()
    keys = (key.secret_file for platform in config.platform for key in platform.keys)
    given = config.traefik
    tls = (given.certificate, given.certificate_key, given.acme_roots)
    read = [path for path in (file, *keys, *tls) if path is not None and path.exists()]
    return reach.behind_barriers((*reach.code(), config.site.data, config.site.run, *read))


def _as(config: Config, role: Role, program: Program, show: Show) -> Program:
    uid = config.uid_of(role) if os.getuid() == 0 else None
    return program._replace(uid=uid, show=show)


def _traefik(config: Config) -> Program:
    argv = (str(programs.find("traefik")), *traefik.flags(config))
    port = int(config.traefik.listen.rpartition(":")[2])
    return Program("traefik", argv, low_ports=os.getuid() == 0 and port < _FIRST_FREE_PORT)


def _service(name: str, file: Path, show: Show) -> Program:
    """A service of ours: it reads its secrets as root, then drops its rights itself."""
    where = str(file.absolute())
    argv = (sys.executable, "-P", "-m", f"nbh_{name}", "--config", where)
    shown = show if name in _UNPRIVILEGED else ()
    return Program(name, argv, show=shown, environment=(("NBH_CONFIG", where),))
