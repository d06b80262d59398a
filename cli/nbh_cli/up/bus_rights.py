"""What each service may say and hear on the bus (S-39). Pure.

What it tells, asks and handles, the buckets that it writes and reads, and nothing else.

Whoever takes the router over, which all the world reaches, can ask for an access, stop a lab and
read or share a notebook; it changes no course, signs nobody in, deletes no stream, tells nothing
that only others know, and hears no answer but its own.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from nbh_proto import (
    Account,
    BuildDocs,
    BuildImage,
    CancelBuild,
    CheckCourse,
    CloseCourse,
    CountWorkspaces,
    Course,
    CourseIndex,
    DeadLetter,
    Delivery,
    Drain,
    EraseWorkspaces,
    ExportTables,
    FindFiles,
    FindImages,
    FindNotebooksUsed,
    FindOriginal,
    FindRevisions,
    FindShares,
    FreezeLab,
    Group,
    ImportLines,
    KeepImages,
    Lab,
    LabRanShort,
    LabStopAnnounced,
    LabStopWithdrawn,
    Launch,
    MeasureLabs,
    Message,
    PassOverOriginal,
    PlanLabs,
    ReadFile,
    ReadNotebook,
    Session,
    ShareNotebook,
    ShowBuildLog,
    ShowNotebook,
    StopLab,
    Value,
    WithdrawShares,
    WorkspaceFull,
    WorkspaceHasRoom,
    WorkspaceNearlyFull,
)
from nbh_proto.buckets import BUCKETS
from nbh_proto.stats import FindEvents
from nbh_proto.streams import ALL, COMMANDS, EVENTS, Stream

ALL_ANSWERS = "_INBOX.>"


class Rights(NamedTuple):
    """Those of one service."""

    events: tuple[str, ...] = ()
    """What it tells, as subjects below ``nbh.event``."""

    asks: tuple[type[Message], ...] = ()
    """Commands and questions that it has for others."""

    answers: tuple[type[Message], ...] = ()
    """Questions that it is asked."""

    hears: tuple[Stream, ...] = ()
    """Streams that it has durable consumers of."""

    makes_streams: bool = True
    """Whether it makes and changes streams; who does not waits for them."""

    overhears: tuple[type[Message], ...] = ()
    """What it listens to as it is told, without a consumer."""

    replies: bool = False
    """Whether it says something to those who ask, in their inboxes."""

    writes: tuple[type[Value], ...] = ()
    reads: tuple[type[Value], ...] = ()


RIGHTS = {
    "router": Rights(
        events=("access.requested.*", "access.refused.*", "trouble.reported.*"),
        asks=(
            StopLab,
            ShareNotebook,
            ShowNotebook,
            WithdrawShares,
            FindShares,
            ReadNotebook,
            FindFiles,
            ReadFile,
            FindOriginal,
            PassOverOriginal,
        ),
        writes=(Launch,),
        reads=(Lab, Course, Launch, Drain),
        overhears=(
            LabStopAnnounced,
            LabStopWithdrawn,
            LabRanShort,
            WorkspaceFull,
            WorkspaceNearlyFull,
            WorkspaceHasRoom,
        ),
        makes_streams=False,
    ),
    "provisioner": Rights(
        events=("access.*.*", "lab.*.*", "notebook.*.*", "workspace.*.*"),
        answers=(
            CloseCourse,
            CountWorkspaces,
            EraseWorkspaces,
            FindImages,
            FindOriginal,
            FindRevisions,
            FindShares,
            MeasureLabs,
            PassOverOriginal,
            ReadNotebook,
            FindFiles,
            ReadFile,
        ),
        hears=(EVENTS, COMMANDS),
        replies=True,
        writes=(Lab,),
        reads=(Lab, Course),
    ),
    "courses": Rights(
        events=("course.*.*", "account.*"),
        asks=(
            BuildImage,
            BuildDocs,
            CancelBuild,
            KeepImages,
            CloseCourse,
            CountWorkspaces,
            FindImages,
            FindNotebooksUsed,
            FindRevisions,
            ShowNotebook,
        ),
        answers=(CheckCourse,),
        hears=(EVENTS, COMMANDS),
        replies=True,
        writes=(Course, CourseIndex, Group, Delivery, Account, Session),
        reads=(Course, CourseIndex, Group, Delivery, Account, Session, Lab),
    ),
    "builder": Rights(
        events=("build.*.*", "image.*.*", "docs.*.*"),
        answers=(ShowBuildLog,),
        hears=(COMMANDS,),
        replies=True,
    ),
    "reaper": Rights(
        events=(
            "lab.sampled.*",
            "lab.stop-announced.*",
            "lab.stop-withdrawn.*",
            "node.sampled.*",
        ),
        asks=(FreezeLab, StopLab, MeasureLabs, CountWorkspaces),
        answers=(PlanLabs,),
        replies=True,
        reads=(Lab, Course, Drain),
    ),
    "stats": Rights(
        answers=(ExportTables, FindEvents, FindNotebooksUsed, ImportLines),
        hears=(EVENTS, COMMANDS),
        replies=True,
        writes=(Session,),
        reads=(Course, CourseIndex, Group, Account, Session),
    ),
}
"""Whoever is not named here, the operator, may do everything."""


def permissions(who: str) -> dict[str, Any]:
    """What nats-server is to allow a user; empty for everything."""
    if who not in RIGHTS:
        return {}
    rights = RIGHTS[who]
    return {
        "publish": {"allow": sorted(_said(who, rights))},
        "subscribe": {"allow": sorted(_heard(who, rights))},
    }


def _said(who: str, rights: Rights) -> Iterator[str]:
    yield from (f"nbh.event.{subject}" for subject in rights.events)
    yield from (type_.pattern() for type_ in rights.asks)
    yield DeadLetter.pattern(service=who)
    yield from (f"$KV.{type_.bucket}.>" for type_ in rights.writes)
    yield from _about_streams(rights.makes_streams)
    yield from (subject for stream in rights.hears for subject in _hearing(stream.name, who))
    yield from (subject for type_ in rights.reads for subject in _reading(type_.bucket))
    if rights.replies:
        yield ALL_ANSWERS


def _heard(who: str, rights: Rights) -> Iterator[str]:
    yield f"_INBOX.{who}.>"
    yield f"nbh.deliver.{who}.>"
    yield from (type_.pattern() for type_ in (*rights.answers, *rights.overhears))


def _about_streams(makes_them: bool) -> Iterator[str]:
    """None of them deletes or empties one."""
    verbs = ("INFO", "CREATE", "UPDATE") if makes_them else ("INFO",)
    names = [stream.name for stream in ALL] + [f"KV_{type_.bucket}" for type_ in BUCKETS]
    yield from (f"$JS.API.STREAM.{verb}.{name}" for name in names for verb in verbs)


def _hearing(stream: str, who: str) -> Iterator[str]:
    """What a durable consumer needs (NATS' JetStream API, by subject)."""
    for verb in ("INFO", "CREATE", "DURABLE.CREATE", "MSG.NEXT"):
        yield f"$JS.API.CONSUMER.{verb}.{stream}.>"
    yield f"$JS.API.CONSUMER.DELETE.{stream}.{who}"  # to begin again where its own record ends
    yield f"$JS.ACK.{stream}.>"


def _reading(bucket: str) -> Iterator[str]:
    """What it takes to look at a bucket, and to watch it."""
    stream = f"KV_{bucket}"
    yield from (f"$JS.API.DIRECT.GET.{stream}", f"$JS.API.DIRECT.GET.{stream}.>")
    yield f"$JS.API.STREAM.MSG.GET.{stream}"
    yield f"$JS.API.CONSUMER.CREATE.{stream}"
    yield from (f"$JS.API.CONSUMER.{verb}.{stream}.>" for verb in ("INFO", "CREATE", "DELETE"))
    yield f"$JS.FC.{stream}.>"
