"""Takes containers away from podman."""

import structlog

from nbh_provisioner.engine import NoSpace
from nbh_provisioner.engines.podman_api import Answered, PodmanApi, is_for_want_of_space

_GONE = 404

logger = structlog.get_logger(__name__)


def remove(name: str, api: PodmanApi) -> None:
    """Remove a container, running or not; an absent one is fine.

    Raises:
        NoSpace: even that takes room on the disk.
        EngineError: it is still there.
    """
    try:
        _delete(name, api)
    except Answered as e:
        # While conmon cleans up as well, podman 4.3 finds the container's shm busy in every third
        # removal; the container is gone all the same, and what it is asked again is about that.
        logger.debug("a removal is asked for again", name=name, error=str(e))
        _delete(name, api)


def _delete(name: str, api: PodmanApi) -> None:
    try:
        api.delete(f"/containers/{name}", force="true", v="true", timeout="0")
    except Answered as e:
        if is_for_want_of_space(e):
            raise NoSpace(e.text) from e
        if e.status != _GONE:
            raise
