"""What can be wrong with a machine, each in a sentence that says what to do.

HostFailure
├── PackagesMissing     system packages; one command installs them
├── PodmanUnfit         podman is there and cannot serve
│   ├── PodmanTooOld
│   └── PodmanSilent    its API does not answer
├── CommandFailed       a program ended with an error
│   └── BuildFailed     podman could not build an image
└── NoDebian            neither a registry nor debootstrap gave a base image
"""

from collections.abc import Sequence


class HostFailure(RuntimeError):
    """This machine cannot do what was asked; the sentence is for its operator."""


class PackagesMissing(HostFailure):
    """System packages are missing, and we may not or cannot install them."""

    def __init__(self, packages: Sequence[str], command: str | None) -> None:
        how = f"install them with: {command}" if command else "install them and try again"
        super().__init__(f"missing on this machine: {', '.join(packages)}; {how}")
        self.packages = tuple(packages)
        self.command = command


class PodmanUnfit(HostFailure):
    """podman is installed and cannot be used."""


class PodmanTooOld(PodmanUnfit):
    """An older podman than we have ever tried."""

    def __init__(self, found: str, least: str) -> None:
        super().__init__(f"podman {found} is too old: {least} or later is needed")


class PodmanSilent(PodmanUnfit):
    """podman's API ended, or did not answer in time."""

    def __init__(self, how: str, said: str) -> None:
        super().__init__(f"podman's API {how}" + (f"; it said: {said}" if said else ""))
        self.said = said


class CommandFailed(HostFailure):
    """A program that we ran ended with an error."""

    def __init__(self, what: str, status: int, said: Sequence[str]) -> None:
        tail = "\n".join(f"  {line}" for line in said)
        super().__init__(f"{what} failed (status {status})" + (f":\n{tail}" if tail else ""))
        self.status = status
        self.said = tuple(said)


class BuildFailed(CommandFailed):
    """podman could not build an image; it has podman's last lines."""


class NoDebian(HostFailure):
    """No Debian to build images on."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"no registry gave the base image, and {why}; "
            "let this machine reach a registry, or run this as root with debootstrap installed"
        )
