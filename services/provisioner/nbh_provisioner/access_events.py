"""What is told of an access. Told twice, after a crash, it has the same id and is stored once."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from nbh_proto import (
    AccessFailed,
    AccessForwarded,
    AccessOpened,
    AccessRequested,
    Event,
    NotebookCopied,
    NotebookReset,
    NotebookRestored,
    now,
)
from nbh_proto.access import Reason, Way
from nbh_provisioner.files.workspace import Ready
from nbh_provisioner.revision import Revision


def opened(requested: AccessRequested, ready: Ready, way: Way) -> AccessOpened | AccessForwarded:
    """A lab is ready and the notebook is in it, at this instant; or another page is asked for."""
    if requested.page:
        return AccessForwarded(
            id=_id("forwarded", requested),
            access=requested.access,
            course=requested.course,
            student=requested.student,
            page=requested.page,
            way=way,
            seconds=_since(requested.at),
        )
    return AccessOpened(
        id=_id("opened", requested),
        access=requested.access,
        course=requested.course,
        student=requested.student,
        notebook=ready.notebook,
        way=way,
        seconds=_since(requested.at),
    )


def failed(requested: AccessRequested, reason: Reason, detail: str) -> AccessFailed:
    """It could not be opened, as is known at this instant."""
    return AccessFailed(
        # not the access alone: it may fail, come again and open
        id=_id(f"failed {requested.id}", requested),
        access=requested.access,
        course=requested.course,
        student=requested.student,
        notebook=requested.notebook,
        reason=reason,
        detail=detail,
        seconds=_since(requested.at),
    )


def of_files(requested: AccessRequested, revision: Revision, ready: Ready) -> Iterator[Event]:
    """What was done to the student's files."""
    if ready.copied:
        yield NotebookCopied(
            id=_id("copied", requested),
            course=requested.course,
            student=requested.student,
            notebook=ready.notebook,
            commit=revision.commit,
        )
    if requested.action == "reset" and ready.was_reset:
        yield NotebookReset(
            id=_id("reset", requested),
            course=requested.course,
            student=requested.student,
            notebook=ready.notebook,
            commit=revision.commit,
            kept_as=ready.kept_as,
        )
    if ready.was_kept_as:
        yield NotebookRestored(
            id=_id("restored", requested),
            course=requested.course,
            student=requested.student,
            notebook=ready.notebook,
            was_kept_as=ready.was_kept_as,
            kept_as=ready.kept_as,
        )


def _since(at: datetime) -> float:
    return max(now() - at, timedelta()).total_seconds()


def _id(what: str, requested: AccessRequested) -> str:
    """The same id whenever the same is told of the same access: it is stored once."""
    return hashlib.sha256(f"{what} {requested.access}".encode()).hexdigest()[:32]
