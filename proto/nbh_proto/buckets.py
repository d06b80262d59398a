"""State that services read from each other: key-value buckets, one writer each."""

import hashlib
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from nbh_proto import names
from nbh_proto._value import Value
from nbh_proto.access import Reason
from nbh_proto.account import Account, Session
from nbh_proto.build import ImageVersion, LastBuild
from nbh_proto.course import CourseReason, Limits
from nbh_proto.index import Build, Notebook, Problem, Track
from nbh_proto.lab import StopReason

LabState = Literal["pooled", "starting", "ready", "frozen", "stopping", "failed"]
"""As in `nbh_proto.lab`; absent is the absence of the key. ``pooled`` is a lab that is nobody's
yet: it has no student."""


class Lab(Value, frozen=True, kw_only=True):
    """One lab of one student. Written by the provisioner, by compare-and-set: it is the lease.
    While its state is ``pooled`` it is nobody's, and its key is another one."""

    bucket: ClassVar[str] = "LABS"

    node: str
    course: str
    student: str
    state: LabState
    generation: int
    """Revision of the write that took the lease; 0 in that very write."""

    capability: str
    token: str
    """What Traefik puts into ``Authorization``; another secret than the capability (S-22)."""

    address: str = ""
    """``host:port``; empty until the container has one."""

    container: str = ""
    image: str = ""
    commit: str = ""
    """The revision of the course that it mounts; empty for a lab of an older release."""

    since: datetime
    """When it came into this state."""

    started: datetime | None = None
    """When it first answered; None before, and for a lab of an older release."""

    reason: Reason | None = None
    """Why it failed."""

    why: StopReason | None = None
    """Why it is on its way out; None before, and for one that failed."""

    @property
    def key(self) -> str:
        """Its key in the bucket."""
        if self.state == "pooled":
            return pool_key(self.course, self.capability)
        return lab_key(self.course, self.student)


class Course(Value, frozen=True, kw_only=True):
    """What others need to know of a course. Written by courses."""

    bucket: ClassVar[str] = "COURSES"

    course: str
    giturl: str
    branch: str = ""
    image: str
    """What its labs run in: set for it, else built of it, else the site's default."""

    version: str = ""
    """The version of its own images that new labs get; empty while there is none."""

    versions: tuple[ImageVersion, ...] = ()
    """Those that can be had, oldest first."""

    image_build: LastBuild | None = None
    docs_build: LastBuild | None = None
    commit: str = ""
    """The published revision; empty while there is none."""

    notebooks: int = 0
    changed: int = 0
    """How many files of the repository the revision has other than the one before it."""

    pulled_at: datetime | None = None
    pushed_at: datetime | None = None
    """When a webhook last had it pulled."""

    published_at: datetime | None = None
    failure: CourseReason | None = None
    """Why the last pull failed; None if it did not."""

    failure_detail: str = ""
    archived: bool = False
    """Not listed to auditors, never pulled; still openable by URL (C13)."""

    autopull: bool = True
    """Whether the timer pulls it; commands and webhooks do anyway."""

    hook: bool = False
    """Whether it has a secret for webhooks."""

    autobuild: bool = False
    """Whether a push builds anew its image and documentation whose sources it changed."""

    submodules: bool = False
    """Whether its repository's submodules are fetched."""

    git_pull: tuple[str, ...] = ()
    """URLs of the repositories beside its own that students may pull into their files (E-14)."""

    staff: tuple[str, ...] = ()
    """Ids of students and accounts, and ``@group`` for all of a group."""

    groups: tuple[str, ...] = ()
    """The groups of students that are registered."""

    time_zone: str = ""
    """In which its days are counted, for example ``Europe/Paris``; empty for the site's."""

    limits: Limits = Limits()
    egress: str = ""
    """What its labs may reach, as `nbh_proto.egress` reads it; empty for the site's default."""

    static_mappings: tuple[tuple[str, str], ...] = (("media", "media"), ("data", "data"))
    """(source, destination): links beside each notebook, into the static area (G10, S10)."""

    notebook_url_format: str = "notebooks/{notebook}"
    """The path under the lab's base URL that opens a notebook (S11, U9)."""

    problems: tuple[str, ...] = ()
    """What is wrong in the published revision and left out of it, in sentences for the teacher."""

    @property
    def key(self) -> str:
        """Its key in the bucket."""
        return names.token(self.course)


class CourseIndex(Value, frozen=True, kw_only=True):
    """What the published revision of a course holds: titles, tracks, builds, and what is wrong
    with them. Written by courses; it follows its `Course` within moments."""

    bucket: ClassVar[str] = "INDEXES"

    course: str
    commit: str
    """The revision that it is of."""

    notebooks: tuple[Notebook, ...] = ()
    """By path. One that is not here has its path without the suffix as its title."""

    left_out: int = 0
    """How many notebooks are not here, for they would not fit into one message."""

    tracks: tuple[Track, ...] = ()
    """Never empty in a course with notebooks: a generic one stands in for none (G14)."""

    static_mappings: tuple[tuple[str, str], ...] = ()
    """As in `Course`."""

    notebook_url_format: str = "notebooks/{notebook}"
    builds: tuple[Build, ...] = ()
    problems: tuple[Problem, ...] = ()
    """In the order of files and lines."""

    @property
    def key(self) -> str:
        """Its key in the bucket, as its course's."""
        return names.token(self.course)


class Group(Value, frozen=True, kw_only=True):
    """The members of a group of people; ``@group`` among a course's staff stands for them.
    Written by courses."""

    bucket: ClassVar[str] = "GROUPS"

    group: str
    members: tuple[str, ...] = ()
    """Ids of students and accounts."""

    @property
    def key(self) -> str:
        """Its key in the bucket."""
        return names.token(self.group)


class Launch(Value, frozen=True, kw_only=True):
    """A single-use link that was used. Written by the router; forgotten when the link expires."""

    bucket: ClassVar[str] = "LAUNCHES"
    keep: ClassVar[timedelta | None] = timedelta(minutes=10)

    used_at: datetime


class Delivery(Value, frozen=True, kw_only=True):
    """A webhook's delivery that came. Written by courses; keys are digests of what was signed."""

    bucket: ClassVar[str] = "DELIVERIES"
    keep: ClassVar[timedelta | None] = timedelta(hours=1)

    at: datetime


class Drain(Value, frozen=True, kw_only=True):
    """A node that gives labs to nobody new, while those that it has go on (E-6). Written by the
    operator, with `nbh drain`; gone once it is over."""

    bucket: ClassVar[str] = "DRAINS"

    node: str
    since: datetime
    back: datetime | None = None
    """When it is expected to be over; None if nobody said."""

    reason: str = ""
    """What students are told of why, in the operator's words."""

    @property
    def key(self) -> str:
        """Its key in the bucket."""
        return names.token(self.node)


def lab_key(course: str, student: str) -> str:
    """The key of a student's lab: unambiguous, as ids become tokens without dots."""
    return f"{names.token(course)}.{names.token(student)}"


def pool_key(course: str, capability: str) -> str:
    """The key of a lab that is nobody's yet. It has three tokens, so it is no student's; it says
    nothing of the capability."""
    digest = hashlib.sha256(f"pool {capability}".encode()).hexdigest()[:16]
    return f"{names.token(course)}.pool.{digest}"


def pool_course(key: str) -> str | None:
    """The course of a key that `pool_key` made; None for a student's."""
    course, _, rest = key.partition(".")
    return names.id_of(course) if rest.startswith("pool.") else None


BUCKETS: tuple[type[Value], ...] = (
    Lab,
    Course,
    CourseIndex,
    Group,
    Launch,
    Delivery,
    Account,
    Session,
    Drain,
)
