"""When a nats-server that complains about itself is started again (R-8). Pure."""

from typing import NamedTuple

PATIENCE = 120.0
"""Seconds for which a complaint without a full disk may last: it may be reading a large store."""


class Health(NamedTuple):
    """What is known of NATS since the last look."""

    complaint: str = ""
    since: float = 0.0
    """When it began to complain."""

    was_full: bool = False
    """Whether the disk was full meanwhile: JetStream does not recover from that by itself."""

    wants_restart: bool = False

    def after(self, complaint: str, has_space: bool, now: float) -> "Health":
        """The next look, at instant ``now``: its complaint, and whether the disk takes more."""
        if not complaint:
            return Health()
        since = self.since if self.complaint and not self.wants_restart else now
        was_full = (self.was_full and not self.wants_restart) or not has_space
        heals = has_space and (was_full or now - since >= PATIENCE)
        return Health(complaint, since, was_full, heals)
