"""What `nbh up` asks of the configuration beyond what every service asks."""

import os
from urllib.parse import urlsplit

from nbh_kit.config import BadConfig, Config

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LONGEST_SOCKET = 107
"""unix(7): the bytes of a socket's path."""


def check(config: Config, file: str) -> None:
    """Make sure that the system can be run as configured; ``file`` is where it was read from.

    Raises:
        BadConfig: it cannot; which key, and why.
    """
    if config.nats.embedded:
        _check_nats(config.nats.url, file)
    if config.traefik.embedded:
        for key in ("listen", "internal"):
            _check_address(getattr(config.traefik, key), file, f"traefik.{key}")
    if runs_podman(config):
        _check_podman(config, file)


def runs_podman(config: Config) -> bool:
    """Whether podman's API is ours to run."""
    return config.provisioner.engine == "podman" and not config.provisioner.podman_socket


def _check_nats(url: str, file: str) -> None:
    parts = urlsplit(url)
    if parts.hostname not in _LOOPBACK or not parts.port:
        reason = "the embedded server listens on this machine only; write nats://127.0.0.1:<port>"
        raise BadConfig(file, "nats.url", reason)


def _check_address(address: str, file: str, key: str) -> None:
    _, colon, port = address.rpartition(":")
    if not (colon and port.isdecimal() and 0 < int(port) < 65536):
        raise BadConfig(file, key, f"{address!r} is no address:port")


def _check_podman(config: Config, file: str) -> None:
    if os.getuid() != 0:
        raise BadConfig(
            file,
            "provisioner.engine",
            "podman is run by root only: start nbh up as root, or name the socket of a podman "
            'that runs in provisioner.podman_socket, or choose the engine "memory"',
        )
    if len(os.fsencode(config.podman_socket)) > _LONGEST_SOCKET:
        reason = f"{config.podman_socket} is longer than the {_LONGEST_SOCKET} bytes of a socket"
        raise BadConfig(file, "site.run", reason)
