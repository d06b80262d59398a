"""Makes this machine ready: system packages, podman, images. What it may not do it names."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from nbh_cli import images, service_images
from nbh_cli.host import machine, packages
from nbh_cli.host import podman as podmans
from nbh_cli.host.failures import HostFailure, PackagesMissing
from nbh_cli.host.packages import NEEDS, Install, Need, Tell
from nbh_cli.host.podman import Podman
from nbh_cli.host.running import Say, run
from nbh_cli.steps import Steps

CHROMIUM = Need("chromium", "chromium fonts-dejavu-core", "chromium")
FOR_TESTS = (
    Need("strace", "strace", "strace"),
    Need("php", "php-cli", "php-cli"),
    Need("node", "nodejs", "nodejs"),
    Need("openssl", "openssl", "openssl"),
    Need("caddy", "caddy", "caddy"),
    Need("mkfs.btrfs", "btrfs-progs", "btrfs-progs"),
    Need("mkfs.xfs", "xfsprogs", "xfsprogs"),
)
"""What tests need beside what labs need: a browser, a tracer that kills writers at each step, the
languages of the signers under examples/, what makes a certificate, an ACME server, file systems
with quotas."""

PROMETHEUS = (Need("promtool", "prometheus", "golang-github-prometheus"),)
"""What says whether the alerts under examples/ fire."""

OTHER_KERNEL = (Need("linux.uml", "user-mode-linux", "user-mode-linux"),)
"""A kernel with project quotas, which this machine's may lack. Not every system has it."""

_CHROMIUM_TOO = ("chromium", "chromium-browser", "google-chrome")

REPOSITORY = Path(__file__).parents[2]
"""Our sources, where images are built from; only in a checkout."""


async def for_labs(steps: Steps, folder: Path) -> Podman:
    """Packages, podman and images, so that labs can run; podman's own files go to ``folder``.

    Raises:
        HostFailure: something is missing that we may not or cannot make; says what to do.
    """
    podman = await _podman(steps, folder)
    await build_images(steps, podman)
    return podman


async def for_services(steps: Steps, folder: Path) -> Podman:
    """The same for our services in containers.

    Raises:
        HostFailure: something is missing that we may not or cannot make; says what to do.
    """
    podman = await _podman(steps, folder)
    _check_that_this_is_a_checkout()
    with steps.step("images of our services") as say:
        built = await service_images.build_all(podman, REPOSITORY, say)
    for image in service_images.STAND_INS:
        if image.repository in built:
            variable = f"NBH_{image.name.upper()}_IMAGE"
            steps.tell(f"  no registry answers; into .env: {variable}={image.repository}")
    return podman


async def _podman(steps: Steps, folder: Path) -> Podman:
    await have(steps, NEEDS)
    podman = podmans.prepare(machine.look(), folder)
    for note in podman.notes:
        steps.tell(f"  {note}")
    return podman


def _check_that_this_is_a_checkout() -> None:
    if not (REPOSITORY / "images").is_dir():
        raise HostFailure(f"images are built from a checkout of nbhosting; {REPOSITORY} is none")


async def for_tests(steps: Steps) -> None:
    """The same, and what only tests need. What cannot be had is told, and tests skip with it."""
    with tempfile.TemporaryDirectory(prefix="nbh-podman-") as folder:
        try:
            await for_labs(steps, Path(folder))
        except HostFailure as e:
            steps.tell(f"! {e}")
    browser = () if any(map(shutil.which, _CHROMIUM_TOO)) else (CHROMIUM,)
    for needs in ((*browser, *FOR_TESTS), PROMETHEUS, OTHER_KERNEL):
        try:
            await have(steps, needs)
        except HostFailure as e:
            steps.tell(f"! {e}")


async def have(steps: Steps, needs: Sequence[Need]) -> None:
    """Have these packages here: installs what is missing if it may.

    Raises:
        PackagesMissing: a person has to install them; it has the command.
        HostFailure: the package manager failed.
    """
    missing = packages.missing(needs)
    if not missing:
        return
    here = machine.look()
    names = [need.package(packages.family(here.distributions)) for need in missing]
    match packages.plan(here, missing):
        case Tell(command):
            raise PackagesMissing(names, command)
        case Install(commands):
            with steps.step(f"installing {', '.join(names)}") as say:
                await _run_all(commands, say)
    if still := packages.missing(needs):
        raise PackagesMissing(tuple(need.what for need in still), None)


async def build_images(steps: Steps, podman: Podman) -> None:
    """Build the images that are missing or older than their sources.

    Raises:
        HostFailure: podman could not build one, or there is nothing to build it on.
    """
    _check_that_this_is_a_checkout()
    with steps.step("images that students run in") as say:
        await images.build_all(podman, REPOSITORY, say)


async def _run_all(commands: Sequence[Sequence[str]], say: Say) -> None:
    for command in commands:
        await run(command, what=" ".join(command[:4]), say=say)
