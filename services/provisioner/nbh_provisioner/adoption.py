"""What a fresh process does about the labs of the one before it (R-1, R-17).

The order of truth: podman's containers and their labels, then the bucket. The plan is pure.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from nbh_kit.buckets import Held
from nbh_proto import Lab, names
from nbh_proto.access import Way
from nbh_provisioner.engine import Found, Running
from nbh_provisioner.lab_folders import Claim
from nbh_provisioner.lease_state import State

Claims = Mapping[str, Claim]
"""Whose the labs of the pool have become, by capability."""

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

    way: Way = "cold"
    """How it came to be: one of the pool that is a student's may lack the last steps."""


class Pooled(NamedTuple):
    """A lab that runs and is nobody's."""

    lab: Lab
    running: Running
    held: Held[Lab] | None
    """Its entry; None if there is none."""

    spec: str
    """Its label: what it was made of."""


class Plan(NamedTuple):
    """What is kept, and what goes."""

    adopt: list[Adopted]
    pool: list[Pooled]
    remove: list[str]
    """Containers, by name: those that ended, have no token, or are of an older lease."""

    release: list[Held[Lab]]
    """Leases of this node without a container."""

    drop: list[Held[Lab]]
    """Entries of which nobody was told: of the pool, and of claims that were not made."""

    forget: list[str]
    """Capabilities whose folders nobody needs."""


def plan(
    node: str,
    found: Iterable[Found],
    held: Iterable[Held[Lab]],
    tokens: Tokens,
    claims: Claims,
    now: datetime,
) -> Plan:
    """Decide about every container of our site, every lease of our node, every lab's folder."""
    leases = {h.value.key: h for h in held if h.value.node == node}
    looked = [_looked_at(node, f, leases, tokens, claims, now) for f in found]
    adopt = [a for _, a in looked if isinstance(a, Adopted)]
    pool = [p for _, p in looked if isinstance(p, Pooled)]
    kept = [a.lab for a in adopt] + [p.lab for p in pool]
    keys = {lab.key for lab in kept}
    gone = [h for key, h in leases.items() if key not in keys]
    untold = {p.lab.capability for p in pool}
    return Plan(
        adopt,
        pool,
        [name for name, kept_as in looked if kept_as is None],
        [h for h in gone if not _is_untold(h.value, untold)],
        [h for h in gone if _is_untold(h.value, untold)],
        _forgotten(tokens, {lab.capability for lab in kept}),
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
            return State("leaving", lab, lab.why or "asked")
        case _:
            return State("starting", lab)


def _is_untold(lab: Lab, pooled: Collection[str]) -> bool:
    return lab.state == "pooled" or lab.capability in pooled


def _looked_at(
    node: str,
    container: Found,
    leases: Mapping[str, Held[Lab]],
    tokens: Tokens,
    claims: Claims,
    now: datetime,
) -> tuple[str, Adopted | Pooled | None]:
    """A container by its name, and what is to be made of it."""
    capability = container.labels.get("nbh.capability", "")
    token = tokens.get(capability)
    if container.running is None or not token:
        return container.name, None
    labels, claim = container.labels, claims.get(capability)
    is_from_pool = labels.get("nbh.student") == ""
    if is_from_pool and claim:
        theirs = {"nbh.student": claim.student, "nbh.generation": str(claim.generation)}
        labels = {**labels, **theirs}
    lab = _lab(node, labels, container.running, token, now)
    if lab is None:
        return container.name, None
    if lab.state == "pooled":
        spec = labels.get("nbh.spec", "")
        return container.name, Pooled(lab, container.running, leases.get(lab.key), spec)
    way: Way = "pool" if is_from_pool else "cold"
    return container.name, _adopted(lab, container.running, leases, container.frozen, way)


def _adopted(
    lab: Lab, running: Running, leases: Mapping[str, Held[Lab]], frozen: bool, way: Way
) -> Adopted | None:
    held = leases.get(lab.key)
    if held is None:  # the bucket was lost: podman's labels stand
        if frozen:  # only a lab that has answered is ever frozen
            lab = msgspec.structs.replace(lab, state="frozen")
        return Adopted(lab, running, None, frozen, way)
    if held.value.capability != lab.capability or held.value.state == "failed":
        return None
    # The entry knows better where it was; the container where it is.
    lab = msgspec.structs.replace(
        held.value,
        generation=lab.generation,
        container=lab.container,
        address=lab.address,
        commit=lab.commit or held.value.commit,
    )
    return Adopted(lab, running, held, frozen, way)


def _lab(
    node: str, labels: Mapping[str, str], running: Running, token: str, now: datetime
) -> Lab | None:
    """The lab that a container's labels tell of; None if they tell of none."""
    try:
        student = labels["nbh.student"]
        return Lab(
            node=node,
            course=names.checked_id("course", labels["nbh.course"]),
            student=student and names.checked_id("student", student),
            # until it has answered; one without a student is nobody's yet
            state="starting" if student else "pooled",
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
