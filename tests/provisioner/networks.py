"""This machine's networks, as a test changes them: rules, addresses, a place of its own."""

import contextlib
import secrets
import subprocess
from pathlib import Path

from nbh_provisioner.engines import probes


def nft(commands):
    """Have nft(8) carry them out."""
    subprocess.run(("/usr/sbin/nft", "-f", "-"), input=commands, text=True, check=True)


def ip(*arguments):
    """Have ip(8) do something."""
    subprocess.run(("/bin/ip", *arguments), check=True)


def own_addresses():
    """The IPv4 addresses of this machine that are no network's of labs."""
    said = subprocess.run(("/bin/hostname", "-I"), capture_output=True, text=True, check=True)
    return [a for a in said.stdout.split() if ":" not in a and not a.startswith("10.9")][:3]


def listening_ports():
    """The TCP ports that anything on this machine listens on."""
    rows = [r for f in ("tcp", "tcp6") for r in Path("/proc/net", f).read_text().splitlines()[1:]]
    columns = [row.split() for row in rows]
    return {int(c[1].rpartition(":")[2], 16) for c in columns if c[3] == "0A"}


@contextlib.contextmanager
def a_place_with(addresses):
    """A namespace behind a pair of interfaces, with these addresses; routes lead to it."""
    name = f"nbh-{secrets.token_hex(4)}"
    here, there = f"v{name[4:]}", "eth0"
    ip("netns", "add", name)
    try:
        ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", name)
        ip("addr", "add", "10.213.7.1/30", "dev", here)
        ip("link", "set", here, "up")
        for address in addresses:
            length = "30" if address.startswith("10.") else "32"
            ip("-n", name, "addr", "add", f"{address}/{length}", "dev", there)
        for interface in ("lo", there):
            ip("-n", name, "link", "set", interface, "up")
        ip("-n", name, "route", "add", "default", "via", "10.213.7.1")
        for address in addresses[1:]:
            ip("route", "replace", f"{address}/32", "via", "10.213.7.2")
        with _servers(Path("/run/netns", name), (25, 80, 443, 5432)):
            yield addresses
    finally:
        # at once, with its routes; with the namespace it would go a little later
        subprocess.run(("/bin/ip", "link", "delete", here), check=False)
        ip("netns", "delete", name)


@contextlib.contextmanager
def _servers(namespace, ports):
    """Sockets that listen in a namespace; the kernel shakes hands for them."""
    made = probes._made_inside(namespace, len(ports))
    for one, port in zip(made, ports, strict=True):
        one.bind(("0.0.0.0", port))
        one.listen(64)
    yield
    for one in made:
        one.close()
