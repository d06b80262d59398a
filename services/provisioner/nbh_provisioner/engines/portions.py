"""A lab's portion of what the kernel counts for all labs of a machine together (S-38).

What a user namespace takes of these is counted in the one it was made in, too, and so for root:
one lab was seen to take all 128 inotify instances of a machine, after which neither another lab
nor root itself, systemd and the provisioner among them, got any. The kernel has a limit in each
namespace for that; crun does not set it, and who wants to set it has to be in there, alone in a
process.
"""

import subprocess

import structlog

_PORTIONS = {"max_inotify_instances": 64, "max_inotify_watches": 8192}
_SET = 'for each; do echo "${each#*=}" > "/proc/sys/user/${each%=*}" || exit 1; done'
_WITHIN = 10.0

logger = structlog.get_logger(__name__)


def give(process: int) -> None:
    """Bound what a lab takes. What cannot be done is logged: others are in danger, not the lab.

    Args:
        process: the lab's first one.
    """
    enter = ("nsenter", f"--user=/proc/{process}/ns/user", "--")
    wanted = [f"{name}={most}" for name, most in _PORTIONS.items()]
    try:
        subprocess.run(
            (*enter, "sh", "-c", _SET, "sh", *wanted),
            check=True,
            capture_output=True,
            timeout=_WITHIN,
        )
    except (OSError, subprocess.SubprocessError) as e:
        said = getattr(e, "stderr", None) or b""
        logger.warning("a lab is not bounded", error=f"{e} {said.decode(errors='replace')}")
