"""The embedded nats-server: its configuration, and whether it keeps what it is told (R-4, R-8)."""

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from nbh_cli.up import bus_rights
from nbh_cli.up.children import Child, Program
from nbh_cli.up.folders import NATS_USERS
from nbh_kit import asking, programs
from nbh_kit.config import Config
from nbh_proto.buckets import BUCKETS
from nbh_proto.streams import ALL

_BUCKET_BYTES = 256 * 1024**2
_SLACK_BYTES = 1024**3
_ENOUGH_SPACE = 64 * 1024**2
_TRIES = 5
_NO_ANSWER = (OSError, ValueError, msgspec.MsgspecError)


class NeverReady(RuntimeError):
    """NATS cannot be started."""

    def __init__(self) -> None:
        super().__init__(f"NATS ended {_TRIES} times; its lines above say why")


class NotDurable(RuntimeError):
    """NATS does not write to disk what it acknowledges, so nothing may be entrusted to it."""

    def __init__(self, found: object) -> None:
        super().__init__(f"NATS does not sync what it stores: sync_always is {found} (R-4)")


def program(config: Config) -> Program:
    """What to run, once `configure` has written its file."""
    folder = _folder(config)
    arguments = ("-c", str(folder / "nats.conf"), "--ports_file_dir", str(folder))
    return Program("nats", (str(programs.find("nats-server")), *arguments))


def configure(config: Config) -> None:
    """Write the server's configuration; it holds passwords, so only NATS's user may read it."""
    folder = _folder(config)
    for stale in folder.glob("*.ports"):
        stale.unlink()
    file = folder / "nats.conf"
    file.unlink(missing_ok=True)
    fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400)
    with os.fdopen(fd, "w") as out:
        out.write(msgspec.json.format(msgspec.json.encode(settings(config))).decode())
        if os.getuid() == 0:
            os.fchown(out.fileno(), config.uid_of("nats"), config.uid_of("nats"))


def settings(config: Config) -> dict[str, Any]:
    """nats-server's settings; its configuration language is a superset of JSON."""
    url = urlsplit(config.nats.url)
    users = [
        {
            "user": who,
            "password": config.password_of(who),
            "permissions": bus_rights.permissions(who),
        }
        for who in NATS_USERS
    ]
    return {
        "server_name": config.site.name,
        "host": url.hostname,
        "port": url.port,
        "http": "127.0.0.1:-1",
        "authorization": {"users": users, "timeout": 2},
        "jetstream": {
            "store_dir": str(config.site.data / "nats"),
            "sync_interval": "always",
            "max_file_store": max_file_store(),
        },
    }


def max_file_store() -> int:
    """Bytes: what all streams and buckets may hold together, and some more."""
    return sum(s.max_bytes for s in ALL) + len(BUCKETS) * _BUCKET_BYTES + _SLACK_BYTES


class _Ports(msgspec.Struct):
    """What nats-server writes into its file of ports, as far as we read it."""

    monitoring: tuple[str, ...]


class Monitor:
    """The HTTP monitor of the nats-server that a child runs, on loopback."""

    def __init__(self, config: Config, child: Child) -> None:
        self._folder = _folder(config)
        self._store = config.site.data / "nats"
        self._child = child

    async def ready(self) -> None:
        """Wait until it answers, then make sure that it syncs (R-4).

        Raises:
            NotDurable: it does not.
            NeverReady: it ends again and again.
        """
        while (state := await self._state()) is None:
            if self._child.ends >= _TRIES:
                raise NeverReady
            await asyncio.sleep(0.01)
        if (found := state.get("config", {}).get("sync_always")) is not True:
            raise NotDurable(found)

    async def complaint(self) -> str:
        """What it says is wrong with itself; empty when nothing is, or when it does not answer."""
        try:
            status, body = await self._get("/healthz")
        except _NO_ANSWER:
            return ""
        return body.decode(errors="replace") if status == 503 else ""

    def has_space(self) -> bool:
        """Whether the disk takes more: a restart heals a full one then (R-8)."""
        try:
            return shutil.disk_usage(self._store).free >= _ENOUGH_SPACE
        except OSError:  # somebody has deleted the folder; it is made again at the next start
            return True

    async def _state(self) -> dict[str, Any] | None:
        try:
            return msgspec.json.decode((await self._get("/jsz?config=1"))[1], type=dict[str, Any])
        except _NO_ANSWER:
            return None

    async def _get(self, path: str) -> tuple[int, bytes]:
        # it writes down its port when it is ready, and may be writing right now
        ports = msgspec.json.decode(self._ports().read_bytes(), type=_Ports)
        url = urlsplit(ports.monitoring[0])
        return await asking.get(url.hostname or "", url.port or 0, path)

    def _ports(self) -> Path:
        return self._folder / f"nats-server_{self._child.pid}.ports"


def _folder(config: Config) -> Path:
    return config.site.run / "nats"
