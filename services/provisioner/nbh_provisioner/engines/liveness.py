"""Whether podman's service answers at all, asked before something is asked of it. Blocking.

A service that hangs takes every connection and says nothing, and what it is asked may rightly take
half a minute. To say that it is there takes it no time, so that has a short limit of its own; and
what was not asked it does not come to later, when nobody waits for it any more.
"""

import socket
import time
from pathlib import Path

from nbh_provisioner.engine import EngineDown

_WITHIN = 3.0
"""Seconds."""

_HEARD_FOR = 0.25
_MISSED_FOR = 1.0
"""Seconds for which what was found out counts."""

_PING = b"GET /_ping HTTP/1.0\r\nHost: podman\r\n\r\n"
_ENOUGH = len("HTTP/1.0 200")


class Liveness:
    """Of one service; for all threads that ask it."""

    def __init__(self, address: Path, within: float) -> None:
        self._address = address
        self._within = min(within, _WITHIN)
        self._heard = self._missed = float("-inf")

    def check(self) -> None:
        """Make sure that it answers.

        Raises:
            EngineDown: it does not.
        """
        now = time.monotonic()
        if now < self._heard + _HEARD_FOR:
            return
        if now < self._missed + _MISSED_FOR:
            raise EngineDown("podman: it does not answer")
        try:
            self._ping()
        except OSError as e:
            self._missed = time.monotonic()
            raise EngineDown(f"podman: it does not answer: {e}") from e
        self.heard()

    def heard(self) -> None:
        """It has just answered something."""
        self._heard = time.monotonic()

    def _ping(self) -> None:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(self._within)
            asking.connect(str(self._address))
            asking.sendall(_PING)
            if not asking.recv(_ENOUGH).endswith(b"200"):
                raise ConnectionError("it is not well")
