"""The images of our services, and stand-ins for the servers beside them where no registry answers:
built when they are missing or out of date."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nbh_cli import images
from nbh_cli.host import debian
from nbh_cli.host.podman import Podman
from nbh_cli.host.running import Say

_LENT = "/run/nbh-certificates.crt"
_SHARED = ("proto/nbh_proto", "kit/nbh_kit", "images/service", "scripts/import-all")


@dataclass(frozen=True, slots=True)
class ServiceImage:
    """One image, and what it is built from."""

    name: str
    recipe: str
    """The folder of its Containerfile under ``images/``."""

    arguments: tuple[tuple[str, str], ...]
    made_of: tuple[str, ...]

    @property
    def repository(self) -> str:
        """Its name for podman."""
        return f"localhost/nbhosting/{self.name}"


def _service(name: str, packages: str = "", *, folder: str = "") -> ServiceImage:
    folder = folder or f"services/{name}"
    given = (("SERVICE", name), ("FOLDER", folder), ("PACKAGES", packages))
    locks = ("locks/uv.txt", f"locks/{name}.txt")
    return ServiceImage(name, "service", given, (*_SHARED, *locks, f"{folder}/nbh_{name}"))


def _server(name: str, program: str) -> ServiceImage:
    given = (("SERVER", name), ("PROGRAM", program))
    return ServiceImage(name, "server", given, ("images/server", f"locks/{name}.txt"))


SERVICES = (
    _service("router"),
    _service("provisioner", "git nftables iproute2 util-linux"),
    _service("courses", "git openssh-client util-linux"),
    _service("builder", "util-linux"),
    _service("reaper"),
    _service("stats"),
    _service("cli", folder="cli"),
)
STAND_INS = (_server("nats", "nats-server"), _server("traefik", "traefik"))


async def build_all(podman: Podman, repository: Path, say: Say) -> tuple[str, ...]:
    """Build what is missing or out of date; returns the names of what was built.

    Stand-ins are made where Debian itself had to be made, for want of a registry.

    Raises:
        BuildFailed: podman could not build an image.
        NoDebian: there is nothing to build on.
    """
    async with images.alone(repository):
        on = await debian.image(podman, say)
        wanted = fingerprints(repository, (*SERVICES, *(STAND_INS if on == debian.MADE else ())))
        here = await images.built_here(podman)
        stale = [i for i, f in wanted.items() if here.get(i.repository) != f]
        for number, image in enumerate(stale, start=1):
            say(f"building {image.repository} ({number} of {len(stale)})")
            await _build(podman, repository, image, wanted[image], on, say)
        return tuple(image.repository for image in stale)


def fingerprints(
    repository: Path, of: tuple[ServiceImage, ...] = (*SERVICES, *STAND_INS)
) -> Mapping[ServiceImage, str]:
    """What each image is to be built from, as a hash."""
    return {i: images.digest_of(repository, i.made_of, repr(i.arguments)) for i in of}


async def _build(
    podman: Podman, repository: Path, image: ServiceImage, fingerprint: str, on: str, say: Say
) -> None:
    command = _command(repository, image, fingerprint, on, images.trusted())
    await images.build(podman, command, image.repository, say)


def _command(
    repository: Path, image: ServiceImage, fingerprint: str, on: str, certificates: Path | None
) -> tuple[str, ...]:
    """podman's arguments. The context is the repository; layers are kept, since images share most
    of them."""
    arguments = (("DEBIAN", on), *image.arguments)
    return (
        "build",
        "--layers",
        "--network=host",
        "--security-opt=label=disable",
        *(("--volume", f"{certificates}:{_LENT}:ro") if certificates else ()),
        *(word for name, value in arguments for word in ("--build-arg", f"{name}={value}")),
        *("--label", f"{images.LABEL}={fingerprint}"),
        *("--tag", f"{image.repository}:{fingerprint[:12]}"),
        *("--tag", f"{image.repository}:latest"),
        *("--file", str(repository.absolute() / "images" / image.recipe / "Containerfile")),
        str(repository),
    )
