"""Says in a notebook why its kernel is gone, when the lab ran out of memory.

Jupyter notices that a kernel has ended and starts it again; why it ended the machine's own kernel
knows, which counts the processes of this lab that it ended for want of memory (cgroups(7)).
"""

import json
from pathlib import Path
from typing import Any

from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

_GROUP = Path("/sys/fs/cgroup")
_COUNTERS = ("memory.events", "memory/memory.oom_control")
_LIMITS = ("memory.max", "memory/memory.limit_in_bytes")
"""In version 2 and in version 1 of control groups."""

_WORDS = {
    "en": "The kernel was stopped: your notebook server has used all of its memory, {limit} MiB.\n"
    "Its variables are lost; what you saved is kept. Work on less at a time, or shut down kernels "
    "that you do not need.",
    "fr": "Le noyau a été arrêté\u00a0: votre serveur de notebooks a utilisé toute sa mémoire, "
    "{limit}\u00a0Mio.\nSes variables sont perdues\u202f; ce que vous avez enregistré est gardé. "
    "Travaillez sur moins de données à la fois, ou arrêtez les noyaux inutiles.",
}


class Connection(ZMQChannelsWebsocketConnection):
    """A page's connection to a kernel."""

    _last: tuple[dict[str, Any], int] | None = None
    """The header of what was run last, and how many processes had been ended before it."""

    def handle_incoming_message(self, incoming_msg: str) -> None:
        """Pass on what the page says to the kernel."""
        super().handle_incoming_message(incoming_msg)
        header = _header(incoming_msg, self.subprotocol)
        if header.get("msg_type") == "execute_request":
            self._last = header, _ended()

    def on_kernel_restarted(self) -> None:
        """The kernel is gone, and is started again."""
        self._say_why()
        super().on_kernel_restarted()

    def on_restart_failed(self) -> None:
        """The kernel is gone, and was started too often."""
        self._say_why()
        super().on_restart_failed()

    def _say_why(self) -> None:
        if self._last is None:
            return
        (header, ended_before), self._last = self._last, None
        if _ended() > ended_before:
            liked = self.websocket_handler.request.headers.get("Accept-Language", "")
            words = _WORDS["fr" if liked.lower().startswith("fr") else "en"]
            self.write_stderr(words.format(limit=_limit() // 2**20), header)


def _header(message: str | bytes, protocol: str | None) -> dict[str, Any]:
    """Of a message to the kernel's shell; empty for any other and for what cannot be read."""
    try:
        if protocol == "v1.kernel.websocket.jupyter.org":
            channel, parts = deserialize_msg_from_ws_v1(message)
            header = json.loads(bytes(parts[0])) if channel == "shell" else {}
        else:
            header = json.loads(message).get("header") if isinstance(message, str) else {}
    except (ValueError, LookupError):
        return {}
    return header if isinstance(header, dict) else {}


def _ended() -> int:
    """How many processes of this lab were ended for want of memory so far."""
    rows = dict(line.split(maxsplit=1) for line in _read(_COUNTERS).splitlines())
    return int(rows.get("oom_kill", 0))


def _limit() -> int:
    """Bytes; 0 for none."""
    limit = _read(_LIMITS).strip()
    return int(limit) if limit.isdigit() else 0


def _read(names: tuple[str, ...]) -> str:
    for name in names:
        try:
            return (_GROUP / name).read_text()
        except OSError:
            continue
    return ""
