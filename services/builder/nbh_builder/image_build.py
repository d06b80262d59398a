"""Builds an image from a course's Dockerfile (I2, S-45).

What podman 4.3 gives through its API, and is used: a network namespace of its own, few
capabilities, the default seccomp filter, no swap, memory and processor limits. A user namespace
is not: with one, the second RUN of any Dockerfile fails there (docs/adr).
"""

import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from nbh_builder import context, guard, lines
from nbh_builder.context import Lent
from nbh_builder.dockerfile import Dockerfile
from nbh_builder.failure import BuildError
from nbh_builder.podman_api import Answered, PodmanApi
from nbh_builder.steps import Steps

_DROPPED = (
    "CAP_AUDIT_WRITE",
    "CAP_MKNOD",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_RAW",
    "CAP_SETFCAP",
    "CAP_SETPCAP",
    "CAP_SYS_CHROOT",
)
"""What is left is what apt-get and pip need: to give files away, and to become another user."""

_CPU_PERIOD = 100_000
_KILLED = "exit status 137"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What each RUN may use. Memory in bytes."""

    memory: int
    cpus: float
    processes: int
    network: str
    """``own`` for one with a way out and nothing of this machine in it, or ``host``."""


class ImageBuild:
    """One build, whose RUNs carry a mark."""

    def __init__(
        self, api: PodmanApi, limits: Limits, lending: Sequence[Lent], mark: str, scratch: Path
    ) -> None:
        self._api = api
        self._scratch = scratch
        self._limits = limits
        self._lending = (*lending, Lent(b"\n", f"/run/{mark}"))
        self._mark = mark
        self._steps: Steps | None = None

    def bases(self, dockerfile: Dockerfile, *, newest: bool, hear: Callable[[str], None]) -> str:
        """Have the images that it builds on here; a hash of them.

        Raises:
            BuildError: one is not here, and no registry has it.
        """
        ids = []
        for name in dockerfile.bases:
            there = self._api.image_id(name)
            if not there or (newest and not self._is_local(name)):
                hear(f"pulling {name}")
                there = self._pulled(name) or there
            if not there:
                why = f"there is no image {name} on this machine, nor in a registry it may ask"
                raise BuildError("base-missing", why)
            ids.append(there)
        return hashlib.sha256("\n".join(ids).encode()).hexdigest()

    def _is_local(self, name: str) -> bool:
        """Whether it was made on this machine: no registry has a newer one."""
        found = self._api.get(f"/images/{quote(name, safe='')}/json")
        tags = found.get("RepoTags") or []
        return any(tag.startswith("localhost/") for tag in tags)

    def _pulled(self, name: str) -> str:
        try:
            with self._api.streaming("post", "/images/pull", reference=name) as pieces:
                said = list(pieces)
        except Answered as e:
            raise BuildError("base-missing", f"{name}: {e.text}") from e
        if b'"error"' in b"".join(said)[-4000:]:
            return ""
        return self._api.image_id(name)

    def run(
        self,
        folder: Path,
        dockerfile: Dockerfile,
        *,
        tag: str,
        labels: Mapping[str, str],
        hear: Callable[[str], None],
    ) -> str:
        """Build, and return the image's id.

        Raises:
            BuildError: a step failed.
        """
        built, self._steps = lines.Built(), Steps(dockerfile)
        with tempfile.TemporaryFile(dir=self._scratch) as archive:
            context.write(archive, folder, dockerfile, self._lending)
            archive.seek(0)
            try:
                with self._api.streaming(
                    "post", "/build", body=archive, **self._parameters(tag, labels)
                ) as pieces:
                    for line in built.lines(pieces):
                        self._steps.hear(line)
                        hear(line)
            except Answered as e:
                raise BuildError("step-failed", e.text) from e
        if built.error or not built.image_id:
            raise _failure(built.error, self._steps)
        return built.image_id

    def located(self, failure: BuildError) -> BuildError:
        """A failure of `run`, or why it was ended, with the instruction at which that was."""
        where = self._steps.where if self._steps else ""
        return BuildError(
            failure.reason, f"{where}: {failure.detail}" if where else failure.detail
        )

    def look(self) -> None:
        """Limit what podman does not."""
        guard.limit_processes(self._mark, self._limits.processes)

    def end(self) -> None:
        """End what runs; podman then ends the build."""
        guard.end(self._mark)

    def _parameters(self, tag: str, labels: Mapping[str, str]) -> dict[str, Any]:
        limits = self._limits
        own = limits.network == "own"
        return {
            "dockerfile": context.DOCKERFILE,
            "t": tag,
            # Nothing is kept of what fails, and nothing of an older day is taken for new.
            "layers": "false",
            "rm": "true",
            "forcerm": "true",
            "outputformat": "application/vnd.oci.image.manifest.v1+json",
            "labels": _json(labels),
            "nsoptions": _json([{"Name": "network", "Host": not own, "Path": ""}]),
            "dropcaps": _json(_DROPPED),
            "memory": str(limits.memory),
            "memswap": str(limits.memory),
            "cpuperiod": str(_CPU_PERIOD),
            "cpuquota": str(round(limits.cpus * _CPU_PERIOD)),
            "ulimits": _json(["nofile=4096:8192", "core=0:0"]),
            "secrets": _json(context.secrets(self._lending)),
        }


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _failure(error: str, steps: Steps) -> BuildError:
    if _KILLED in error:
        why = "it was killed: it needs more memory than it may have (builder.memory)"
        return BuildError("out-of-memory", why)
    why = steps.why(error) or "podman built no image and does not say why"
    return BuildError("disk-full" if "no space left" in error else "step-failed", why)
