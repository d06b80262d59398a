"""Hears who begins a connection to a lab: a packet socket on the bridge of the labs' network.

While a container is frozen the kernel still shakes hands for it, and keeps the request; this says
that somebody waits. The filter (classic BPF, in the kernel) lets the first packet of a connection
to Jupyter's port through and nothing else, so nobody is woken by what labs do all day.

IPv4 only: networks of labs have no IPv6 (`nbh_provisioner.engines.libpod.network_body`). Should
they get it, the filter and `_address` have to know its header, too.
"""

import asyncio
import ctypes
import socket
import struct
from collections.abc import Callable

from nbh_provisioner import lab_paths

_ETH_P_ALL, _ETH_P_IP = 0x0003, 0x0800
"""What this machine sends is shown to those only who want packets of all kinds."""

_SO_ATTACH_FILTER = 26
_PROTOCOL = 0xFFFFF000  # SKF_AD_OFF + SKF_AD_PROTOCOL: the kind of packet, beside its bytes
_TCP, _SYN, _SYN_OR_ACK, _FRAGMENT = 6, 0x02, 0x12, 0x1FFF
_HEADER = 64

_LOAD_BYTE, _LOAD_HALF = 0x30, 0x28
_LOAD_BYTE_AFTER, _LOAD_HALF_AFTER, _LENGTH_OF_HEADER = 0x50, 0x48, 0xB1
_EQUAL, _ANY_BIT, _AND, _RETURN = 0x15, 0x45, 0x54, 0x06


class Knocks:
    """Open while it hears. Needs CAP_NET_RAW."""

    def __init__(self, interface: str) -> None:
        """Hear from now on, on a bridge that is there.

        Raises:
            OSError: it is not there, or we may not.
        """
        self.interface = interface
        self._index = socket.if_nametoindex(interface)
        # no kind of packet yet: none before the filter is there
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        try:
            self._socket.setblocking(False)
            _attach(self._socket, _first_packets_to(lab_paths.PORT))
            self._socket.bind((interface, _ETH_P_ALL))
        except OSError:
            self._socket.close()
            raise

    @property
    def hears(self) -> bool:
        """Whether the bridge is still the one that it listens on."""
        try:
            same = socket.if_nametoindex(self.interface) == self._index
        except OSError:
            return False
        return same and self._socket.fileno() >= 0

    def tell(self, knocked: Callable[[str], None], deaf: Callable[[], None]) -> None:
        """Call ``knocked`` with each lab's address (``host:port``) that somebody connects to, and
        ``deaf`` once when nothing can be heard any more."""

        def arrived() -> None:
            try:
                while True:
                    knocked(_address(self._socket.recv(_HEADER)))
            except BlockingIOError:
                return
            except OSError:  # the bridge went
                self.close()
                deaf()

        asyncio.get_running_loop().add_reader(self._socket, arrived)

    def close(self) -> None:
        """Hear nothing any more."""
        if self._socket.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()


def _address(packet: bytes) -> str:
    return f"{socket.inet_ntoa(packet[16:20])}:{lab_paths.PORT}"


def _first_packets_to(port: int) -> list[tuple[int, int, int, int]]:
    """The filter: operation, lines to skip if so, if not, and the operand (socket(7), bpf(4))."""
    return [
        (_LOAD_HALF, 0, 0, _PROTOCOL),
        (_EQUAL, 0, 10, _ETH_P_IP),
        (_LOAD_BYTE, 0, 0, 9),
        (_EQUAL, 0, 8, _TCP),
        (_LOAD_HALF, 0, 0, 6),
        (_ANY_BIT, 6, 0, _FRAGMENT),
        (_LENGTH_OF_HEADER, 0, 0, 0),
        (_LOAD_HALF_AFTER, 0, 0, 2),
        (_EQUAL, 0, 3, port),
        (_LOAD_BYTE_AFTER, 0, 0, 13),
        (_AND, 0, 0, _SYN_OR_ACK),
        (_EQUAL, 1, 0, _SYN),
        (_RETURN, 0, 0, 0),
        (_RETURN, 0, 0, _HEADER),
    ]


def _attach(on: socket.socket, program: list[tuple[int, int, int, int]]) -> None:
    packed = b"".join(struct.pack("HBBI", *line) for line in program)
    held = ctypes.create_string_buffer(packed, len(packed))
    given = struct.pack("HP", len(packed) // 8, ctypes.addressof(held))
    on.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, given)
