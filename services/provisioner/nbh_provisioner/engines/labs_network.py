"""The network of a site's labs: one for all of them, walled in before the first is on it."""

import hashlib
import threading
from pathlib import Path
from typing import Any

import structlog

from nbh_kit import namespaces
from nbh_provisioner.engine import EngineError, RunSpec
from nbh_provisioner.engines import libpod, removing
from nbh_provisioner.engines.podman_api import Answered, PodmanApi
from nbh_provisioner.engines.subnets import candidates
from nbh_provisioner.engines.wall import Wall

_GONE = 404
_TRIES = 10

logger = structlog.get_logger(__name__)


class LabsNetwork:
    """Blocking; made when the first lab needs it."""

    def __init__(self, site: str, wall: Wall) -> None:
        self.name = f"{site}-labs"
        self._site = site
        self._wall = wall
        self._making = threading.Lock()
        self._is_there = False

    def make_sure(self, api: PodmanApi) -> None:
        """Have the network, and the wall around it.

        Raises:
            NotIsolated: there is no wall.
            EngineError: there is no network.
        """
        with self._making:
            if not self._is_there:
                self._wall_in(api, self._inspected(api) or self._made(api))
                self._is_there = True

    def secure(self, api: PodmanApi) -> None:
        """Have the wall around the network, if there is one."""
        with self._making:
            if network := self._inspected(api):
                self._wall_in(api, network)

    def forget(self) -> None:
        """Look again before the next lab: somebody may have removed it."""
        self._is_there = False

    def let_in(self, spec: RunSpec, api: PodmanApi) -> None:
        """See to what the lab of a container that was created may reach, before it runs."""
        if not self._wall.concerns(spec.egress):
            return
        # it gets its address, and nothing of it runs yet
        api.post(f"/containers/{spec.name}/init")
        inspected = api.get(f"/containers/{spec.name}/json")
        address = libpod.address(inspected, self.name)
        self._wall.let_in(address, spec.egress)
        if not self._wall.is_proven:
            neighbours = [a for a, _ in self._labs(api) if a != address]
            self._wall.prove(Path(libpod.network_namespace(inspected)), neighbours)

    def let_go_of_leftovers(self, api: PodmanApi) -> None:
        """Have no network namespace on the network but those that podman knows. Not while a lab
        is started: podman makes a container's before it says so."""
        network = self._inspected(api)
        if network is None:
            return
        known = {Path(libpod.network_namespace(each)).name for each in self._containers(api)}
        try:
            on_it = namespaces.on_bridge(libpod.bridge(network))
        except OSError as e:
            logger.warning("nobody knows which network namespaces are left over", error=str(e))
            return
        for namespace in on_it:
            if namespace.name not in known:
                logger.info("a network namespace that podman lost goes", name=namespace.name)
                namespaces.let_go(namespace)

    def bridge(self, api: PodmanApi) -> str:
        """Its interface on this machine."""
        return libpod.bridge(api.get(f"/networks/{self.name}/json"))

    def _wall_in(self, api: PodmanApi, network: dict[str, Any]) -> None:
        self._wall.raise_around(libpod.network(network), self._labs(api))

    def _labs(self, api: PodmanApi) -> list[tuple[str, str]]:
        """The addresses of the labs that run, and what each may reach."""
        labs = [
            (libpod.address(each, self.name), libpod.egress(each))
            for each in self._containers(api, all="false")
        ]
        return [(address, allowed) for address, allowed in labs if address and allowed]

    def _containers(self, api: PodmanApi, all: str = "true") -> list[dict[str, Any]]:
        """What podman says of each container of the site."""
        ours = f'{{"label": ["{libpod.SITE}={self._site}"]}}'
        listed = api.get("/containers/json", all=all, filters=ours) or []
        inspected = (removing.inspected(each["Id"], api) for each in listed)
        return [each for each in inspected if each]

    def _inspected(self, api: PodmanApi) -> dict[str, Any] | None:
        try:
            return dict(api.get(f"/networks/{self.name}/json"))
        except Answered as e:
            if e.status == _GONE:
                return None
            raise

    def _made(self, api: PodmanApi) -> dict[str, Any]:
        for subnet in candidates():
            body = libpod.network_body(self.name, self._site, _bridge(self._site), subnet)
            if made := _made_network(api, body):
                return made
        raise EngineError("no subnet is free for the labs' network")


def _bridge(site: str) -> str:
    """An interface's name, of 15 characters at most; the same one whenever the site has labs, so
    that rules which name it never mean another's."""
    return f"nbh-{hashlib.sha256(site.encode()).hexdigest()[:8]}"


def _made_network(api: PodmanApi, body: dict[str, Any]) -> dict[str, Any] | None:
    """Make a network; None if its subnet is in use."""
    for _ in range(_TRIES):
        try:
            return dict(api.post("/networks/create", body))
        except Answered as e:
            if "already used" in e.text or "already being used" in e.text:
                return None
            if "no such network interface" not in e.text:
                raise
            # podman was looking through the machine's interfaces when one of them went
            vanished = e
    raise vanished
