"""Takes labs' containers away, whatever podman knows of them. Blocking."""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import structlog

from nbh_kit import remains
from nbh_provisioner.engine import NoSpace
from nbh_provisioner.engines import stillness
from nbh_provisioner.engines.podman_api import Answered, PodmanApi, is_for_want_of_space

_GONE = 404

logger = structlog.get_logger(__name__)


def stop(name: str, within: float, api: PodmanApi) -> None:
    """Have a container's first process end: SIGTERM, and SIGKILL after so many seconds. One that
    has ended, or is not there, is fine."""
    there = inspected(name, api)
    if there is None or not is_alive(there):
        return
    try:
        # one that stands still would not hear that it is to end
        stillness.thaw(name, api)
        api.post(f"/containers/{there['Id']}/stop", longer=within, timeout=round(within))
    except Answered as e:
        if e.status != _GONE:
            logger.warning("a lab did not stop when asked", name=name, error=str(e))


def remove(name: str, api: PodmanApi) -> None:
    """End a container and remove it; an absent one is fine.

    By its id: podman may come to what a killed process of ours asked for when the name is
    already another container's.

    Raises:
        NoSpace: even that takes room on the disk.
        EngineError: it is still there.
    """
    there = inspected(name, api)
    container = there["Id"] if there else name
    with remains.clearing(there) if there else nullcontext():
        try:
            _delete(container, api)
        except Answered as e:
            # While conmon cleans up as well, podman 4.3 finds the container's shm busy in every
            # third removal; the container is gone all the same, and what it is asked again is
            # about that. One that ran in podman's belief alone is "stopping" the second time.
            logger.debug("a removal is asked for again", name=name, error=str(e))
            _delete(container, api)


def inspected(name: str, api: PodmanApi) -> dict[str, Any] | None:
    """What podman says of a container; None if it has none, or only its storage, as when it was
    killed while it made the container."""
    try:
        return dict(api.get(f"/containers/{name}/json"))
    except Answered as e:
        if e.status != _GONE:
            raise
        return None


def is_alive(inspected: Mapping[str, Any]) -> bool:
    """Whether a container's first process runs, which podman may believe wrongly (R-17)."""
    return remains.runs(inspected["State"]["Pid"], inspected["Id"])


def unknown(site: str, api: PodmanApi) -> set[str]:
    """The ids of a site's containers that something runs of, and that podman does not know.

    Only of this very podman. One that it has just removed is among them for a moment.
    """
    watching = [m for m in remains.monitors() if m.name.startswith(f"{site}-")]
    # asked after we looked: one that begins is known before anything of it runs
    known = {each["Id"] for each in api.get("/containers/json", all="true") or []}
    if not (lost := [m for m in watching if m.container not in known]):
        return set()
    store = api.get("/info")["store"]
    return {m.container for m in lost if m.places == (store["graphRoot"], store["runRoot"])}


def _delete(name: str, api: PodmanApi) -> None:
    try:
        api.delete(f"/containers/{name}", force="true", v="true", timeout="0")
    except Answered as e:
        if is_for_want_of_space(e):
            raise NoSpace(e.text) from e
        if e.status != _GONE:
            raise
