"""How podman's API puts things (libpod, 4.3 and later). Pure: no socket, no clock.

The bodies are ours (`nbh_kit.conditions` says why), and podman-py carries them.
"""

from typing import Any

from nbh_kit import conditions
from nbh_proto.egress import CLOSED
from nbh_provisioner import lab_paths
from nbh_provisioner.engine import Found, Running, RunSpec
from nbh_provisioner.engines.wall import Network

SITE = "nbh.site"
EGRESS = "nbh.egress"
GENERATION = "nbh.generation"

_SPARE_SHARES = 256
"""Of the CPU; all others have 1024."""


def container_body(spec: RunSpec, network: str) -> dict[str, Any]:
    """The body of ``POST /containers/create``."""
    body = conditions.body(spec)
    if spec.spare:
        body["resource_limits"]["cpu"]["shares"] = _SPARE_SHARES
    return {
        **body,
        "netns": {"nsmode": "bridge"},
        "Networks": {network: {}},
        **_name_servers(spec),
    }


def _name_servers(spec: RunSpec) -> dict[str, Any]:
    """A lab that reaches nothing asks itself, where nobody answers: it knows at once. One whose
    questions were refused on their way would wait, since a machine refuses a few a second only."""
    if spec.egress != CLOSED:
        return {}
    return {"dns_server": ["127.0.0.1"], "dns_option": ["timeout:1", "attempts:1"]}


def network_body(name: str, site: str, bridge: str, subnet: str) -> dict[str, Any]:
    """The body of ``POST /networks/create``."""
    return {
        "name": name,
        "driver": "bridge",
        "network_interface": bridge,
        # Labs need no names of one another, and a name server for each network costs its start.
        "dns_enabled": False,
        "labels": {SITE: site},
        "subnets": [{"subnet": subnet}],
    }


def running(inspected: dict[str, Any], network: str) -> Running | None:
    """What ``GET /containers/{name}/json`` says of a lab; None if it does not run.

    One that stands still runs; podman has another word for it.
    """
    state = inspected["State"]
    own = address(inspected, network)
    if not ((state["Running"] or is_frozen(inspected)) and state["Pid"] and own):
        return None
    return Running(
        name=inspected["Name"],
        container=inspected["Id"],
        address=f"{own}:{lab_paths.PORT}",
        process=state["Pid"],
        image=inspected["Image"],
    )


def found(inspected: dict[str, Any], network: str) -> Found:
    """The same, for a container that may run or not."""
    return Found(
        name=inspected["Name"],
        container=inspected["Id"],
        labels=inspected["Config"].get("Labels") or {},
        running=running(inspected, network),
        frozen=is_frozen(inspected),
    )


def is_frozen(inspected: dict[str, Any]) -> bool:
    """Whether a container stands still."""
    return bool(inspected["State"].get("Paused"))


def address(inspected: dict[str, Any], network: str) -> str:
    """The address of a container on a network; empty if it has none."""
    networks = inspected["NetworkSettings"].get("Networks") or {}
    return str(networks.get(network, {}).get("IPAddress") or "")


def egress(inspected: dict[str, Any]) -> str:
    """What a lab may reach; empty for one of an older release."""
    return str((inspected["Config"].get("Labels") or {}).get(EGRESS, ""))


def network(inspected: dict[str, Any]) -> Network:
    """A network, of ``GET /networks/{name}/json``."""
    (subnet,) = inspected["subnets"]
    name = str(inspected["name"])
    return Network(name, bridge(inspected), str(subnet["subnet"]), str(subnet["gateway"]))


def bridge(inspected: dict[str, Any]) -> str:
    """The interface of a network, on this machine, of ``GET /networks/{name}/json``."""
    return str(inspected["network_interface"])


def network_namespace(inspected: dict[str, Any]) -> str:
    """Where the network namespace of a container is held; empty if it has none any more."""
    return str(inspected["NetworkSettings"].get("SandboxKey") or "")


def log_text(raw: bytes) -> str:
    """What ``GET /containers/{name}/logs`` answers, without the frames it is in: eight bytes
    before each piece, the last four of which are its length."""
    text = b""
    while len(raw) >= 8:
        length = int.from_bytes(raw[4:8], "big")
        text += raw[8 : 8 + length]
        raw = raw[8 + length :]
    return text.decode(errors="replace").strip()
