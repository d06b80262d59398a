"""Network namespaces of containers that are on this machine though podman is done with them.

Podman starts the conmon of a container with a user namespace in a mount namespace of its own
(``createRootlessContainer``). What conmon cleans up when the container ends is unmounted there
only, and podman takes it for done: seen with 4.3, each removed lab left its network namespace and
its end of a veth pair on the machine. One that podman was killed while it made is known to nobody
but the bridge that it is on. Blocking.
"""

import ctypes
import os
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import structlog

from nbh_kit import programs

_HELD_IN = (Path("/run/netns"), Path("/var/run/netns"))
_MNT_DETACH = 2
_WITHIN = 10.0

_libc = ctypes.CDLL(None, use_errno=True)

logger = structlog.get_logger(__name__)


def let_go(namespace: Path) -> None:
    """Have a removed container's network namespace end, with the interfaces in it.

    One that podman has ended itself is fine. What cannot be done is logged: the container is gone.
    """
    if namespace.parent not in _HELD_IN or not namespace.exists():
        return
    _libc.umount2(os.fsencode(namespace), _MNT_DETACH)
    try:
        namespace.unlink(missing_ok=True)
    except OSError as e:
        logger.warning("a network namespace stays", error=str(e))


def on_bridge(bridge: str) -> list[Path]:
    """All that have an interface on a bridge of this machine; none where there is no such bridge.

    Raises:
        OSError: this machine does not tell.
    """
    ids = {link.get("link_netnsid", -1) for link in _ip("link", "show", "master", bridge)}
    held = _ip("netns", "list")
    return [_HELD_IN[0] / each["name"] for each in held if each.get("id") in ids]


def _ip(*arguments: str) -> list[dict[str, Any]]:
    """What ip(8) says, an object for each line; nothing where it knows no such thing."""
    argv = (str(programs.find("ip")), "-json", *arguments)
    try:
        said = subprocess.run(argv, capture_output=True, check=False, timeout=_WITHIN)
    except subprocess.TimeoutExpired as e:
        raise OSError(str(e)) from e
    return list(msgspec.json.decode(said.stdout or b"[]"))
