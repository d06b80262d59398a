"""A lab to run through the state machine, and what is looked at of it."""

from datetime import UTC, datetime, timedelta

from nbh_proto import Lab, names
from nbh_provisioner.lease_messages import Tell

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LATER = NOW + timedelta(seconds=2)


def fresh() -> Lab:
    return Lab(
        node="node1",
        course="python",
        student="ada",
        state="starting",
        generation=0,
        capability=names.new_capability(),
        token="t",
        image="i",
        since=NOW,
    )


def kinds(effects):
    return [type(e.event) if isinstance(e, Tell) else type(e) for e in effects]
