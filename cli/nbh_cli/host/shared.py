"""What all labs of a machine share of its kernel, and of which it has too little by itself.

The kernel charges a lab's memory for all of it: these numbers are no other bound that is needed.
systemd raises the last one likewise.
"""

from pathlib import Path

LEAST = {
    # 128 by itself, for all labs together; each has 64 (nbh_provisioner.engines.portions)
    "fs.inotify.max_user_instances": 65536,
    "fs.inotify.max_user_watches": 1048576,
    # a tenth of the memory's KiB by itself, which a lab's processes can have open
    "fs.file-max": 2**63 - 1,
}
"""sysctl(8)'s names."""


def too_little(root: Path = Path("/proc/sys")) -> dict[str, int]:
    """Those of which there is too little here, with how much there is."""
    found = {name: _number(_file(root, name)) for name in LEAST}
    return {name: number for name, number in found.items() if 0 <= number < LEAST[name]}


def raise_all(root: Path = Path("/proc/sys")) -> tuple[str, ...]:
    """Have enough of all until the next boot; what was done, or could not be, a sentence each."""
    return tuple(_raise(root, name, number) for name, number in too_little(root).items())


def _raise(root: Path, name: str, number: int) -> str:
    try:
        _file(root, name).write_text(f"{LEAST[name]}\n")
    except OSError as e:
        return f"{name} is {number}, and labs share it: {LEAST[name]} would do ({e.strerror})"
    return f"raised {name} from {number} to {LEAST[name]}: labs share it"


def _file(root: Path, name: str) -> Path:
    return root / name.replace(".", "/")


def _number(file: Path) -> int:
    """-1 where this machine has no such thing."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return -1
