"""A course is a git repository of notebooks, known here under a name.

create, pull ──▶ published | failed
rename ──▶ renamed
delete ──▶ deleted
"""

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import UNSET, UnsetType

from nbh_proto._message import Answer, Command, Event

CourseReason = Literal[
    "exists",
    "unknown",
    "url-refused",
    "branch-refused",
    "unreachable",
    "authentication",
    "no-branch",
    "too-big",
    "slow",
    "unreadable",
    "disk-full",
    "setting-refused",
    "labs-run",
    "name-taken",
    "no-dockerfile",
    "no-build",
    "no-version",
    "no-answer",
    "internal",
]
"""Why what was asked of a course was not done; most say why it could not be published."""

Bytes = Annotated[int, msgspec.Meta(gt=0)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a course's labs may use. None stands for the site's default, whatever that is."""

    memory: Bytes | None = None
    """Bytes; there is no swap beside it."""

    cpus: Annotated[float, msgspec.Meta(gt=0)] | None = None
    processes: Annotated[int, msgspec.Meta(gt=0)] | None = None
    """Processes and threads together."""

    disk: Bytes | None = None
    """Bytes of each student's files."""

    files: Annotated[int, msgspec.Meta(gt=0)] | None = None
    """How many files and folders each student may have."""

    idle: Seconds | None = None
    """Seconds without activity after which a lab is stopped."""

    freeze: Seconds | None = None
    """Seconds without activity after which a lab is frozen."""

    age: Seconds | None = None
    """Seconds after which a lab is stopped whatever it does."""

    pool_min: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """How many booted labs wait for students, at least."""

    pool_max: Annotated[int, msgspec.Meta(ge=0)] | None = None


class Changes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be set for a course; what is unset stays as it is."""

    giturl: str | UnsetType = UNSET
    branch: str | UnsetType = UNSET
    """Empty for the repository's own default branch."""

    image: str | UnsetType = UNSET
    """Empty for the site's default image."""

    autopull: bool | UnsetType = UNSET
    archived: bool | UnsetType = UNSET
    autobuild: bool | UnsetType = UNSET
    submodules: bool | UnsetType = UNSET
    egress: str | UnsetType = UNSET
    """As `nbh_proto.egress` reads it; empty for the site's default."""

    git_pull: tuple[str, ...] | UnsetType = UNSET
    """URLs of the repositories beside its own that students may pull into their files (E-14)."""

    staff: tuple[str, ...] | UnsetType = UNSET
    groups: tuple[str, ...] | UnsetType = UNSET
    add_staff: tuple[str, ...] = ()
    remove_staff: tuple[str, ...] = ()
    add_groups: tuple[str, ...] = ()
    remove_groups: tuple[str, ...] = ()
    limits: dict[str, float | int | None] = {}
    """By the names of `Limits`' fields; None for the site's default."""


class CreateCourse(Command, frozen=True, kw_only=True):
    """Register a course and publish it for the first time. Asked by `nbh course create`."""

    subject: ClassVar[str] = "nbh.command.course.create.{course}"

    course: str
    giturl: str
    branch: str = ""
    """Empty for the repository's own default branch."""

    image: str = ""
    """Empty for the site's default image."""

    changes: Changes = Changes()
    """What is set for it from the start: it is never seen without."""


class PullCourse(Command, frozen=True, kw_only=True):
    """Fetch a course and publish what is new. Asked by `nbh course pull`."""

    subject: ClassVar[str] = "nbh.command.course.pull.{course}"

    course: str


class SetCourse(Command, frozen=True, kw_only=True):
    """Change what is set for a course. Asked by `nbh course set`."""

    subject: ClassVar[str] = "nbh.command.course.set.{course}"

    course: str
    changes: Changes = Changes()


class RenameCourse(Command, frozen=True, kw_only=True):
    """Give a course another name, and all that is its own. Asked by `nbh course rename`."""

    subject: ClassVar[str] = "nbh.command.course.rename.{course}"

    course: str
    to: str


class DeleteCourse(Command, frozen=True, kw_only=True):
    """Forget a course; its students' files stay, unless told. Asked by `nbh course delete`."""

    subject: ClassVar[str] = "nbh.command.course.delete.{course}"

    course: str
    with_students: bool = False
    """Whether its students' workspaces go too."""


class CourseRenamed(Event, frozen=True, kw_only=True):
    """A course has another name now; what was told before keeps the old one. Told by courses."""

    subject: ClassVar[str] = "nbh.event.course.renamed.{course}"

    course: str
    """The old name."""

    to: str


class CourseDeleted(Event, frozen=True, kw_only=True):
    """A course is no more. Told by courses."""

    subject: ClassVar[str] = "nbh.event.course.deleted.{course}"

    course: str
    with_students: bool
    workspaces: int
    """How many students had files in it."""


class MakeHook(Command, frozen=True, kw_only=True):
    """Make a course's secret for webhooks, if it has none. Asked by `nbh course hook`.

    The answer's line is the secret; it is empty if the secret was made, and shown, before.
    """

    subject: ClassVar[str] = "nbh.command.course.hook.{course}"

    course: str
    anew: bool = False
    """Whether another one takes its place."""


class CoursePublished(Event, frozen=True, kw_only=True):
    """Students now get this revision of a course. Told by courses."""

    subject: ClassVar[str] = "nbh.event.course.published.{course}"

    course: str
    commit: str
    notebooks: int
    """How many notebooks the revision holds."""

    changed: int = 0
    """How many files of the repository differ from the revision before; 0 for the first one."""

    seconds: float


class CourseFailed(Event, frozen=True, kw_only=True):
    """A course could not be published; the last good revision is still served. Told by courses."""

    subject: ClassVar[str] = "nbh.event.course.failed.{course}"

    course: str
    reason: CourseReason
    detail: str = ""


class CommandProgress(Answer, frozen=True, kw_only=True, tag=True):
    """One line about a command that is being carried out. Told by its handler to the asker."""

    line: str


class CommandDone(Answer, frozen=True, kw_only=True, tag=True):
    """A command was carried out. Told by its handler to the asker."""

    line: str = ""


class CommandFailed(Answer, frozen=True, kw_only=True, tag=True):
    """A command was not carried out, and why. Told by its handler to the asker."""

    reason: str
    detail: str = ""


CommandAnswer = CommandProgress | CommandDone | CommandFailed
"""What the inbox of a command's asker hears; the last two end it."""
