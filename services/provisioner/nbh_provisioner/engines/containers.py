"""Labs as podman's containers. Blocking: each call is made in a thread of its own."""

import contextlib
import time
from pathlib import Path
from typing import Any

import msgspec
import structlog

from nbh_kit import namespaces
from nbh_provisioner.engine import (
    Ending,
    EngineError,
    Found,
    NotIsolated,
    Refused,
    Running,
    RunSpec,
)
from nbh_provisioner.engines import libpod, mounts, portions, removing, stillness
from nbh_provisioner.engines.labs_network import LabsNetwork
from nbh_provisioner.engines.podman_api import Answered, PodmanApi, refusal

_LOG_LINES = 40
_CONFLICT = 409
_UNTIL_KNOWN, _LOOK_AGAIN = 2.0, 0.02

logger = structlog.get_logger(__name__)


class Containers:
    """Those of one site, in the labs' network."""

    def __init__(self, site: str, network: LabsNetwork) -> None:
        self._site = site
        self._network = network
        self._namespaces: dict[str, str] = {}
        """Where each lab's network namespace is, by its name and by its id: when a lab has ended
        podman knows no more."""

    def start(self, spec: RunSpec, api: PodmanApi) -> Running:
        """As `Engine.start`; the very lab, if it runs already."""
        try:
            self._network.make_sure(api)
            if there := self._made(spec, api):
                return there
            self._network.let_in(spec, api)
            api.post(f"/containers/{spec.name}/start")
            return self._running(spec, api)
        except EngineError as e:
            self._network.forget()
            # else it would not answer to a removal either
            if isinstance(e, Answered | Refused | NotIsolated):
                with contextlib.suppress(EngineError):
                    self._remove(spec.name, api)
            raise (refusal(e) if isinstance(e, Answered) else e) from e

    def _made(self, spec: RunSpec, api: PodmanApi) -> Running | None:
        """Create the container; or return the very lab, if it runs already."""
        body = libpod.container_body(spec, self._network.name)
        try:
            api.post("/containers/create", body)
            return None
        except Answered as e:
            if e.status != _CONFLICT and "already in use" not in e.text:
                raise
        inspected = removing.inspected(spec.name, api)
        there = self._found(inspected) if inspected else None
        if there and there.running and there.labels == {**there.labels, **spec.labels}:
            stillness.thaw(there.container, api)
            return there.running
        logger.info("a container of an older lease goes", name=spec.name)
        self._remove(spec.name, api)
        api.post("/containers/create", body)
        return None

    def _running(self, spec: RunSpec, api: PodmanApi) -> Running:
        inspected = api.get(f"/containers/{spec.name}/json")
        running = self._found(inspected).running
        if running is None:
            said = self._last_words(spec.name, api)
            raise Refused(f"it ended at once: {said or inspected['State'].get('Error')}")
        mounts.seal(running.process, [m.target for m in spec.mounts])
        portions.give(running.process)
        return running

    def _last_words(self, name: str, api: PodmanApi) -> str:
        # We see that a process is gone before its monitor has read all that it wrote; once podman
        # knows it too, it has.
        until = time.monotonic() + _UNTIL_KNOWN
        while self.ending(name, api) is None and time.monotonic() < until:
            time.sleep(_LOOK_AGAIN)
        return self.log(name, api)

    def rename(self, running: Running, name: str, api: PodmanApi) -> Running:
        """As `Engine.rename`."""
        try:
            api.post(f"/containers/{running.container}/rename", name=name)
        except Answered as e:
            if "already in use" not in e.text:
                raise Refused(str(e)) from e
            if not self._has_given_way(running, name, api):
                return msgspec.structs.replace(running, name=name)
            api.post(f"/containers/{running.container}/rename", name=name)
        if namespace := self._namespaces.pop(running.name, ""):
            self._namespaces[name] = namespace
        return msgspec.structs.replace(running, name=name)

    def _has_given_way(self, running: Running, name: str, api: PodmanApi) -> bool:
        """Whether another lab had this name, and is gone now; False if it is the lab's own."""
        if api.get(f"/containers/{name}/json")["Id"] == running.container:
            return False
        logger.info("a container of an older lease goes", name=name)
        self._remove(name, api)
        return True

    def stop(self, name: str, within: float, api: PodmanApi) -> None:
        """As `Engine.stop`: so many seconds to end by itself, then it goes."""
        if within > 0:
            removing.stop(name, within, api)
        self._remove(name, api)

    def _remove(self, name: str, api: PodmanApi) -> None:
        removing.remove(name, api)
        if namespace := self._namespaces.pop(name, ""):
            self._namespaces = {k: v for k, v in self._namespaces.items() if v != namespace}
            namespaces.let_go(Path(namespace))

    def labs(self, api: PodmanApi) -> list[Found]:
        """As `Engine.labs`."""
        ours = f'{{"label": ["{libpod.SITE}={self._site}"]}}'
        found = []
        for container in api.get("/containers/json", all="true", filters=ours) or []:
            with contextlib.suppress(Answered):  # it went meanwhile
                inspected = api.get(f"/containers/{container['Id']}/json")
                found.append(self._found(inspected))
        return found

    def _found(self, inspected: dict[str, Any]) -> Found:
        found = libpod.found(inspected, self._network.name)
        if not removing.is_alive(inspected):
            found = msgspec.structs.replace(found, running=None, frozen=False)
        if namespace := libpod.network_namespace(inspected):
            self._namespaces |= {found.name: namespace, found.container: namespace}
        return found

    def ending(self, container: str, api: PodmanApi) -> Ending | None:
        """How it ended; None while podman does not know that it did."""
        try:
            state = api.get(f"/containers/{container}/json")["State"]
        except Answered:
            return Ending(code=None)
        if state["Running"] or state.get("Paused"):  # the end is not yet known to podman
            return None
        return Ending(code=state["ExitCode"], out_of_memory=state["OOMKilled"])

    def log(self, name: str, api: PodmanApi) -> str:
        """The last of what it wrote; empty where it is gone."""
        try:
            raw = api.text(
                f"/containers/{name}/logs", stdout="true", stderr="true", tail=str(_LOG_LINES)
            )
        except Answered:
            return ""
        return libpod.log_text(raw)
