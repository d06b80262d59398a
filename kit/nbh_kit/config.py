"""The configuration: one file, nbhosting.toml, read once by each process and passed down by value.

Every setting has its default here and its explanation in the repository's nbhosting.toml; a test
holds the two together. A wrong key or value stops the start with file, key and reason.
"""

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec

from nbh_kit.run import LogLevel
from nbh_proto import egress, names

Seconds = Annotated[float, msgspec.Meta(gt=0)]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Bytes = Annotated[int, msgspec.Meta(gt=0)]
Role = Literal["router", "traefik", "nats", "courses", "stats", "reaper"]
Service = Literal["router", "provisioner", "courses", "builder", "reaper", "stats"]

_ORIGIN = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?", re.ASCII)
_LENT = re.compile(r"/[\w./+-]+:/[\w./+-]+", re.ASCII)
_ROLES: tuple[Role, ...] = ("router", "traefik", "nats", "courses", "stats", "reaper")
_SERVICES = get_args(Service)


class BadConfig(ValueError):
    """The configuration cannot be used: which file, which key, and why."""

    def __init__(self, file: str, key: str, reason: str) -> None:
        super().__init__(f"{file}: {key}: {reason}" if key else f"{file}: {reason}")
        self.file = file
        self.key = key
        self.reason = reason


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of the file."""


class Site(Section, frozen=True, kw_only=True):
    name: str = "nbh"
    data: Path = Path("/var/lib/nbhosting")
    run: Path = Path("/run/nbhosting")
    dev: bool = False
    log_level: LogLevel = "info"
    first_uid: int = 64100


class Origins(Section, frozen=True, kw_only=True):
    content: str = "http://localhost:8080"
    ui: str = "http://127.0.0.1:8080"
    share: str = "http://share.localhost:8080"


class Nats(Section, frozen=True, kw_only=True):
    url: str = "nats://127.0.0.1:4222"
    embedded: bool = True


class Traefik(Section, frozen=True, kw_only=True):
    embedded: bool = True
    listen: str = "0.0.0.0:8080"
    internal: str = "127.0.0.1:8082"
    certificate: Path | None = None
    certificate_key: Path | None = None
    networks: tuple[str, ...] = ("127.0.0.0/8", "::1/128")


class Router(Section, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    port: Port = 8081
    redirect_within: Seconds = 1.0
    give_up_after: Seconds = 60.0


class Lab(Section, frozen=True, kw_only=True):
    image: str = "nbhosting/minimal-notebook"
    memory: Bytes = 5 * 1024**3
    cpus: Annotated[float, msgspec.Meta(gt=0)] = 2.0
    processes: Annotated[int, msgspec.Meta(gt=0)] = 512
    open_files: Annotated[int, msgspec.Meta(gt=0)] = 8192
    tmp: Bytes = 512 * 1024**2
    disk: Bytes = 10 * 1024**3
    files: Annotated[int, msgspec.Meta(gt=0)] = 200_000
    egress: str = "open"
    boot_within: Seconds = 45.0
    stop_within: Seconds = 10.0


class Pool(Section, frozen=True, kw_only=True):
    minimum: Annotated[int, msgspec.Meta(ge=0)] = 0
    maximum: Annotated[int, msgspec.Meta(ge=0)] = 8
    free_memory: Bytes = 2 * 1024**3


class Provisioner(Section, frozen=True, kw_only=True):
    node: str = "node1"
    engine: Literal["podman", "memory"] = "podman"
    podman_socket: Path | None = None
    isolation: Literal["strict", "best-effort"] = "strict"
    podman_back_within: Seconds = 10.0
    starts_at_once: Annotated[int, msgspec.Meta(gt=0)] = 8
    free_bytes: Bytes = 2 * 1024**3
    disk_quota: Literal["auto", "btrfs", "project", "watchdog", "off"] = "auto"
    memory_share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.9
    free_memory: Bytes = 512 * 1024**2
    memory_back_within: Seconds = 20.0


class Courses(Section, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    port: Port = 8083
    pull_every: Seconds = 300.0
    pulls_at_once: Annotated[int, msgspec.Meta(gt=0)] = 8
    local_urls: bool = False
    private_hosts: tuple[str, ...] = ()
    fetch_within: Seconds = 300.0
    max_bytes: Bytes = 2 * 1024**3
    revisions_grace: Seconds = 1800.0


class Builder(Section, frozen=True, kw_only=True):
    memory: Bytes = 4 * 1024**3
    cpus: Annotated[float, msgspec.Meta(gt=0)] = 2.0
    processes: Annotated[int, msgspec.Meta(gt=0)] = 2048
    within: Seconds = 1800.0
    max_bytes: Bytes = 10 * 1024**3
    free_bytes: Bytes = 5 * 1024**3
    max_docs_bytes: Bytes = 512 * 1024**2
    network: Literal["own", "host"] = "own"
    certificates: Path = Path("/etc/ssl/certs/ca-certificates.crt")
    lend: tuple[str, ...] = ()


class Reaper(Section, frozen=True, kw_only=True):
    idle: Seconds = 7200.0
    freeze_after: Seconds = 600.0
    max_age: Seconds = 86400.0
    grace: Seconds = 30.0
    answer_within: Seconds = 5.0
    looks_at_once: Annotated[int, msgspec.Meta(gt=0)] = 16
    period: Seconds = 300.0
    stops_a_minute: Annotated[int, msgspec.Meta(gt=0)] = 30


class Stats(Section, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    port: Port = 8084
    clickhouse: str = ""
    batch_rows: Annotated[int, msgspec.Meta(gt=0)] = 10_000
    batch_within: Seconds = 1.0
    keep_days: Annotated[int, msgspec.Meta(ge=0)] = 0
    time_zone: str = "UTC"
    test_students: tuple[str, ...] = ()
    short_ids_are_tests: bool = False


class Health(Section, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    first_port: Annotated[int, msgspec.Meta(ge=0, le=65500)] = 8090


class Key(Section, frozen=True, kw_only=True):
    id: str
    secret: str = ""
    secret_file: Path | None = None


class Platform(Section, frozen=True, kw_only=True):
    name: str
    strategy: Literal["signed", "referer"] = "signed"
    origins: tuple[str, ...] = ()
    courses: tuple[str, ...] = ("*",)
    keys: tuple[Key, ...] = ()
    hosts: tuple[str, ...] = ()


class Config(Section, frozen=True, kw_only=True):
    """The whole file."""

    site: Site = Site()
    origins: Origins = Origins()
    nats: Nats = Nats()
    traefik: Traefik = Traefik()
    router: Router = Router()
    lab: Lab = Lab()
    pool: Pool = Pool()
    provisioner: Provisioner = Provisioner()
    courses: Courses = Courses()
    builder: Builder = Builder()
    reaper: Reaper = Reaper()
    stats: Stats = Stats()
    health: Health = Health()
    platform: tuple[Platform, ...] = ()

    def uid_of(self, role: Role) -> int:
        """The unprivileged user that a process runs as when started by root (S-5)."""
        return self.site.first_uid + _ROLES.index(role)

    def health_port(self, service: Service) -> int:
        """Where a service says whether it is well (`nbh_kit.health`); 0 if it does not."""
        first = self.health.first_port
        return first + _SERVICES.index(service) if first else 0

    def password_file(self, who: str) -> Path:
        """Where a service's password for NATS is."""
        return self.site.data / "secrets" / f"nats-{who}"

    def password_of(self, who: str) -> str:
        """A service's password for NATS; empty where none was made."""
        try:
            return self.password_file(who).read_text().strip()
        except FileNotFoundError:
            return ""

    @property
    def podman_socket(self) -> Path:
        """The socket of podman's API: the configured one, else the one `nbh up` runs."""
        return self.provisioner.podman_socket or self.site.run / "podman.sock"

    @property
    def frame_ancestors(self) -> tuple[str, ...]:
        """The origins that may show our pages in a frame: the platforms'."""
        return tuple(dict.fromkeys(o for p in self.platform for o in p.origins))


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """Read the file; ``NBH_<TABLE>_<KEY>`` of the environment stands over it.

    Raises:
        BadConfig: the file cannot be read, or a key or value is wrong.
    """
    try:
        tree = tomllib.loads(path.read_text())
    except OSError as e:
        raise BadConfig(str(path), "", f"cannot be read: {e.strerror}") from e
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise BadConfig(str(path), "", f"is no TOML: {e}") from e
    return from_tree(_with_environment(tree, environ), str(path))


def from_tree(tree: Mapping[str, Any], file: str = "configuration") -> Config:
    """Check a tree of tables and make a `Config` of it.

    Raises:
        BadConfig: a key or value is wrong.
    """
    try:
        config = msgspec.convert(tree, Config, strict=False, dec_hook=_path)
    except msgspec.ValidationError as e:
        raise BadConfig(file, *_key_and_reason(str(e))) from e
    _check(config, file)
    return config


def secret_of(key: Key) -> bytes:
    """The key's secret, from the configuration or the file it names.

    Raises:
        BadConfig: the file cannot be read, or the secret is shorter than 32 bytes.
    """
    try:
        text = key.secret_file.read_text().strip() if key.secret_file else key.secret
    except OSError as e:
        raise BadConfig(str(key.secret_file), key.id, f"cannot be read: {e.strerror}") from e
    if len(text) < 32:
        raise BadConfig("platform.keys", key.id, "a secret has at least 32 characters")
    return text.encode()


def _path(type_: type, value: object) -> object:
    # msgspec knows no paths; what it does not know it asks here
    if type_ is Path and isinstance(value, str) and value.startswith("/"):
        return Path(value)
    raise ValueError(f"expected a full path, got {value!r}")


def _with_environment(tree: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    tables = {f.name for f in msgspec.structs.fields(Config)} - {"platform"}
    merged = {k: dict(v) if isinstance(v, dict) else v for k, v in tree.items()}
    for name, value in environ.items():
        if found := re.fullmatch(r"NBH_([A-Z]+)_([A-Z_]+)", name):
            table, key = found[1].lower(), found[2].lower()
            if table in tables:
                merged.setdefault(table, {})[key] = value
    return merged


def _key_and_reason(error: str) -> tuple[str, str]:
    reason, _, where = error.partition(" - at `$")
    key = where.rstrip("`").lstrip(".")
    if found := re.match(r"Object contains unknown field `(.+)`", reason):
        return ".".join(filter(None, (key, found[1]))), "there is no such setting"
    return key, reason[0].lower() + reason[1:]


def _check(config: Config, file: str) -> None:
    origins = msgspec.structs.asdict(config.origins)
    for name, origin in origins.items():
        _check_origin(file, f"origins.{name}", origin)
    if not config.site.dev and len(set(origins.values())) < len(origins):
        raise BadConfig(file, "origins", "content, ui and share must differ (S-15)")
    for number, network in enumerate(config.traefik.networks):
        _check_network(file, f"traefik.networks[{number}]", network)
    for number, lent in enumerate(config.builder.lend):
        if not _LENT.fullmatch(lent):
            reason = "write <file of this machine>:<path in the build>, two full paths"
            raise BadConfig(file, f"builder.lend[{number}]", reason)
    ids = {"site.name": config.site.name, "provisioner.node": config.provisioner.node}
    for key, id_ in ids.items():
        _check_id(file, key, id_)
    _check_egress(file, config.lab.egress)
    for number, platform in enumerate(config.platform):
        _check_platform(file, f"platform[{number}]", platform)
    if len({p.name for p in config.platform}) < len(config.platform):
        raise BadConfig(file, "platform", "two platforms have the same name")


def _check_platform(file: str, key: str, platform: Platform) -> None:
    for origin in platform.origins:
        _check_origin(file, f"{key}.origins", origin)
    if platform.strategy == "signed" and not 1 <= len(platform.keys) <= 2:
        raise BadConfig(file, f"{key}.keys", "a signing platform has one or two live keys")
    if platform.strategy == "referer" and not platform.hosts:
        raise BadConfig(file, f"{key}.hosts", "the Referer rule needs the platform's hosts")
    if len({k.id for k in platform.keys}) < len(platform.keys):
        raise BadConfig(file, f"{key}.keys", "two keys have the same id")
    # They stand in links, where nothing is percent-encoded.
    _check_id(file, f"{key}.name", platform.name)
    for live in platform.keys:
        _check_id(file, f"{key}.keys.id", live.id)


def _check_egress(file: str, text: str) -> None:
    try:
        egress.checked(text)
    except egress.BadEgress as e:
        raise BadConfig(file, "lab.egress", str(e)) from e


def _check_network(file: str, key: str, text: str) -> None:
    try:
        ipaddress.ip_network(text)
    except ValueError as e:
        raise BadConfig(file, key, f"write addresses like 10.1.2.0/24: {e}") from e


def _check_id(file: str, key: str, id_: str) -> None:
    if not names.ID.fullmatch(id_):
        raise BadConfig(file, key, "ASCII letters, digits, '_', '.', '-', at most 128")


def _check_origin(file: str, key: str, origin: str) -> None:
    # They become part of security policies and of Traefik's rules.
    if not _ORIGIN.fullmatch(origin):
        raise BadConfig(
            file, key, f"{origin!r} is no origin; write https://host or https://host:port"
        )
