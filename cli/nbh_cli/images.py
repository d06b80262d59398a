"""The images that labs run: built when they are missing or out of date."""

import asyncio
import contextlib
import fcntl
import hashlib
import os
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from nbh_cli.host import debian
from nbh_cli.host.failures import BuildFailed, CommandFailed
from nbh_cli.host.podman import Podman
from nbh_cli.host.running import Say, run

LABEL = "nbh.context"
"""The label that says what an image was built from: its fingerprint."""

_CERTIFICATES = (
    Path("/etc/ssl/certs/ca-certificates.crt"),
    Path("/etc/pki/tls/certs/ca-bundle.crt"),
    Path("/etc/ssl/ca-bundle.pem"),
)
_INSIDE = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True, slots=True)
class Image:
    """An image of ours, and the files of the repository that it is built from."""

    name: str
    made_of: tuple[str, ...]
    has_certificates: bool = True
    """Whether what it builds on has Debian's certificates, for the machine's to be laid over."""

    @property
    def repository(self) -> str:
        """Its name for podman. Courses' Dockerfiles leave ``localhost/`` away."""
        return f"localhost/nbhosting/{self.name}"


IMAGES = (
    Image("base", ("images/base",), has_certificates=False),
    Image(
        "minimal-notebook",
        (
            *("images/minimal-notebook", "images/extension"),
            *("locks/uv.txt", "locks/minimal-notebook.txt", "locks/extension.txt"),
        ),
    ),
    Image("scipy-notebook", ("images/scipy-notebook", "locks/scipy-notebook.txt")),
)
"""Each builds on the one before it."""


async def build_all(
    podman: Podman, repository: Path, say: Say, *, last: str = IMAGES[-1].name
) -> tuple[str, ...]:
    """Build what is missing or out of date; returns the names of what was built.

    ``repository`` is the root of our sources; ``last`` is the last image that is wanted, each
    being built on the one before it. Nothing to do takes a tenth of a second.

    Raises:
        BuildFailed: podman could not build an image.
        NoDebian: there is nothing to build on.
    """
    async with alone(repository):
        wanted = fingerprints(repository)
        stale = out_of_date(wanted, await built_here(podman), last)
        if not stale:
            return ()
        on = await debian.image(podman, say) if "base" in {each.name for each in stale} else ""
        for number, image in enumerate(stale, start=1):
            say(f"building {image.repository} ({number} of {len(stale)})")
            await _build(podman, repository, image, wanted[image.name], on, say)
        return tuple(image.repository for image in stale)


def fingerprints(repository: Path) -> dict[str, str]:
    """What each image is to be built from, as a hash. It holds what the image builds on."""
    known: dict[str, str] = {}
    before = ""
    for image in IMAGES:
        before = digest_of(repository, image.made_of, before)
        known[image.name] = before
    return known


def digest_of(repository: Path, made_of: Iterable[str], before: str) -> str:
    """What one image is to be built from: these files, and what it builds on."""
    digest = hashlib.sha256(before.encode())
    for path in _files(repository, made_of):
        runs = os.access(path, os.X_OK)
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(repository)} {runs} {content}\n".encode())
    return digest.hexdigest()


def _files(repository: Path, made_of: Iterable[str]) -> list[Path]:
    found: list[Path] = []
    for each in made_of:
        path = repository / each
        found += path.rglob("*") if path.is_dir() else [path]
    return sorted(path for path in found if not path.is_dir() and "__pycache__" not in path.parts)


def out_of_date(
    wanted: Mapping[str, str], built: Mapping[str, str], last: str = IMAGES[-1].name
) -> tuple[Image, ...]:
    """The images to build, in their order; ``built`` holds the fingerprints of those here."""
    needed = IMAGES[: [image.name for image in IMAGES].index(last) + 1]
    return tuple(image for image in needed if built.get(image.repository) != wanted[image.name])


class _Listed(msgspec.Struct):
    """What `podman images --format json` says of an image."""

    names: list[str] = msgspec.field(name="Names", default_factory=list)
    labels: dict[str, str] | None = msgspec.field(name="Labels", default=None)


async def built_here(podman: Podman) -> dict[str, str]:
    """The fingerprint of each image that is tagged `latest`, by its repository."""
    process = await asyncio.create_subprocess_exec(
        *podman.command("images", "--filter", f"label={LABEL}", "--format", "json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **podman.environment},
    )
    out, err = await process.communicate()
    if process.returncode:
        said = err.decode(errors="replace").splitlines()
        raise CommandFailed("podman images", process.returncode, said)
    return {
        name.removesuffix(":latest"): (listed.labels or {})[LABEL]
        for listed in msgspec.json.decode(out or b"[]", type=list[_Listed])
        for name in listed.names
        if name.endswith(":latest")
    }


async def _build(
    podman: Podman, repository: Path, image: Image, fingerprint: str, on: str, say: Say
) -> None:
    command = build_command(repository, image, fingerprint, on, trusted())
    await build(podman, command, image.repository, say)


async def build(podman: Podman, command: Sequence[str], made: str, say: Say) -> None:
    """Have podman build an image, which is called ``made`` to whoever waits.

    Raises:
        BuildFailed: it cannot be built; says how its output ended.
    """
    what = f"building {made}"
    try:
        await run(podman.command(*command), what=what, say=say, environment=podman.environment)
    except CommandFailed as e:
        raise BuildFailed(what, e.status, e.said) from e


def build_command(
    repository: Path, image: Image, fingerprint: str, on: str, certificates: Path | None
) -> tuple[str, ...]:
    """podman's arguments. The context is the repository.

    The machine's certificates are laid over the image's while it is built, since a proxy on the
    way out may present its own; they are not in the image.
    """
    lent: Sequence[str] = ()
    if image.has_certificates and certificates:
        lent = ("--volume", f"{certificates}:{_INSIDE}:ro")
    return (
        "build",
        "--layers=false",
        "--network=host",
        "--security-opt=label=disable",
        *lent,
        *(("--build-arg", f"DEBIAN={on}") if image.name == "base" else ()),
        *("--label", f"{LABEL}={fingerprint}"),
        *("--tag", f"{image.repository}:{fingerprint[:12]}"),
        *("--tag", f"{image.repository}:latest"),
        # with its full path: podman looks in its own working directory first
        *("--file", str(repository.absolute() / "images" / image.name / "Containerfile")),
        str(repository),
    )


def trusted(candidates: Iterable[Path] = _CERTIFICATES) -> Path | None:
    """The certificates that this machine trusts; None where nobody knows."""
    return next((path for path in candidates if path.exists()), None)


@asynccontextmanager
async def alone(repository: Path) -> AsyncGenerator[None]:
    """One builder at a time: the second finds everything built."""
    folder = os.open(repository / "images", os.O_RDONLY | os.O_DIRECTORY)
    try:
        while not _locked(folder):  # noqa: ASYNC110  # nobody tells us when another process is done
            await asyncio.sleep(0.2)
        yield
    finally:
        os.close(folder)


def _locked(file: int) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
