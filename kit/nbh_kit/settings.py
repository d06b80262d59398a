"""What can be set: one table of nbhosting.toml for each section, with its defaults.

Each setting is explained in the repository's nbhosting.toml; a test holds the two together.
"""

from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec

from nbh_kit.run import LogLevel

Seconds = Annotated[float, msgspec.Meta(gt=0)]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Bytes = Annotated[int, msgspec.Meta(gt=0)]
Role = Literal["router", "traefik", "nats", "courses", "stats", "reaper"]
Service = Literal["router", "provisioner", "courses", "builder", "reaper", "stats"]

_ROLES = get_args(Role)
_SERVICES = get_args(Service)


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of the file."""


class Site(Section, frozen=True, kw_only=True):
    name: str = "nbh"
    data: Path = Path("/var/lib/nbhosting")
    run: Path = Path("/run/nbhosting")
    dev: bool = False
    log_level: LogLevel = "info"
    traces: str = ""
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
    acme: str = ""
    acme_email: str = ""
    acme_roots: Path | None = None
    networks: tuple[str, ...] = ("127.0.0.0/8", "::1/128")

    @property
    def speaks_tls(self) -> bool:
        """Whether browsers are spoken to in TLS."""
        return bool(self.certificate or self.acme)


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


class Share(Section, frozen=True, kw_only=True):
    keep_days: Annotated[int, msgspec.Meta(ge=0)] = 365
    max_bytes: Annotated[int, msgspec.Meta(ge=1024**2)] = 20 * 1024**2
    memory: Bytes = 1024**3
    cpus: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    processes: Annotated[int, msgspec.Meta(gt=0)] = 64
    within: Seconds = 30.0
    at_once: Annotated[int, msgspec.Meta(gt=0)] = 2


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
    hosts: tuple[str, ...] = ()


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
    share: Share = Share()
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

    def health_host(self, service: Service) -> str:
        """Where others ask a service whether it is well."""
        hosts = self.health.hosts
        return hosts[_SERVICES.index(service)] if hosts else self.health.host

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
