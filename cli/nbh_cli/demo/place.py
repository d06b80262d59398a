"""Where a demo keeps its things, and the configuration it writes there."""

import hashlib
import os
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from nbh_kit import passwords
from nbh_kit.config import Config, load

COURSE = "daylight"
PLATFORM = "campus"
KEY = "k1"
STAFF = "demo"

_LONGEST_SOCKET = 107
_PORTS = ("content", "internal", "router", "courses", "stats", "nats", "platform", "health")
_ROWS = {"health": 6}
"""How many ports one after the other, where it is more than one."""

_PREFERRED = (8000, 8082, 8081, 8083, 8084, 4222, 8001, 8090)


class Place(NamedTuple):
    """One demo's folder."""

    folder: Path

    @property
    def data(self) -> Path:
        """Students' files and all else that stays."""
        return self.folder / "data"

    @property
    def run(self) -> Path:
        """What goes at the end; elsewhere if a socket's path would be too long here."""
        here = self.folder / "run"
        if len(os.fsencode(here / "podman.sock")) <= _LONGEST_SOCKET:
            return here
        return Path("/run") / self.name

    @property
    def name(self) -> str:
        """The site's name: two checkouts' demos do not meet."""
        return f"demo-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:8]}"

    @property
    def config_file(self) -> Path:
        """Its nbhosting.toml."""
        return self.folder / "nbhosting.toml"

    @property
    def log(self) -> Path:
        """What `nbh up` says."""
        return self.folder / "log"

    @property
    def repository(self) -> Path:
        """The teacher's git repository; under the data, where the courses service can read."""
        return self.data / "repositories" / COURSE


class Demo(NamedTuple):
    """A demo that is configured."""

    place: Place
    config: Config
    platform_port: int
    secret: str
    password: str
    """Of the account `STAFF`."""

    @property
    def url(self) -> str:
        """The page to open."""
        return f"http://127.0.0.1:{self.platform_port}/"


class _Remembered(msgspec.Struct):
    """What stays the same from one demo to the next, so that open tabs and links go on."""

    ports: dict[str, int]
    secret: str
    password: str = msgspec.field(default_factory=passwords.generated)


def configure(place: Place) -> Demo:
    """Write the configuration, with the ports of the last time if they are free."""
    place.folder.mkdir(parents=True, exist_ok=True)
    before = _remembered(place)
    ports = _free_ports(before.ports)
    now = _Remembered(ports, before.secret, before.password)
    _write(_memory(place), msgspec.json.encode(now).decode())
    _write(place.config_file, _configuration(place, ports, now.secret))
    config = load(place.config_file, {})
    return Demo(place, config, ports["platform"], now.secret, now.password)


def _memory(place: Place) -> Path:
    return place.folder / "remembered.json"


def _remembered(place: Place) -> _Remembered:
    try:
        return msgspec.json.decode(_memory(place).read_bytes(), type=_Remembered)
    except (OSError, msgspec.MsgspecError):
        return _Remembered(dict(zip(_PORTS, _PREFERRED, strict=True)), secrets.token_hex(32))


def _free_ports(wanted: Mapping[str, int]) -> dict[str, int]:
    taken: dict[str, int] = {}
    for name in _PORTS:
        row = _ROWS.get(name, 1)
        port = wanted.get(name, 0)
        while not port or not _are_free(ports := range(port, port + row), taken):
            port = _free(0)
        taken |= {f"{name}+{at}" if at else name: port for at, port in enumerate(ports)}
    return {name: taken[name] for name in _PORTS}


def _are_free(ports: range, taken: Mapping[str, int]) -> bool:
    return not set(ports) & set(taken.values()) and all(map(_free, ports))


def _free(port: int) -> int:
    """The port if it can be listened on, for 0 any that can; else 0."""
    with socket.socket() as tried:
        # as servers do: a port whose last connections are still closing is free
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("", port))
        except OSError:
            return 0
        return int(tried.getsockname()[1])


def _write(path: Path, text: str) -> None:
    path.touch()
    path.chmod(0o600)
    path.write_text(text)


def _configuration(place: Place, ports: Mapping[str, int], secret: str) -> str:
    quoted = {name: msgspec.json.encode(str(path)).decode() for name, path in _paths(place)}
    return f"""\
# Written by `make demo`; the next one writes it again.
[site]
name = "{place.name}"
data = {quoted["data"]}
run = {quoted["run"]}

[origins]
content = "http://localhost:{ports["content"]}"
ui = "http://127.0.0.1:{ports["content"]}"
share = "http://share.localhost:{ports["content"]}"

[nats]
url = "nats://127.0.0.1:{ports["nats"]}"

[traefik]
listen = "127.0.0.1:{ports["content"]}"
internal = "127.0.0.1:{ports["internal"]}"

[router]
port = {ports["router"]}

[health]
first_port = {ports["health"]}

[lab]
memory = {1024**3}

[courses]
port = {ports["courses"]}
local_urls = true
pull_every = 30

[stats]
port = {ports["stats"]}

[[platform]]
name = "{PLATFORM}"
origins = ["http://127.0.0.1:{ports["platform"]}"]
keys = [{{ id = "{KEY}", secret = "{secret}" }}]
"""


def _paths(place: Place) -> tuple[tuple[str, Path], ...]:
    return (("data", place.data), ("run", place.run))
