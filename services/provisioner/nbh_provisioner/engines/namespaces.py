"""Lets go of network namespaces that podman leaves behind.

Podman starts the conmon of a container with a user namespace in a mount namespace of its own
(``createRootlessContainer``). What conmon cleans up when the container ends is unmounted there
only, and podman takes it for done: seen with 4.3, each removed lab left its network namespace and
its end of a veth pair on the machine.
"""

import ctypes
import os
from pathlib import Path

import structlog

_HELD_IN = (Path("/run/netns"), Path("/var/run/netns"))
_MNT_DETACH = 2

_libc = ctypes.CDLL(None, use_errno=True)

logger = structlog.get_logger(__name__)


def let_go(namespace: Path) -> None:
    """Have a removed container's network namespace end, with the interfaces in it.

    One that podman has ended itself is fine. What cannot be done is logged: the lab is gone.
    """
    if namespace.parent not in _HELD_IN or not namespace.exists():
        return
    _libc.umount2(os.fsencode(namespace), _MNT_DETACH)
    try:
        namespace.unlink(missing_ok=True)
    except OSError as e:
        logger.warning("a lab's network namespace stays", error=str(e))
