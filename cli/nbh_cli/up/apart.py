"""What is prepared for a system whose parts are run by others, compose or systemd. Idempotent.

Folders, secrets that each service can read as the user that it is from its first instruction on,
and what NATS and Traefik are told.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from nbh_cli.up import folders, nats_server
from nbh_kit import traefik
from nbh_kit.config import Config
from nbh_kit.settings import Role

_READ_BY: Mapping[str, Role] = {
    "router": "router",
    "stats": "stats",
    "nats-router": "router",
    "nats-courses": "courses",
    "nats-stats": "stats",
    "nats-reaper": "reaper",
}
"""Secrets that are not root's alone. The folder that they are in stays closed."""

OF_NATS = Path("servers", "nats", "nats.conf")
"""Where NATS is told, below ``site.data``."""

_MONITOR = "127.0.0.1:8222"
"""Where nats-server says that it is well, for who is in its container."""


def prepare(config: Config) -> None:
    """Make what is missing and mend the rights of what is there.

    Raises:
        OSError: something cannot be made or given away.
    """
    folders.prepare(config)
    for name, role in _READ_BY.items():
        uid = config.uid_of(role)
        os.chown(config.site.data / "secrets" / name, uid, uid)
    nats, proxy = config.uid_of("nats"), config.uid_of("traefik")
    _write(config.site.data / OF_NATS, _of_nats(config), nats)
    file = config.site.data / "servers" / "traefik" / "traefik.yml"
    _write(file, as_file(traefik.flags(config)), proxy)


def as_file(flags: Iterable[str]) -> dict[str, Any]:
    """Traefik's flags as the tree of its file, which anybody can be given. Pure.

    In the file what is named is there: so what a flag switches off is left out, with all below it.
    """
    tree: dict[str, Any] = {}
    off: set[tuple[str, ...]] = set()
    for flag in flags:
        name, _, value = flag.removeprefix("--").partition("=")
        path = tuple(name.split("."))
        if value == "false" and len(path) == 1:
            off.add(path)
        if path[:1] not in off:
            _put(tree, path, value)
    return tree


def _put(tree: dict[str, Any], path: tuple[str, ...], value: str) -> None:
    *above, last = path
    for name in above:
        # what a flag of its own has switched on is there by what is below it
        if not isinstance(tree.get(name), dict):
            tree[name] = {}
        tree = tree[name]
    tree.setdefault(last, value if value != "true" or above else {})


def _of_nats(config: Config) -> dict[str, Any]:
    return nats_server.settings(config) | {"http": _MONITOR}


def _write(file: Path, content: Mapping[str, Any], uid: int) -> None:
    """Whole or not at all; JSON, which both servers read, for one user alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400)
    with os.fdopen(fd, "wb") as out:
        os.fchown(fd, uid, uid)
        out.write(msgspec.json.format(msgspec.json.encode(content)) + b"\n")
    new.replace(file)
