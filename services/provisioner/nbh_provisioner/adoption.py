"""What a fresh process does about the labs of the one before it (R-1, R-17).

The order of truth: podman's containers and their labels, then the bucket. The plan is pure.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from nbh_kit.buckets import Held
from nbh_proto import Lab, names
from nbh_provisioner.engine import Found, Running
from nbh_provisioner.lease_state import State

Tokens = Mapping[str, str]
"""The token of each capability that has a folder on disk; empty if it has none."""


class Adopted(NamedTuple):
    """A lab that runs and is ours."""

    lab: Lab
    running: Running
    held: Held[Lab] | None
    """Its lease; None if the bucket has lost it."""

    frozen: bool = False
    """Whether the container stands still."""


class Plan(NamedTuple):
    """What is kept, and what goes."""

    adopt: list[Adopted]
    remove: list[str]
    """Containers, by name: those that ended, have no token, or are of an older lease."""

    release: list[Held[Lab]]
    """Leases of this node without a container."""

    forget: list[str]
    """Capabilities whose folders nobody needs."""


def plan(
    node: str,
    found: Iterable[Found],
    held: Iterable[Held[Lab]],
    tokens: Tokens,
    now: datetime,
) -> Plan:
    """Decide about every container of our site, every lease of our node, every lab's folder."""
    leases = {h.value.key: h for h in held if h.value.node == node}
    adopt: list[Adopted] = []
    remove: list[str] = []
    for container in found:
        adopted = _adopted(node, container, leases, tokens, now)
        if adopted:
            adopt.append(adopted)
        else:
            remove.append(container.name)
    kept = {a.lab.key for a in adopt}
    return Plan(
        adopt,
        remove,
        [h for key, h in leases.items() if key not in kept],
        _forgotten(tokens, {a.lab.capability for a in adopt}),
    )


def state(lab: Lab, frozen: bool) -> State:
    """Where a lab that is taken over stands.

    Where entry and container are at odds, a process of ours ended while it froze or thawed the
    lab. Then it goes on: who asked for its freezing asks again.
    """
    match lab.state:
        case "frozen" if frozen:
            return State("frozen", lab)
        case "frozen":
            return State("thawing", lab, woken="restart")
        case "ready" if frozen:
            return State("thawing", msgspec.structs.replace(lab, state="frozen"), woken="restart")
        case "ready":
            return State("ready", lab)
        case "stopping":
            return State("leaving", lab, "asked")
        case _:
            return State("starting", lab)


def _adopted(
    node: str,
    container: Found,
    leases: Mapping[str, Held[Lab]],
    tokens: Tokens,
    now: datetime,
) -> Adopted | None:
    capability = container.labels.get("nbh.capability", "")
    token = tokens.get(capability)
    if container.running is None or not token:
        return None
    lab = _lab(node, container.labels, container.running, token, now)
    if lab is None:
        return None
    held = leases.get(lab.key)
    if held is None:  # the bucket was lost: podman's labels stand
        if container.frozen:  # only a lab that has answered is ever frozen
            lab = msgspec.structs.replace(lab, state="frozen")
        return Adopted(lab, container.running, None, container.frozen)
    if held.value.capability != capability or held.value.state == "failed":
        return None
    # The entry knows better where it was; the container where it is.
    lab = msgspec.structs.replace(
        held.value,
        generation=lab.generation,
        container=lab.container,
        address=lab.address,
        commit=lab.commit or held.value.commit,
    )
    return Adopted(lab, container.running, held, container.frozen)


def _lab(
    node: str, labels: Mapping[str, str], running: Running, token: str, now: datetime
) -> Lab | None:
    """The lab that a container's labels tell of; None if they tell of none."""
    try:
        return Lab(
            node=node,
            course=names.checked_id("course", labels["nbh.course"]),
            student=names.checked_id("student", labels["nbh.student"]),
            state="starting",  # until it has answered
            generation=int(labels["nbh.generation"]),
            capability=labels["nbh.capability"],
            token=token,
            address=running.address,
            container=running.container,
            image=labels.get("nbh.image", ""),
            commit=labels.get("nbh.commit", ""),
            since=now,
        )
    except (KeyError, ValueError):
        return None


def _forgotten(tokens: Tokens, kept: Collection[str]) -> list[str]:
    return [capability for capability in tokens if capability not in kept]
