"""When notebooks can be asked for."""

import asyncio
import contextlib

from nbh_kit import asking
from nbh_kit.config import Config

_NOT_YET = b"404 page not found"
"""Traefik's own words, until it has read the router's file."""


async def ready(config: Config) -> None:
    """Return once the router is ready and, where we can ask it in plain HTTP, Traefik knows it."""
    if health := config.health_port("router"):
        await answering(_here(config.health.host), health, "/readyz")
    else:
        await answering(_here(config.router.host), config.router.port, "/")
    if config.traefik.embedded and not config.traefik.speaks_tls:
        host, _, port = config.traefik.listen.rpartition(":")
        await answering(_here(host), int(port), "/")


async def answering(host: str, port: int, path: str) -> None:
    """Return once somebody answers there, and not to say that something is missing behind."""
    while True:
        with contextlib.suppress(OSError, ValueError):
            status, body = await asking.get(host, port, path)
            if status < 500 and body.strip() != _NOT_YET:
                return
        await asyncio.sleep(0.05)


def _here(host: str) -> str:
    return "127.0.0.1" if host in ("", "0.0.0.0", "[::]", "::") else host.strip("[]")
