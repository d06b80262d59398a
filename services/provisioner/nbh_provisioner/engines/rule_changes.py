"""Hears when somebody changes the rules of nft(8) that are ours: a netlink socket."""

import asyncio
import socket
from collections.abc import Callable

_NETLINK_NETFILTER = 12
_GROUP_OF_NFTABLES = 7
_SOL_NETLINK, _NETLINK_ADD_MEMBERSHIP = 270, 1
_MOST = 64 * 1024


class RuleChanges:
    """Open while it hears."""

    def __init__(self, table: bytes, changed: Callable[[], None]) -> None:
        """
        Args:
            table: the name of the table to listen for.
            changed: called after each change, of ours too; once for many.

        Raises:
            OSError: nothing can be heard here.
        """
        self._name = table + b"\0"
        self._changed = changed
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER)
        self._socket.setblocking(False)
        try:
            self._socket.bind((0, 0))
            self._socket.setsockopt(_SOL_NETLINK, _NETLINK_ADD_MEMBERSHIP, _GROUP_OF_NFTABLES)
        except OSError:
            self._socket.close()
            raise
        asyncio.get_running_loop().add_reader(self._socket, self._arrived)

    def close(self) -> None:
        """Hear nothing any more."""
        if self._socket.fileno() < 0:
            return
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _arrived(self) -> None:
        concerned = False
        while True:
            try:
                # what names the table is about it; podman's own changes do not
                concerned |= self._name in self._socket.recv(_MOST)
            except BlockingIOError:
                break
            except OSError:  # more came than the kernel kept for us
                concerned = True
        if concerned:
            self._changed()
