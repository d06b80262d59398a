"""Runs a container to its end, its lines told as they come. Blocking."""

import contextlib
from collections.abc import Callable
from typing import Any

from nbh_builder import container, lines
from nbh_builder.failure import BuildError
from nbh_builder.podman_api import Answered, PodmanApi
from nbh_kit import remains

_HEAR = Callable[[str], None]


def run(api: PodmanApi, body: dict[str, Any], hear: _HEAR) -> int:
    """Run it; return its exit code. Nothing is left of it.

    Raises:
        BuildError: it cannot be run, or ran out of memory.
    """
    name = body["name"]
    remove(api, name)
    try:
        api.post("/containers/create", body)
        api.post(f"/containers/{name}/start")
        _hear(api, name, hear)
        api.post(f"/containers/{name}/wait", condition="stopped", within=120.0)
        state = api.get(f"/containers/{name}/json")["State"]
    except Answered as e:
        raise BuildError("internal", f"podman cannot run it: {e.text}") from e
    finally:
        remove(api, name)
    if state["OOMKilled"]:
        raise BuildError("out-of-memory", "it needs more memory than it may have")
    return int(state["ExitCode"])


def _hear(api: PodmanApi, name: str, hear: _HEAR) -> None:
    path = f"/containers/{name}/logs"
    with api.streaming("get", path, follow="true", stdout="true", stderr="true") as pieces:
        for line in lines.joined(lines.of_frames(pieces)):
            hear(line)


def remove(api: PodmanApi, name: str) -> None:
    """Remove a container, whatever it does; an absent one is fine."""
    there = _inspected(api, name)
    with remains.clearing(there) if there else contextlib.nullcontext():
        for _ in range(2):  # podman 4.3 finds its shm busy while conmon cleans up as well
            with contextlib.suppress(Answered):
                api.delete(f"/containers/{name}", force="true", v="true", timeout="0")
                break


def _inspected(api: PodmanApi, name: str) -> dict[str, Any] | None:
    try:
        return dict(api.get(f"/containers/{name}/json"))
    except Answered:
        return None


def remove_all(api: PodmanApi, site: str) -> None:
    """Remove what a builder that was killed left running."""
    ours = f'{{"label": ["{container.OURS}={site}"]}}'
    for found in api.get("/containers/json", all="true", filters=ours) or []:
        remove(api, found["Id"])
