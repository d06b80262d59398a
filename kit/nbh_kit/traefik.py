"""Traefik's install-time configuration as flags. Pure.

What changes while Traefik runs is written by the router into the folder that is watched here.
Each flag was tried on Traefik 3.7 (TRUST.md, 3.4). It warns at its start that it lets encoded
characters through: file names hold them, and Jupyter decodes once.
"""

from pathlib import Path

from nbh_kit.config import Config
from nbh_kit.run import LogLevel

# Never DEBUG: Traefik then logs its whole configuration, tokens and capabilities too (S-19).
_LEVELS: dict[LogLevel, str] = {
    "debug": "INFO",
    "info": "WARN",
    "warning": "WARN",
    "error": "ERROR",
}

RESOLVER = "nbh"
"""Traefik's name for who gets certificates; the router's static file says which."""

_UPLOAD_SECONDS = 300
"""A large file over a slow line takes longer than Traefik's default of a minute (S17)."""


def folder(config: Config) -> Path:
    """The folder that Traefik watches and the router writes."""
    return config.site.data / "traefik"


def acme_folder(config: Config) -> Path:
    """Where Traefik keeps the certificates that it gets by itself, and their keys."""
    return config.site.data / "acme"


def flags(config: Config) -> list[str]:
    """The arguments of the program `traefik`, one entry point for people and one for us."""
    return [
        "--global.checkNewVersion=false",
        "--global.sendAnonymousUsage=false",
        "--api=false",
        "--api.dashboard=false",
        "--log.format=json",
        f"--log.level={_LEVELS[config.site.log_level]}",
        *_entry_point("web", config.traefik.listen),
        "--entryPoints.web.asDefault=true",
        *(["--entryPoints.web.http.tls=true"] if config.traefik.speaks_tls else []),
        *(_acme(config) if config.traefik.acme else []),
        *_entry_point("internal", config.traefik.internal),
        "--ping=true",
        "--ping.manualRouting=true",
        f"--providers.file.directory={folder(config)}",
        "--providers.file.watch=true",
        # The router coalesces its changes itself; Traefik's own throttle would add two seconds.
        "--providers.providersThrottleDuration=0",
    ]


def _acme(config: Config) -> list[str]:
    given, settings = f"--certificatesResolvers.{RESOLVER}.acme", config.traefik
    return [
        f"{given}.caServer={settings.acme}",
        f"{given}.storage={acme_folder(config)}/acme.json",
        # At the port that browsers use anyway: no other needs to be open.
        f"{given}.tlsChallenge=true",
        # Its default, RSA of 4096 bits, takes seconds to make.
        f"{given}.keyType=EC256",
        *([f"{given}.email={settings.acme_email}"] if settings.acme_email else []),
        *([f"{given}.caCertificates={settings.acme_roots}"] if settings.acme_roots else []),
    ]


def _entry_point(name: str, address: str) -> list[str]:
    given = f"--entryPoints.{name}"
    return [
        f"{given}.address={address}",
        f"{given}.transport.respondingTimeouts.readTimeout={_UPLOAD_SECONDS}s",
        f"{given}.transport.lifeCycle.graceTimeOut=1s",
        # What looks like another header's name (X_Forwarded_For) is nobody's honest header.
        f"{given}.http.aliasHeadersStrategy=delete",
    ]
