"""Where podman keeps the network namespaces of containers, made before it does so itself.

podman mounts this folder on itself when it starts its first container. Of two that start at once
after a boot, the later mount can hide the namespace that the earlier has put there: such a
container has no network, and cannot be removed as long as the machine runs (seen with 4.3).
ip-netns(8) makes the same mount, under the same lock.
"""

import fcntl
import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path("/run/netns")
_MOUNTS = Path("/proc/self/mountinfo")


def ensure_folder(folder: Path = FOLDER) -> tuple[str, ...]:
    """Have the mount; what kept us from it, as a sentence. Any number may do so at once."""
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        with _locked(folder):
            if not is_mounted(folder, _MOUNTS.read_text()):
                _mount("--bind", str(folder), str(folder))
                _mount("--make-shared", str(folder))
    except (OSError, subprocess.CalledProcessError) as e:
        why = e.stderr.strip() if isinstance(e, subprocess.CalledProcessError) else e.strerror
        return (f"{folder} cannot be mounted for the network namespaces of labs ({why})",)
    return ()


def is_mounted(folder: Path, mountinfo: str) -> bool:
    """Whether something is mounted there; from /proc/self/mountinfo."""
    return any(line.split()[4] == str(folder) for line in mountinfo.splitlines())


def _mount(*arguments: str) -> None:
    subprocess.run(("/bin/mount", *arguments), check=True, capture_output=True, text=True)


@contextmanager
def _locked(folder: Path) -> Generator[None]:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)
