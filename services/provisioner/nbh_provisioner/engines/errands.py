"""Containers that do one thing and end (`Engine.run`). Blocking."""

from typing import Any

from nbh_kit import conditions
from nbh_kit.conditions import Contained
from nbh_provisioner.engines import removing
from nbh_provisioner.engines.podman_api import Answered, PodmanApi, refusal

OURS = "nbh.errand"
"""Their label, with the site's name."""

_ENDED = 2**31 - 1
"""No process has this number (proc(5), pid_max)."""


def start(contained: Contained, site: str, api: PodmanApi) -> int:
    """Start one, in the place of what is left of an earlier one; its first process.

    Raises:
        EngineError: it does not run.
    """
    removing.remove(contained.name, api)
    try:
        api.post("/containers/create", _body(contained, site))
        api.post(f"/containers/{contained.name}/start")
        state = api.get(f"/containers/{contained.name}/json")["State"]
    except Answered as e:
        raise refusal(e) from e
    # it may have ended by now, and its number be another's
    return int(state["Pid"]) if state["Running"] and state["Pid"] else _ENDED


def remove_all(site: str, api: PodmanApi) -> None:
    """Remove what an earlier process left running."""
    ours = f'{{"label": ["{OURS}={site}"]}}'
    for found in api.get("/containers/json", all="true", filters=ours) or []:
        removing.remove(found["Id"], api)


def _body(contained: Contained, site: str) -> dict[str, Any]:
    body = conditions.body(contained)
    return {
        **body,
        "labels": {**body["labels"], OURS: site},
        "netns": {"nsmode": "none"},
        "read_only_filesystem": True,
    }
