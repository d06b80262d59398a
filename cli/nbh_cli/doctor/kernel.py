"""What labs need of the kernel: control groups, ranges of users, what they share, time, memory."""

import ctypes
from pathlib import Path

from nbh_cli import units
from nbh_cli.doctor.finding import Finding, error, note, ok, warning
from nbh_cli.host import machine, podman, shared
from nbh_kit.config import Config

ROOT = Path("/")

_CONTROLLERS = {"cpu", "memory", "pids"}
_TIME_ERROR = 5
"""adjtimex(2): nobody keeps the clock right."""

_TIMEX_BYTES = 256
_SERVICES_BYTES = 512 * 1024**2
"""What our own processes take, measured, with some to spare."""

_LAB_BYTES = 150 * 1024**2
"""A lab with one notebook and its kernel, measured: 110 to 150 MiB."""

_FEW_LABS = 10


def control_groups(root: Path = ROOT) -> Finding:
    """Whether memory, processors and processes of labs can be bounded."""
    version_2 = root / "sys/fs/cgroup/cgroup.controllers"
    if version_2.exists():
        missing = _CONTROLLERS - set(version_2.read_text().split())
        version = 2
    else:
        missing = _CONTROLLERS - _of_version_1((root / "proc/cgroups").read_text())
        version = 1
    if missing:
        what = ", ".join(sorted(missing))
        return error(
            "cgroups",
            f"the kernel does not bound {what} of control groups, so labs cannot be bounded",
            "take `cgroup_disable=…` out of the kernel's command line, or on a small board add "
            "`cgroup_enable=memory`; then restart the machine",
        )
    if machine.hybrid_cgroups((root / "proc/self/mounts").read_text()):
        return note(
            "cgroups", "version 1 with version 2 beside it; crun is run without the latter"
        )
    return ok("cgroups", f"version {version}")


def _of_version_1(cgroups: str) -> set[str]:
    rows = (line.split() for line in cgroups.splitlines() if line[:1] != "#")
    return {name for name, _, _, enabled in rows if enabled == "1"}


def user_ranges(root: Path = ROOT) -> Finding:
    """Whether each lab can have users of its own."""
    lacking = [
        f"/{name}"
        for name in ("etc/subuid", "etc/subgid")
        if podman.missing_subids(_text(root / name))
    ]
    if lacking:
        return error(
            "subuid",
            f"{' and '.join(lacking)}: no line that begins with `containers:`",
            f"`nbh host prepare` adds it, or: "
            f"echo containers:2147483647:2147483648 | tee --append {' '.join(lacking)}",
        )
    return ok("subuid", "labs can have user namespaces of their own")


def shared_kernel(root: Path = ROOT) -> Finding:
    """Whether there is enough of what all labs share."""
    lacking = shared.too_little(root / "proc/sys")
    if lacking:
        said = ", ".join(f"{name} is {number}" for name, number in lacking.items())
        mend = " ".join(f"{name}={shared.LEAST[name]}" for name in lacking)
        return warning(
            "sysctl",
            f"all labs together have too little: {said}",
            f"`nbh up` raises it when it starts as root; by hand: sysctl {mend}",
        )
    return ok("sysctl", "enough for many labs")


def clock_state() -> int:
    """What the kernel says of its clock (adjtimex(2)); -1 if it says nothing."""
    return int(
        ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    )


def clock(state: int) -> Finding:
    """Whether somebody keeps the clock right: signed links are good for a time."""
    if state == _TIME_ERROR:
        return warning(
            "clock",
            "nobody keeps this machine's clock right; links are refused when it is wrong",
            "install chrony, or: timedatectl set-ntp true. In a container the host's clock counts",
        )
    return ok("clock", "it is kept right")


def memory(config: Config, root: Path = ROOT) -> Finding:
    """Whether labs as they are configured fit into this machine."""
    total = _total(_text(root / "proc/meminfo"))
    if config.lab.memory > total:
        return error(
            "memory",
            f"one lab may take {units.sized(config.lab.memory)}, and this machine has "
            f"{units.sized(total)}: one student can take all of it",
            "set lab.memory to a quarter of the machine's memory at most",
        )
    usable = min(config.provisioner.memory_share * total, total - config.provisioner.free_memory)
    room = max(0, int((usable - _SERVICES_BYTES) / _LAB_BYTES))
    says = f"{units.sized(total)}: room for some {room} labs with a small notebook each"
    if room < _FEW_LABS:
        return warning(
            "memory", says, "give the machine more memory: 150 MiB for each student at a time"
        )
    return ok("memory", says)


def _total(meminfo: str) -> int:
    rows = (line.split() for line in meminfo.splitlines())
    return next((int(row[1]) * 1024 for row in rows if row[0] == "MemTotal:"), 0)


def _text(file: Path) -> str:
    return file.read_text() if file.exists() else ""
