"""The Debian that images are built on: pulled, or made with debootstrap. Two ways to one base."""

import asyncio
import os
import shutil
import tempfile
from pathlib import Path

from nbh_cli.host.failures import CommandFailed, NoDebian
from nbh_cli.host.podman import Podman
from nbh_cli.host.running import Say, end, run

RELEASE = "bookworm"
PULLED = f"debian:{RELEASE}-slim"
VARIABLE = "NBH_DEBIAN_IMAGE"
"""Of the environment: another than the one that is pulled, or the same by digest."""

MADE = f"localhost/debian:{RELEASE}"

_REGISTRY_ANSWERS_WITHIN = 6.0
_FIRST_SIGN = "Getting image source signatures"
"""What podman says when a registry has answered, and before it downloads anything large."""

_LEFT_OUT = ("usr/share/doc/*", "usr/share/man/*", "usr/share/locale/*", "usr/share/info/*")
"""What Debian's own slim image leaves out, and lists and packages that were only for building."""
_LEFTOVERS = ("var/cache/apt/archives/*.deb", "var/lib/apt/lists/*", "var/log/bootstrap.log")


async def image(podman: Podman, say: Say) -> str:
    """The name of an image of Debian that is here: an earlier one, a pulled one, or a new one.

    Raises:
        NoDebian: no registry answered, and debootstrap cannot or did not make one.
    """
    wanted = os.environ.get(VARIABLE) or PULLED
    for name in (wanted, MADE):
        if await _is_here(podman, name):
            return name
    say(f"pulling {wanted}")
    if await pulled(podman, wanted, say):
        return wanted
    say("no registry answers: making Debian with debootstrap")
    await _make(podman, say)
    return MADE


async def _is_here(podman: Podman, name: str) -> bool:
    try:
        await run(
            podman.command("image", "exists", name),
            what="podman image exists",
            say=lambda _: None,
            environment=podman.environment,
        )
    except CommandFailed:
        return False
    return True


async def pulled(
    podman: Podman, name: str, say: Say, within: float = _REGISTRY_ANSWERS_WITHIN
) -> bool:
    """Pull an image; False when no registry has it, or none has answered after so many seconds."""
    answered = asyncio.Event()

    def hear(line: str) -> None:
        if line.startswith(_FIRST_SIGN):
            answered.set()
        say(line)

    pulling = asyncio.create_task(
        run(
            podman.command("pull", name),
            what=f"podman pull {name}",
            say=hear,
            environment=podman.environment,
        )
    )
    try:
        await _first(pulling, answered, within)
        await pulling
    except (CommandFailed, TimeoutError):
        return False
    finally:
        await _cancelled(pulling)
    return True


async def _first(pulling: asyncio.Task[str], answered: asyncio.Event, within: float) -> None:
    """Wait until the pull has had its first answer, or has ended.

    Raises:
        TimeoutError: neither happened within so many seconds.
    """
    hearing = asyncio.create_task(answered.wait())
    try:
        done, _ = await asyncio.wait(
            (pulling, hearing), timeout=within, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        await _cancelled(hearing)
    if not done:
        raise TimeoutError


async def _cancelled(task: asyncio.Task[str] | asyncio.Task[bool]) -> None:
    task.cancel()
    await asyncio.wait((task,))


async def _make(podman: Podman, say: Say) -> None:
    if os.geteuid() != 0:
        raise NoDebian("debootstrap needs root")
    if not shutil.which("debootstrap"):
        raise NoDebian("debootstrap is not installed")
    with tempfile.TemporaryDirectory(prefix="nbh-debian-", dir="/var/tmp") as folder:
        root = Path(folder)
        try:
            await run(_debootstrap(root), what="debootstrap", say=say)
            _finish(root)
            await _import(podman, root, say)
        except CommandFailed as e:
            raise NoDebian(str(e)) from e


def _debootstrap(root: Path) -> tuple[str, ...]:
    # What it mounts and, when it fails, leaves mounted goes with the namespace.
    alone = ("unshare", "--mount", "--")
    return (*alone, "debootstrap", "--variant=minbase", RELEASE, str(root))


def _finish(root: Path) -> None:
    sources = root / "etc/apt/sources.list"
    sources.write_text(with_updates(sources.read_text()))
    for pattern in (*_LEFT_OUT, *_LEFTOVERS):
        for path in root.glob(pattern):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def with_updates(sources: str) -> str:
    """sources.list(5) with updates and security beside the release, from the same mirror."""
    _, mirror, release, *parts = sources.split()
    mirror = mirror.rstrip("/")
    suites = (
        (mirror, release),
        (mirror, f"{release}-updates"),
        (f"{mirror}-security", f"{release}-security"),
    )
    return "".join(f"deb {where} {suite} {' '.join(parts)}\n" for where, suite in suites)


async def _import(podman: Podman, root: Path, say: Say) -> None:
    """Make an image of a folder, without a copy of it on the way."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as from_tar:
        with os.fdopen(writing, "wb") as to_podman:
            tar = await asyncio.create_subprocess_exec(
                "tar", "--directory", str(root), "--create", ".", stdout=to_podman
            )
        try:
            await run(
                podman.command("import", "-", MADE),
                what="podman import",
                say=say,
                environment=podman.environment,
                stdin=from_tar.fileno(),
            )
            if status := await tar.wait():
                raise CommandFailed("tar", status, ())
        finally:
            await end(tar)
