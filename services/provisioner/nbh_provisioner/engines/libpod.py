"""How podman's API puts things (libpod, 4.3 and later). Pure: no socket, no clock.

podman-py's own ``containers.create`` cannot say all of it: neither id-mapped, nosuid, nodev mounts
nor an automatic user namespace (``userns_mode="auto"`` alone leaves podman 4.3 with none: the
container's root is then the machine's). So the body is ours, and podman-py carries it.
"""

from typing import Any

from nbh_proto.egress import CLOSED
from nbh_provisioner import lab_paths
from nbh_provisioner.engine import Found, Mount, Running, RunSpec
from nbh_provisioner.engines.wall import Network

SITE = "nbh.site"
EGRESS = "nbh.egress"
GENERATION = "nbh.generation"

_USERS = 65536
_LOG_BYTES = 1024**2
_SHARED_MEMORY_BYTES = 64 * 1024**2
_CPU_PERIOD = 100_000
_TERMINALS = 32
_SPARE_SHARES = 256
"""Of the CPU; all others have 1024."""


def container_body(spec: RunSpec, network: str) -> dict[str, Any]:
    """The body of ``POST /containers/create``."""
    return {
        "name": spec.name,
        "image": spec.image,
        # the public Jupyter images have an entrypoint of their own
        "entrypoint": [],
        "command": list(spec.command),
        "env": spec.environment,
        "labels": spec.labels,
        "user": f"{spec.user}:{spec.group}",
        "work_dir": spec.folder,
        "init": True,
        "privileged": False,
        "no_new_privileges": True,
        "cap_drop": ["ALL"],
        "userns": {"nsmode": "auto"},
        "idmappings": {"AutoUserNs": True, "AutoUserNsOpts": {"Size": _USERS}},
        "netns": {"nsmode": "bridge"},
        "Networks": {network: {}},
        # no address but the one that rules know it by; lo keeps ::1
        "sysctl": {"net.ipv6.conf.default.disable_ipv6": "1"},
        **_name_servers(spec),
        "mounts": [*_tmp(spec), _terminals(), *(_mount(m) for m in spec.mounts)],
        "shm_size": _SHARED_MEMORY_BYTES,
        "resource_limits": {
            # as much with swap as without: no swap
            "memory": {"limit": spec.memory, "swap": spec.memory},
            "cpu": _cpu(spec),
            "pids": {"limit": spec.processes},
        },
        # All of them by number: podman's defaults fail where CAP_SYS_RESOURCE is missing.
        "r_limits": [
            {"type": "nofile", "soft": spec.open_files, "hard": spec.open_files},
            # never met: one more than the control group has room for, and that one counts (S-38)
            {"type": "nproc", "soft": spec.processes + 1, "hard": spec.processes + 1},
            {"type": "core", "soft": 0, "hard": 0},
        ],
        "log_configuration": {"driver": "k8s-file", "size": _LOG_BYTES},
        "stdin": False,
        "terminal": False,
    }


def _cpu(spec: RunSpec) -> dict[str, int]:
    limit = {"period": _CPU_PERIOD, "quota": round(spec.cpus * _CPU_PERIOD)}
    return limit | ({"shares": _SPARE_SHARES} if spec.spare else {})


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


def _tmp(spec: RunSpec) -> list[dict[str, Any]]:
    """Bounded, and gone with the lab (S-32). Podman takes no bound for the number of files; what
    each takes is of the lab's memory."""
    options = ["rw", "nosuid", "nodev", "mode=1777", f"size={spec.tmp}"]
    return [
        {"type": "tmpfs", "source": "tmpfs", "destination": target, "options": options}
        for target in ("/tmp", "/var/tmp")
    ]


def _terminals() -> dict[str, Any]:
    """As podman has it, with a bound: all labs of a machine have 3 072 terminals together, which
    one was seen to take (S-38)."""
    options = ["nosuid", "noexec", "newinstance", "gid=5", "mode=0620", "ptmxmode=0666"]
    return {
        "type": "devpts",
        "source": "devpts",
        "destination": "/dev/pts",
        "options": [*options, f"max={_TERMINALS}"],
    }


def _mount(mount: Mount) -> dict[str, Any]:
    options = ["ro" if mount.read_only else "rw", "rbind", "rprivate", "nosuid", "nodev"]
    if mount.owned:
        options.append("idmap")
    return {
        "type": "bind",
        "source": mount.source,
        "destination": mount.target,
        "options": options,
    }


def log_text(raw: bytes) -> str:
    """What ``GET /containers/{name}/logs`` answers, without the frames it is in: eight bytes
    before each piece, the last four of which are its length."""
    text = b""
    while len(raw) >= 8:
        length = int.from_bytes(raw[4:8], "big")
        text += raw[8 : 8 + length]
        raw = raw[8 + length :]
    return text.decode(errors="replace").strip()
