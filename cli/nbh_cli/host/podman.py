"""How podman is run on this machine: found out, never assumed."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nbh_cli.host import namespaces, shared
from nbh_cli.host.failures import PackagesMissing, PodmanTooOld
from nbh_cli.host.machine import UNIFIED, Machine

LEAST = (4, 3)
_READS_OVERRIDES = (4, 6)

_SUBIDS = "containers:2147483647:2147483648"
"""The range that podman's own documentation gives to `--userns=auto`."""


@dataclass(frozen=True, slots=True)
class Ulimit:
    """One limit of setrlimit(2), under the name that podman knows it by."""

    name: str
    soft: int
    hard: int

    def for_api(self) -> dict[str, str | int]:
        """One element of ``ulimits`` in podman-py's `containers.create`."""
        return {"Name": self.name, "Soft": self.soft, "Hard": self.hard}


@dataclass(frozen=True, slots=True)
class Podman:
    """A podman that works here."""

    program: str

    environment: Mapping[str, str] = field(default_factory=dict)
    """What every call of podman needs in addition to our own environment."""

    ulimits: tuple[Ulimit, ...] = ()
    """What every container made through the API must bring; empty where podman's own hold."""

    notes: tuple[str, ...] = ()
    """What was changed on this machine, a sentence each, for its operator."""

    def command(self, *arguments: str) -> tuple[str, ...]:
        """The command line of one call, to run with `environment`."""
        return (self.program, *arguments)

    def service(self, socket: Path) -> tuple[str, ...]:
        """The command line of the API's server: runs until it is terminated."""
        return self.command("system", "service", "--time=0", f"unix://{socket}")


def prepare(machine: Machine, folder: Path) -> Podman:
    """Find podman, and write into ``folder`` what it needs to run here.

    The folder must stay as long as containers do: what cleans up after one reads it.

    On hosts with hybrid cgroups, crun is started in a mount namespace of its own in which it does
    not see version 2. Only crun: when podman itself ran in one, the network namespaces it made
    were gone with it, and after a restart of its API it could not even list its containers.

    Raises:
        PackagesMissing: there is no podman, or no crun.
        PodmanTooOld: it is older than `LEAST`.
        OSError: the folder, or /etc/subuid and /etc/subgid, cannot be written.
    """
    program, version = _program("podman"), _version()
    if version < LEAST:
        raise PodmanTooOld(_dotted(version), _dotted(LEAST))
    ulimits = limits_within(machine)
    crun = _crun_without_version_2(folder) if machine.hybrid_cgroups else None
    notes = _changed_as_root() if machine.root else ()
    conf = containers_conf(ulimits, crun)
    environment = {}
    if conf:
        where = _written(folder / "containers.conf", conf)
        environment[config_variable(version)] = str(where)
    return Podman(program, environment, ulimits, notes)


def limits_within(machine: Machine) -> tuple[Ulimit, ...]:
    """Limits that containers can be given on a machine where podman's own are too high."""
    if machine.may_raise_limits:
        return ()
    return (
        _ulimit("nofile", 4096, 8192, machine.most_files),
        _ulimit("nproc", 4096, 4096, machine.most_processes),
    )


def _ulimit(name: str, soft: int, hard: int, most: int) -> Ulimit:
    most = hard if most < 0 else min(hard, most)
    return Ulimit(name, min(soft, most), most)


def containers_conf(ulimits: tuple[Ulimit, ...], crun: Path | None) -> str:
    """The containers.conf(5) of our own; empty where podman needs nothing said."""
    said = []
    if ulimits:
        each = ", ".join(f'"{limit.name}={limit.soft}:{limit.hard}"' for limit in ulimits)
        said += ["[containers]", f"default_ulimits = [{each}]"]
    if crun:
        said += ["[engine]", 'runtime = "crun"', "[engine.runtimes]", f'crun = ["{crun}"]']
    return "".join(f"{line}\n" for line in said)


def config_variable(version: tuple[int, ...]) -> str:
    """What names our containers.conf: in addition to the machine's, where podman can do so."""
    if version >= _READS_OVERRIDES:
        return "CONTAINERS_CONF_OVERRIDE"
    return "CONTAINERS_CONF"


def crun_without_version_2(crun: str) -> str:
    """A program that is crun, in a mount namespace of its own without cgroup version 2."""
    return (
        "#!/bin/sh\n"
        "# crun refuses to run where cgroup version 2 is mounted beside version 1.\n"
        "# Slave: a container may want to see what is mounted later (compose.yaml, /run/netns).\n"
        "exec unshare --mount --propagation slave -- "
        f'sh -c \'umount {UNIFIED} && exec {crun} "$@"\' crun "$@"\n'
    )


def missing_subids(existing: str) -> str | None:
    """The line that subuid(5) needs for `--userns=auto`; None if it has one."""
    if any(line.startswith("containers:") for line in existing.splitlines()):
        return None
    return ("" if not existing or existing.endswith("\n") else "\n") + _SUBIDS + "\n"


def _changed_as_root() -> tuple[str, ...]:
    return (*_ensure_subids(), *shared.raise_all(), *namespaces.ensure_folder())


def _ensure_subids() -> tuple[str, ...]:
    notes = []
    for name in ("/etc/subuid", "/etc/subgid"):
        path = Path(name)
        line = missing_subids(path.read_text() if path.exists() else "")
        if line:
            with path.open("a") as file:
                file.write(line)
            notes.append(f"added {_SUBIDS} to {name}, for the user namespaces of labs")
    return tuple(notes)


def _crun_without_version_2(folder: Path) -> Path:
    path = _written(folder / "crun", crun_without_version_2(_program("crun")))
    path.chmod(0o755)
    return path


def _written(path: Path, text: str) -> Path:
    """The file with this text. One that runs already is left alone: containers may use it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        new = path.with_name(f"{path.name}.new")
        new.write_text(text)
        new.chmod(0o755 if text.startswith("#!") else 0o644)
        new.replace(path)
    return path


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/bin:/usr/sbin:/usr/local/bin")
    if not found:
        raise PackagesMissing((name,), None)
    return found


def _version() -> tuple[int, ...]:
    said = subprocess.run(
        (_program("podman"), "--version"), capture_output=True, text=True, check=False
    )
    return version_in(said.stdout)


def version_in(said: str) -> tuple[int, ...]:
    """(4, 3, 1) of "podman version 4.3.1"; () if there is no number."""
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", said)
    return tuple(int(part) for part in found.groups() if part) if found else ()


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version) or "(unknown)"
