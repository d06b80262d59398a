"""What a site has on this machine beside its own folders, and what is left of it later."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nbh_kit import namespaces, walls
from tests.sudden_ends import what_runs_of

_KEPT_BY_ID = (
    "/run/libpod/exits",
    "/run/crun",
    "/var/lib/containers/storage/overlay-containers",
    "/run/containers/storage/overlay-containers",
)
_GROUPS = Path("/sys/fs/cgroup")


class Traces:
    """Of a site whose labs run, as of now."""

    def __init__(self, site: str) -> None:
        self._site = site
        (network,) = json.loads(_said("podman", "network", "inspect", f"{site}-labs"))
        self._bridge = network["network_interface"]
        self._subnets = [each["subnet"] for each in network["subnets"]]
        self.namespaces = namespaces.on_bridge(self._bridge)
        self.containers = frozenset(_containers(site))
        assert self.namespaces
        assert self.containers

    def left(self) -> list[str]:
        """What there still is, a line each."""
        return [
            *_containers(self._site),
            *(line for id_ in self.containers for line in what_runs_of(id_)),
            *(f"{f}/{c}" for f in _KEPT_BY_ID for c in self.containers if Path(f, c).exists()),
            *_lines_with(self.containers, Path("/proc/self/mountinfo").read_text()),
            *(str(each) for each in self.namespaces if each.exists()),
            *(str(g) for c in self.containers for g in _GROUPS.rglob(f"libpod-{c}*")),
            *_lines_with([self._bridge], _said("ip", "link")),
            *_lines_with(
                self._subnets, _said("iptables", "-S") + _said("iptables", "-tnat", "-S")
            ),
            *_lines_with([walls.table(self._site)], _said("nft", "list", "tables")),
            *_lines_with([f"{self._site}-labs"], _said("podman", "network", "ls")),
        ]


def inspected(container: str) -> dict[str, Any]:
    """What podman says of a container."""
    (said,) = json.loads(_said("podman", "inspect", container))
    return dict(said)


def _containers(site: str) -> list[str]:
    ours = ("--filter", f"label=nbh.site={site}")
    return _said("podman", "ps", "--all", "--quiet", "--no-trunc", *ours).split()


def _lines_with(words: Iterable[str], text: str) -> list[str]:
    return [line for line in text.splitlines() if any(word in line for word in words)]


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
