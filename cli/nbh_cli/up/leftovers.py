"""What a network of podman's leaves on the machine if podman, or netavark, was killed at its work.

With the last container that it takes off a network, netavark 1.4 takes away the bridge and its
rules for the firewall. Where it was killed before, podman's removal of the network is that of a
file. Blocking.
"""

import shlex
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nbh_kit import namespaces

_INTERFACES = Path("/sys/class/net")
_TABLES = ("nat", "filter")
_WITHIN = 10.0


def of_network(inspected: Mapping[str, Any]) -> None:
    """Take away what is left of a network that was removed, of what ``podman network inspect``
    said of it before. All of it is gone already, as a rule.

    Raises:
        OSError: it cannot be taken away.
    """
    bridge = str(inspected["network_interface"])
    if (_INTERFACES / bridge).exists():
        for namespace in namespaces.on_bridge(bridge):
            namespaces.let_go(namespace)
        _do("ip", "link", "delete", bridge)
    subnets = [str(each["subnet"]) for each in inspected["subnets"]]
    for table in _TABLES if _where("iptables") else ():
        for change in without(subnets, _do("iptables", "--wait", "-t", table, "-S")):
            _do("iptables", "--wait", "-t", table, *change)


def without(subnets: Iterable[str], rules: str) -> list[tuple[str, ...]]:
    """How iptables is called so that there are no rules for these subnets any more. Pure.

    Args:
        rules: what ``iptables -S`` says of one table.
    """
    lines = [tuple(shlex.split(line)) for line in rules.splitlines()]
    given = set(subnets)
    theirs = [words for words in lines if words[:1] == ("-A",) and given.intersection(words)]
    own = {words[-1] for words in theirs if words[-1].startswith("NETAVARK-")}
    return [
        *(("-D", *words[1:]) for words in theirs),
        *(call for chain in sorted(own) for call in (("-F", chain), ("-X", chain))),
    ]


def _do(program: str, *arguments: str) -> str:
    try:
        done = subprocess.run(
            (_where(program) or program, *arguments),
            capture_output=True,
            text=True,
            check=True,
            timeout=_WITHIN,
        )
    except subprocess.SubprocessError as e:
        raise OSError(str(e)) from e
    return done.stdout


def _where(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
