"""What is known of a course, beside its mirror: the COURSES bucket is made from this again."""

from datetime import datetime
from typing import Literal

import msgspec

from nbh_courses.settings import DEFAULT_FORMAT, DEFAULT_MAPPINGS
from nbh_proto import Course, CoursePublished, ImageVersion, LastBuild
from nbh_proto.course import CourseReason, Limits


class Intention(msgspec.Struct, frozen=True):
    """What is being done to a course as a whole: written down before the first step."""

    what: Literal["rename", "delete"]
    command: str
    """The command's id: the same command, delivered again, goes on with it."""

    to: str = ""
    with_students: bool = False
    workspaces: int = 0
    """How many students had files in it when it began."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One course, as ``course.json`` holds it.

    It is written before anybody is told: what it says is carried out again after a crash.
    """

    v: int = 1
    course: str
    giturl: str
    branch: str = ""
    image: str = ""
    """As it was asked for; empty for the site's default, whichever that is."""

    versions: tuple[ImageVersion, ...] = ()
    """The images that were built of it and can be had, oldest first."""

    version: str = ""
    """The one of them that new labs get."""

    image_build: LastBuild | None = None
    docs_build: LastBuild | None = None

    created_by: str = ""
    """The command's id: the same command, delivered again, has been carried out."""

    created_at: datetime | None = None
    made_by: str = ""
    """The id of the command that gave it this name; empty if it always had it."""

    intention: Intention | None = None
    """While it has one, the course is nobody's to see."""

    archived: bool = False
    autopull: bool = True
    autobuild: bool = False
    submodules: bool = False
    git_pull: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    limits: Limits = Limits()
    egress: str = ""
    commit: str = ""
    """The published revision; ``current`` points there."""

    previous: str = ""
    """The one published before it: it stays on the disk."""

    shown_as: str = ""
    """The branch that students' clones follow."""

    notebooks: int = 0
    changed: int = 0
    """How many files of the repository the publication changed."""

    seconds: float = 0.0
    """How long the publication took."""

    published_at: datetime | None = None
    told: str = ""
    """The commit whose publication was told; another one is told at the next start."""

    pulled_at: datetime | None = None
    pushed_at: datetime | None = None
    """When a webhook last asked for a pull."""

    failure: CourseReason | None = None
    failure_detail: str = ""
    static_mappings: tuple[tuple[str, str], ...] = DEFAULT_MAPPINGS
    notebook_url_format: str = DEFAULT_FORMAT
    problems: tuple[str, ...] = ()

    @property
    def own_image(self) -> str:
        """The image that was built of it and that new labs get; empty if there is none."""
        return next((v.image for v in self.versions if v.version == self.version), "")

    def value(self, image: str, *, hook: bool) -> Course:
        """What others may read; ``image`` is what its labs run in, ``hook`` whether it has a
        secret for webhooks."""
        return Course(
            course=self.course,
            giturl=self.giturl,
            branch=self.branch,
            image=image,
            version=self.version,
            versions=self.versions,
            image_build=self.image_build,
            docs_build=self.docs_build,
            commit=self.commit,
            notebooks=self.notebooks,
            changed=self.changed,
            pulled_at=self.pulled_at,
            pushed_at=self.pushed_at,
            published_at=self.published_at,
            failure=self.failure,
            failure_detail=self.failure_detail,
            archived=self.archived,
            autopull=self.autopull,
            hook=hook,
            autobuild=self.autobuild,
            submodules=self.submodules,
            git_pull=self.git_pull,
            staff=self.staff,
            groups=self.groups,
            limits=self.limits,
            egress=self.egress,
            static_mappings=self.static_mappings,
            notebook_url_format=self.notebook_url_format,
            problems=self.problems,
        )

    @property
    def is_pulled_by_timer(self) -> bool:
        """Whether the timer pulls it (G5)."""
        return self.autopull and not self.archived

    @property
    def publication(self) -> CoursePublished:
        """The event; the same one each time it is told, so that it is stored once."""
        assert self.published_at is not None
        return CoursePublished(
            id=f"published-{self.course}-{self.commit}-{self.published_at.timestamp():.6f}",
            at=self.published_at,
            course=self.course,
            commit=self.commit,
            notebooks=self.notebooks,
            changed=self.changed,
            seconds=self.seconds,
        )
