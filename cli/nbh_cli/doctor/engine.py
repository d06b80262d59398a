"""podman: whether it is there, new enough, answers, and has the images that labs start from."""

from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

import msgspec

from nbh_cli import images
from nbh_cli.doctor.finding import Finding, error, note, ok, warning
from nbh_cli.host import podman
from nbh_cli.host.machine import Machine
from nbh_cli.host.packages import Install, Need, plan
from nbh_kit import asking

_FEW_LOCKS = 200
_AWAY = (OSError, ValueError, TimeoutError, msgspec.MsgspecError)


def programs(missing: Iterable[Need], here: Machine) -> Finding:
    """Whether all that runs labs is installed."""
    needs = tuple(missing)
    if not needs:
        return ok("programs", "all are installed")
    match plan(here, needs):
        case Install():
            advice = "nbh host prepare"
        case tell:
            advice = tell.command or "install them with this system's package manager"
    names = ", ".join(need.what for need in needs)
    return error("programs", f"missing on this machine: {names}", advice)


def version(said: str) -> Finding:
    """Whether podman is new enough; from `podman --version`."""
    found = podman.version_in(said)
    least = ".".join(map(str, podman.LEAST))
    number = ".".join(map(str, found)) or "unknown"
    if found < podman.LEAST:
        return error(
            "podman",
            f"podman {number} is too old: {least} or later is needed",
            "upgrade the distribution: Debian 12 and Ubuntu 24.04 have one that is new enough",
        )
    return ok("podman", number)


class _Host(msgspec.Struct):
    free_locks: int | None = msgspec.field(name="freeLocks", default=None)


class _Info(msgspec.Struct):
    host: _Host


async def answers(socket: Path, *, runs: bool) -> Finding:
    """Whether podman's API is there, and can make many more containers."""
    try:
        _, body = await asking.get_at(socket, "/v4.0.0/libpod/info")
        info = msgspec.json.decode(body, type=_Info)
    except _AWAY as e:
        if not runs:
            return note("engine", "podman's API was not looked at: the system does not run")
        return error(
            "engine",
            f"podman's API does not answer at {socket}: {e or 'no answer in time'}",
            f"labs that run go on. Its last words are in {socket.parent}/podman.log and in the "
            "log of `nbh up`; `podman info` on the machine says whether it works at all",
        )
    return _locks(info.host.free_locks)


def _locks(left: int | None) -> Finding:
    """Each container takes a lock; podman before 4.6 does not say how many are left."""
    if left is not None and left < _FEW_LOCKS:
        return warning(
            "engine",
            f"podman can make {left} more containers",
            "raise num_locks in /etc/containers/containers.conf, then `podman system renumber` "
            "while nothing runs",
        )
    return ok("engine", "podman answers")


class _Image(msgspec.Struct):
    labels: dict[str, str] | None = msgspec.field(name="Labels", default=None)


async def image(socket: Path, name: str, courses: Iterable[str]) -> Finding:
    """Whether an image that labs of these courses start from is there."""
    path = f"/v4.0.0/libpod/images/{quote(name, safe='')}/json"
    try:
        status, _ = await asking.get_at(socket, path)
        if status == 200:
            return ok("images", f"{name} is there")
    except _AWAY as e:
        return note("images", f"{name} was not looked at: podman does not answer ({e})")
    whose = ", ".join(courses) or "courses that name none"
    ours = name.removeprefix("localhost/").startswith("nbhosting/")
    mend = "nbh images" if ours else f"nbh course build {next(iter(courses), 'COURSE')}"
    return error(
        "images", f"there is no image {name}, so no lab of {whose} starts", f"{mend}, or pull it"
    )


async def built_from(socket: Path) -> AsyncIterator[tuple[str, str]]:
    """What each of our own images here was built from."""
    for own in images.IMAGES:
        path = f"/v4.0.0/libpod/images/{quote(f'{own.repository}:latest', safe='')}/json"
        status, body = await asking.get_at(socket, path)
        if status == 200:
            labels = msgspec.json.decode(body, type=_Image).labels or {}
            yield own.repository, labels.get(images.LABEL, "")


def current(wanted: Mapping[str, str], built: Mapping[str, str]) -> Finding:
    """Whether our images here are of this version of nbhosting."""
    old = [own.name for own in images.out_of_date(wanted, built) if own.repository in built]
    if old:
        return warning(
            "images",
            f"older than this version of nbhosting: {', '.join(old)}",
            "nbh images; labs that run keep theirs, new ones get the new one",
        )
    return ok("images", "our own are of this version")
