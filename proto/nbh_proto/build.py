"""What is built of a course: the image that its labs run in, and its documentation.

asked ──▶ started ──▶ image built | documentation built ──▶ finished
                └──▶ finished, and why it failed
"""

import hashlib
import re
from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from nbh_proto._message import Command, Event, Question
from nbh_proto._reply import Reply
from nbh_proto.index import Build

What = Literal["image", "docs"]

Outcome = Literal["done", "failed", "cancelled"]

BuildReason = Literal[
    "no-dockerfile",
    "no-image",
    "dockerfile-refused",
    "base-missing",
    "step-failed",
    "out-of-memory",
    "slow",
    "too-big",
    "disk-full",
    "smoke-failed",
    "no-result",
    "cancelled",
    "expired",
    "engine-down",
    "internal",
]
"""Why nothing was built."""

_REPOSITORY = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")


def image_repository(site: str, course: str) -> str:
    """The name of a course's images, without a version. Images are named in lower case, courses
    are not: where that matters the name ends with eight hexadecimal digits.

    >>> image_repository("nbh", "python")
    'localhost/nbh/python'
    """
    return f"localhost/{_component(site)}/{_component(course)}"


def _component(id_: str) -> str:
    if _REPOSITORY.fullmatch(id_):
        return id_
    plain = re.sub(r"[^a-z0-9]+", "-", id_.lower()).strip("-") or "x"
    return f"{plain}-{hashlib.sha256(id_.encode()).hexdigest()[:8]}"


class ImageVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One image of a course that can be had: it is never another one under the same name."""

    version: str
    """The first ten digits of its commit; ``-2`` and so on where that was built again."""

    image: str
    """Its full name, by which labs start."""

    image_id: str
    commit: str
    fed: str
    """A hash of what it was built from: Dockerfile, context and base images."""

    at: datetime
    seconds: float
    size: int
    """Bytes, with what it is built on."""

    software: dict[str, str] = {}
    """What a lab of it reported: python, jupyter_server, jupyterlab, notebook, jupytext."""


class LastBuild(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the last build of a course's image, or of its documentation, ended."""

    commit: str
    at: datetime
    outcome: Outcome
    reason: BuildReason | None = None
    detail: str = ""

    @property
    def why(self) -> str:
        """Why it failed, in a sentence; empty if it did not."""
        if self.outcome != "failed":
            return ""
        return f"{self.reason}: {self.detail}".removesuffix(": ")


class BuildCourse(Command, frozen=True, kw_only=True):
    """Build a course's image or documentation, where what feeds it has changed.
    Asked by `nbh course build` and `nbh course build-docs`."""

    subject: ClassVar[str] = "nbh.command.course.build.{course}"

    course: str
    what: What = "image"
    builds: tuple[str, ...] = ()
    """The ids of documentation builds; empty for all."""

    force: bool = False
    """Also where nothing has changed."""

    no_cache: bool = False
    """With the newest base image that a registry has."""


class RollBackCourse(Command, frozen=True, kw_only=True):
    """Have new labs start from an earlier image. Asked by `nbh course rollback`."""

    subject: ClassVar[str] = "nbh.command.course.rollback.{course}"

    course: str
    version: str = ""
    """Empty for the one before the current one."""


class BuildImage(Command, frozen=True, kw_only=True):
    """Build one version of a course's image. Asked by courses of the builder of a node."""

    subject: ClassVar[str] = "nbh.command.build.image.{node}"

    node: str
    course: str
    commit: str
    version: str
    context: str
    """The name of the folder with all that the build may read, under the course's own."""

    dockerfile: str
    """The file's name in that folder."""

    known: tuple[str, ...] = ()
    """What fed the images there are: the same again is not built."""

    force: bool = False
    no_cache: bool = False


class BuildDocs(Command, frozen=True, kw_only=True):
    """Build a course's documentation from a commit. Asked by courses of the builder of a node."""

    subject: ClassVar[str] = "nbh.command.build.docs.{node}"

    node: str
    course: str
    commit: str
    image: str
    builds: tuple[Build, ...] = ()
    """Those that have a script."""

    force: bool = False


class CancelBuild(Command, frozen=True, kw_only=True):
    """Stop what is built for a course, or waits for its turn. Asked by `nbh course cancel`."""

    subject: ClassVar[str] = "nbh.command.build.cancel.{node}"

    node: str
    course: str


class KeepImages(Command, frozen=True, kw_only=True):
    """Remove a course's images but these, as soon as no container uses them. Asked by courses."""

    subject: ClassVar[str] = "nbh.command.build.keep.{node}"

    node: str
    repository: str
    """As `image_repository` names it."""

    images: tuple[str, ...] = ()
    """Full names."""


class BuildStarted(Event, frozen=True, kw_only=True):
    """Something of a course is being built. Told by the builder."""

    subject: ClassVar[str] = "nbh.event.build.started.{course}"

    course: str
    node: str
    what: What
    commit: str


class ImageBuilt(Event, frozen=True, kw_only=True):
    """A course has a new image, and a lab of it answered. Told by the builder."""

    subject: ClassVar[str] = "nbh.event.image.built.{course}"

    course: str
    node: str
    commit: str
    version: str
    image: str
    image_id: str
    fed: str
    seconds: float
    size: int
    software: dict[str, str] = msgspec.field(default_factory=dict)
    about: str = ""
    """The command that asked."""

    answer_to: str = ""
    """Who waits until new labs get it."""


class DocsBuilt(Event, frozen=True, kw_only=True):
    """One documentation of a course is there. Told by the builder."""

    subject: ClassVar[str] = "nbh.event.docs.built.{course}"

    course: str
    node: str
    commit: str
    build: str
    files: int
    size: int
    """Bytes."""

    seconds: float


class BuildFinished(Event, frozen=True, kw_only=True):
    """A build has ended, one way or the other. Told by the builder."""

    subject: ClassVar[str] = "nbh.event.build.finished.{course}"

    course: str
    node: str
    what: What
    commit: str
    outcome: Outcome
    reason: BuildReason | None = None
    detail: str = ""
    seconds: float


class ShowBuildLog(Question, frozen=True, kw_only=True):
    """What the last build of a course wrote. Asked by `nbh course build --log`."""

    subject: ClassVar[str] = "nbh.question.build.log.{node}"

    node: str
    course: str
    what: What = "image"


class BuildLog(Reply, frozen=True, kw_only=True):
    """The reply to `ShowBuildLog`: its beginning and its end, where it is long."""

    text: str = ""
    at: datetime | None = None
    """When it was last written to; None if there is none."""


class FindImages(Question, frozen=True, kw_only=True):
    """Which of these images are on a node, and how old they are. Asked by `nbh course list` and
    `nbh course show`; the provisioner answers."""

    subject: ClassVar[str] = "nbh.question.images.find.{node}"

    node: str
    images: tuple[str, ...] = ()
    """By the names under which labs start."""


class ImagesFound(Reply, frozen=True, kw_only=True):
    """The reply to `FindImages`."""

    made: dict[str, datetime] = msgspec.field(default_factory=dict)
    """Since when each that is there has existed; one that is missing is not in it."""

    error: str = ""
    """Why nobody knows."""
