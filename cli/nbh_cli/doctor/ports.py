"""The ports that the system listens on: whether it can have them."""

import errno
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from nbh_cli.doctor.finding import Finding, error, ok
from nbh_cli.up import parts
from nbh_kit.config import Config

Address = tuple[str, str, int]
"""The setting that says so, the host and the port."""


def wanted(config: Config) -> Iterator[Address]:
    """Where the system will listen."""
    if config.traefik.embedded:
        for key in ("listen", "internal"):
            host, _, port = getattr(config.traefik, key).rpartition(":")
            yield f"traefik.{key}", host.strip("[]"), int(port)
    if config.nats.embedded:
        url = urlsplit(config.nats.url)
        yield "nats.url", url.hostname or "127.0.0.1", url.port or 4222
    if config.health.hosts:  # each service has a container, and ports of its own in it
        return
    for key in ("router", "courses", "stats"):
        given = getattr(config, key)
        yield f"{key}.port", given.host, given.port
    for service in parts.services(config):
        if port := config.health_port(service):
            yield "health.first_port", config.health.host, port


def free(config: Config, *, runs: bool) -> Iterator[Finding]:
    """Whether nobody else has them; while the system ``runs`` it has them itself."""
    if runs:
        yield ok("ports", "the system has them")
        return
    taken = [
        (key, port, why) for key, host, port in wanted(config) if (why := _why_not(host, port))
    ]
    for key, port, why in taken:
        yield error(
            "ports",
            f"{key}: port {port} cannot be had: {why}",
            f"`ss -ltnp 'sport = :{port}'` says whose it is: end that, or set {key}",
        )
    if not taken:
        yield ok("ports", "all are free")


def _why_not(host: str, port: int) -> str:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trying:
        # what has just ended lingers, and keeps nobody from listening
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind((host, port))
        except OSError as e:
            in_use = e.errno == errno.EADDRINUSE
            return "somebody listens there" if in_use else e.strerror or str(e)
    return ""
