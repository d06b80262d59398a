"""Keeps the labs of a site apart: has the rules hold, and proves that they do (S-36, S-37).

Blocking; called from the engine's threads.
"""

import socket
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

import structlog

from nbh_kit import walls
from nbh_proto import egress
from nbh_provisioner import lab_paths
from nbh_provisioner.engine import NotIsolated
from nbh_provisioner.engines import probes, resolvers
from nbh_provisioner.engines.nft import Nft
from nbh_provisioner.engines.wall_rules import Walled, comparable, rules

_NAMES_ARE_OLD = 60.0
_PROBE_SECONDS = 1.0
_NEIGHBOUR_SECONDS = 0.25

_REFUSED = (
    *(("169.254.169.254", 80), ("10.255.255.254", 80), ("172.31.255.254", 80)),
    *(("192.168.255.254", 80), ("100.127.255.254", 80)),
)
"""Where no lab may come: the clouds' metadata, a private address of each kind. Somebody has to
say so, and at once: silence could also be that nobody is there."""

logger = structlog.get_logger(__name__)


class Network(NamedTuple):
    """The network of a site's labs."""

    name: str
    bridge: str
    subnet: str
    gateway: str


class Wall:
    """The rules of one site."""

    def __init__(
        self,
        site: str,
        default: str = egress.OPEN,
        mode: Literal["strict", "best-effort"] = "strict",
        *,
        program: str = "nft",
    ) -> None:
        """
        Args:
            default: what labs may reach whose course says nothing (`nbh_proto.egress`).
            mode: whether labs may start where they cannot be kept apart.
        """
        self._site = site
        self._default = default
        self._mode = mode
        self._nft = Nft(program)
        self._lock = threading.Lock()
        self._network: Network | None = None
        self._exceptions: dict[str, str] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._names_at = float("-inf")
        self._text = ""
        self._listing = ""
        self._open_to: set[str] = {"outside", "neighbours"}
        """What was not proven to be closed since the rules were last set."""

        self._has_complained = False

    @property
    def table(self) -> bytes:
        """The name that the kernel's words about our rules carry."""
        return walls.table(self._site).encode()

    def raise_around(self, network: Network, labs: Iterable[tuple[str, str]] = ()) -> None:
        """Have the rules hold on this network.

        Args:
            labs: the address of each lab that runs, and what it may reach.

        Raises:
            NotIsolated: they cannot, and labs may not start then.
        """
        with self._lock:
            self._network = network
            self._exceptions |= {a: e for a, e in labs if e != self._default}
            self._in_force()

    def look(self) -> None:
        """Have the rules hold again, if somebody took them away or changed them."""
        with self._lock:
            if self._network and self._listing != self._listed():
                logger.warning("the rules that keep labs apart were changed; they are set again")
                self._text = ""
                self._open_to = {"outside", "neighbours"}
                self._in_force()

    def concerns(self, allowed: str) -> bool:
        """Whether a lab that may reach this has to be let in by its address, or probed."""
        return allowed != self._default or bool(self._exceptions or self._open_to)

    @property
    def is_proven(self) -> bool:
        """Whether labs have tried to get out since the rules were last set by somebody."""
        return not self._open_to

    def let_in(self, address: str, allowed: str) -> None:
        """From now on the lab at this address may reach this, and no more.

        Raises:
            NotIsolated: it cannot be seen to.
        """
        with self._lock:
            if self._exceptions.get(address, self._default) == allowed:
                return
            self._exceptions.pop(address, None)
            if allowed != self._default:
                self._exceptions[address] = allowed
            self._in_force()

    def prove(self, namespace: Path, neighbours: Iterable[str]) -> None:
        """Try to get out of a lab that nothing runs in yet; once is enough.

        Args:
            neighbours: the addresses of other labs.

        Raises:
            NotIsolated: something was reached.
        """
        with self._lock:
            if self._network and "outside" in self._open_to:
                self._prove_outside(namespace, self._network.gateway)
            if "neighbours" in self._open_to:
                self._prove_neighbours(namespace, neighbours)

    def refresh(self) -> None:
        """Ask again what the names in lists lead to, and which name servers there are."""
        with self._lock:
            if self._network and self._text:
                self._in_force()

    def _in_force(self) -> None:
        assert self._network is not None
        self._look_up()
        text = rules(self._walled(self._network))
        if text == self._text:
            return
        try:
            self._nft("-f", "-", said=text)
        except NotIsolated as e:
            self._complain(e)
            return
        self._text, self._listing = text, self._listed()

    def _walled(self, network: Network) -> Walled:
        return Walled(
            site=self._site,
            bridge=network.bridge,
            subnet=network.subnet,
            resolvers=resolvers.servers(resolvers.text()),
            default=self._default,
            exceptions=self._exceptions,
            names=self._names,
        )

    def _look_up(self) -> None:
        policies = {self._default, *self._exceptions.values()}
        wanted = {a.host for p in policies for a in egress.allowed(p) if a.network is None}
        if wanted <= self._names.keys() and time.monotonic() < self._names_at + _NAMES_ARE_OLD:
            return
        self._names = {name: _addresses(name) or self._names.get(name, ()) for name in wanted}
        self._names_at = time.monotonic()

    def _listed(self) -> str:
        table = walls.table(self._site)
        try:
            listings = (self._nft("list", "table", family, table) for family in walls.FAMILIES)
            return comparable("".join(listings))
        except NotIsolated:
            return ""

    def _prove_outside(self, namespace: Path, gateway: str) -> None:
        with probes.listening(gateway) as ours:
            found = probes.outcomes(namespace, (ours, *_REFUSED), _PROBE_SECONDS)
        wrong = {f"{a}:{p}": what for (a, p), what in found.items() if what != "refused"}
        if wrong:
            self._complain(NotIsolated(f"from inside a lab: {wrong}, all of it must be refused"))
        self._open_to -= {"outside"}

    def _prove_neighbours(self, namespace: Path, neighbours: Iterable[str]) -> None:
        places = [(address, lab_paths.PORT) for address in neighbours]
        found = probes.outcomes(namespace, places, _NEIGHBOUR_SECONDS)
        if "reached" in found.values():
            self._complain(NotIsolated("from inside a lab: another lab was reached"))
        if places:
            self._open_to -= {"neighbours"}

    def _complain(self, error: NotIsolated) -> None:
        if self._mode == "strict":
            raise error
        self._open_to = set()
        if not self._has_complained:
            self._has_complained = True
            logger.warning("labs are not kept apart", error=str(error))


def _addresses(name: str) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)
    except OSError as e:
        logger.warning("a name that labs may reach leads nowhere", name=name, error=str(e))
        return ()
    return tuple(sorted({str(address[0]) for *_, address in found}))
