"""Freezes and thaws labs: through podman, and the thaw's first step without it.

Podman takes some 12 ms for a thaw, since it starts its runtime for that. By the lab's control
group (cgroups(7)) it takes 0.2 ms (measured), and podman goes on calling the lab paused until it
is asked as well. The runtime must not mind then that the lab runs already: crun does not, runc
refuses to resume it.
"""

from pathlib import Path

from nbh_provisioner.engine import Running
from nbh_provisioner.engines import groups, libpod
from nbh_provisioner.engines.podman_api import Answered, PodmanApi

_RESUME_WHAT_RUNS = ("crun",)

_WARM = (("cgroup.freeze", "0"), ("freezer.state", "THAWED"))
"""In version 2 and in version 1 of control groups."""


def freeze(container: str, api: PodmanApi) -> None:
    """Let a container stand still, unless it does already."""
    _move(container, "pause", api, frozen=True)


def thaw(container: str, api: PodmanApi) -> None:
    """Let a container go on, unless it does already."""
    _move(container, "unpause", api, frozen=False)


def can_wake(api: PodmanApi) -> bool:
    """Whether podman's runtime resumes what was woken before."""
    return api.get("/info")["host"]["ociRuntime"]["name"] in _RESUME_WHAT_RUNS


def wake(running: Running) -> bool:
    """Let a lab go on, before podman is asked to thaw it; whether that could be done from here."""
    try:
        levels = list(groups.levels(running, "freezer", (file for file, _ in _WARM)))
        for level in levels:
            _warm(level)
    except OSError:
        return False
    return bool(levels)


def _warm(group: Path) -> None:
    for file, value in _WARM:
        if (group / file).exists():
            (group / file).write_text(value)


def _move(container: str, verb: str, api: PodmanApi, *, frozen: bool) -> None:
    try:
        api.post(f"/containers/{container}/{verb}")
    except Answered:
        if libpod.is_frozen(api.get(f"/containers/{container}/json")) != frozen:
            raise
