"""Takes set-uid programs and devices away from a lab's mounts, where the runtime forgot (S-34).

crun 1.8 leaves ``nosuid`` and ``nodev`` off a bind mount that may be written to (measured). The
flags are set from outside then, on the mounts of the container's own mount namespace.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import structlog

from nbh_provisioner.engines import mount_calls
from nbh_provisioner.engines.mount_calls import NODEV, NOSUID

_WANTED = {"nosuid", "nodev"}

logger = structlog.get_logger(__name__)


def seal(process: int, targets: Iterable[str]) -> None:
    """Make sure of ``nosuid`` and ``nodev`` on a lab's mounts. What cannot be done is logged: a
    lab has no new privileges and no device of its own anyway.

    Args:
        process: the lab's first process.
        targets: where the mounts are, inside.
    """
    try:
        loose = _loose(Path(f"/proc/{process}/mountinfo").read_text(), set(targets))
        if loose:
            _in_namespace(process, loose)
    except OSError as e:
        logger.warning("a lab's mounts could not be sealed", error=str(e))


def _loose(mountinfo: str, targets: set[str]) -> list[str]:
    """The targets whose mounts lack a flag, of proc(5)'s mountinfo."""
    rows = (line.split() for line in mountinfo.splitlines())
    return [r[4] for r in rows if r[4] in targets and not set(r[5].split(",")) >= _WANTED]


def _in_namespace(process: int, targets: list[str]) -> None:
    namespace = os.open(f"/proc/{process}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    try:
        mount_calls.inside(namespace, lambda: _set_flags(targets))
    finally:
        os.close(namespace)


def _set_flags(targets: list[str]) -> None:
    for target in targets:
        mount_calls.set_flags(target, NOSUID | NODEV)
