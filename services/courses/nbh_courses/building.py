"""Has images and documentation of courses built, and new labs get what was built.

Courses knows git and what a course is; the builder of the node knows podman. What is asked for
goes there as commands; what has become of it comes back as events, however long it takes and
whoever is restarted meanwhile.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import structlog

from nbh_courses import contexts, images, tree
from nbh_courses.announcing import Announcer
from nbh_courses.contexts import Context
from nbh_courses.failure import CourseError, of_disk
from nbh_courses.git_program import Say
from nbh_courses.pulls import Pulls
from nbh_courses.record import Record
from nbh_courses.shelf import Place, Shelf
from nbh_kit.buckets import Bucket
from nbh_kit.bus import Bus, BusAway
from nbh_proto import (
    Build,
    BuildCourse,
    BuildDocs,
    BuildFinished,
    BuildImage,
    CommandDone,
    CourseDeleted,
    CourseIndex,
    CoursePublished,
    ImageBuilt,
    KeepImages,
    RollBackCourse,
    image_repository,
    names,
)

_INDEX_WITHIN = 30.0
_ASK_AGAIN_SECONDS = 0.5

logger = structlog.get_logger(__name__)


class Site(NamedTuple):
    """Where we are."""

    name: str
    node: str
    local: Path
    """The operator's own files for courses."""

    default_image: str
    max_bytes: int


class Builds:
    """What is built of courses."""

    def __init__(
        self,
        bus: Bus,
        shelf: Shelf,
        pulls: Pulls,
        announcer: Announcer,
        environment: Mapping[str, str],
        site: Site,
    ) -> None:
        self._bus = bus
        self._shelf = shelf
        self._pulls = pulls
        self._announcer = announcer
        self._environment = environment
        self._site = site
        self._indexes: Bucket[CourseIndex] = Bucket(bus, CourseIndex)

    async def ask(self, command: BuildCourse, say: Say) -> None:
        """Have something built; who asked hears the rest from the builder, and from `heard`.

        Raises:
            CourseError: there is nothing to build from.
        """
        record = self._there(command.course)
        if command.what == "docs":
            await self._ask_for_docs(command, record)
            return
        context = await self._exported(record)
        if context is None:
            raise CourseError("no-dockerfile", _no_dockerfile(self._site.local / record.course))
        for problem in (*context.problems, *images.rolled_back_from(record)):
            await say(f"! {problem}")
        await self._bus.tell_surely(self._image(command, record, context))

    async def roll_back(self, command: RollBackCourse, _say: Say) -> str:
        """Have new labs start from an earlier image; those that run keep theirs.

        Raises:
            CourseError: it cannot be had.
        """
        async with self._pulls.turn(command.course):
            record = images.rolled_back(self._there(command.course), command.version)
            await self._remember(record)
        await self._show_borrowers(command.course)
        set_ = f"; but {record.image} is set for it" if record.image else ""
        return f"new labs of {record.course} get {record.own_image}{set_}"

    async def heard(
        self, event: ImageBuilt | BuildFinished | CoursePublished | CourseDeleted
    ) -> None:
        """What happened, to courses and to what is built of them. Idempotent."""
        match event:
            case ImageBuilt():
                await self._take(event)
            case BuildFinished():
                await self._note(event)
                if event.what == "image":
                    await self._build_docs_by_itself(event.course, event.commit, event.id)
            case CoursePublished():
                await self._build_by_itself(event)
            case CourseDeleted():
                await self._keep(image_repository(self._site.name, event.course))
            case _:
                pass

    async def keep_all(self) -> None:
        """Say again which images are wanted: the builder may have forgotten those that go."""
        for repository in images.repositories(self._shelf.records()):
            await self._keep(repository)

    async def _note(self, finished: BuildFinished) -> None:
        """Have people see how it ended."""
        async with self._pulls.turn(finished.course):
            record = self._shelf.record(finished.course)
            if record and not record.intention:
                await self._remember(images.with_last_build(record, finished))

    async def _take(self, built: ImageBuilt) -> None:
        """Have new labs get an image, and tell who asked."""
        async with self._pulls.turn(built.course):
            record = self._shelf.record(built.course)
            known = images.repositories([record] if record else [])
            if record and not record.intention:
                await self._remember(images.with_built(record, built))
        await self._show_borrowers(built.course)
        for repository in known | {image_repository(self._site.name, built.course)}:
            await self._keep(repository)
        line = f"new labs of {built.course} get {built.image}, built in {built.seconds:.0f} s"
        if record and record.image not in ("", record.course):
            line = f"{built.image} is built; but {record.image} is set for {built.course}"
        await self._bus.answer(built.answer_to, CommandDone(about=built.about, line=line))

    async def _build_by_itself(self, published: CoursePublished) -> None:
        """G6: the image where what feeds it has changed, then the documentation."""
        record = self._shelf.record(published.course)
        if not (record and record.autobuild and record.commit == published.commit):
            return
        command = BuildCourse(id=f"auto-{published.id}", course=published.course)
        try:
            context = await self._exported(record)
        except CourseError as e:
            logger.warning("nothing is built", course=record.course, why=str(e))
            return
        if context:
            await self._bus.tell_surely(self._image(command, record, context))
        else:
            await self._build_docs_by_itself(record.course, record.commit, published.id)

    async def _build_docs_by_itself(self, course: str, commit: str, about: str) -> None:
        record = self._shelf.record(course)
        if not (record and record.autobuild and record.commit == commit):
            return
        command = BuildCourse(id=f"auto-docs-{about}", course=course, what="docs")
        try:
            await self._ask_for_docs(command, record)
        except CourseError as e:
            logger.info("no documentation is built", course=course, why=str(e))

    async def _ask_for_docs(self, command: BuildCourse, record: Record) -> None:
        builds = _chosen(await self._builds_of(record), command.builds)
        image = images.image_of(record, self._shelf.record, self._site.default_image)
        await self._bus.tell_surely(
            BuildDocs(
                id=f"docs-{command.id}",
                node=self._site.node,
                course=record.course,
                commit=record.commit,
                image=image,
                builds=builds,
                force=command.force,
                answer_to=command.answer_to,
            )
        )

    async def _builds_of(self, record: Record) -> tuple[Build, ...]:
        """The index follows a publication within moments."""
        key = names.token(record.course)
        try:
            async with asyncio.timeout(_INDEX_WITHIN):
                while True:
                    held = await self._indexes.get(key)
                    if held and held.value.commit == record.commit:
                        return held.value.builds
                    await asyncio.sleep(_ASK_AGAIN_SECONDS)
        except (TimeoutError, BusAway) as e:
            why = "what the course says about builds is not known yet"
            raise CourseError("no-build", why) from e

    async def _exported(self, record: Record) -> Context | None:
        async with self._pulls.turn(record.course):
            place = self._shelf.place(record.course)
            try:
                return await asyncio.to_thread(self._export, place, record.commit)
            except CourseError:
                raise
            except Exception as e:  # whoever waits gets an answer, whatever went wrong
                logger.exception("a context cannot be written", course=record.course)
                raise CourseError("internal", f"{type(e).__name__}: see the service's log") from e

    def _export(self, place: Place, commit: str) -> Context | None:
        local = self._site.local / place.folder.name
        with tree.opened(place.mirror, self._environment) as reader:
            return contexts.export(place, reader, commit, local, self._site.max_bytes)

    def _image(self, command: BuildCourse, record: Record, context: Context) -> BuildImage:
        return BuildImage(
            id=f"image-{command.id}",
            node=self._site.node,
            course=record.course,
            commit=record.commit,
            version=images.next_version(record),
            context=context.folder,
            dockerfile=context.dockerfile,
            known=tuple(v.fed for v in record.versions),
            force=command.force,
            no_cache=command.no_cache,
            answer_to=command.answer_to,
        )

    async def _remember(self, record: Record) -> None:
        with of_disk():
            await asyncio.to_thread(self._shelf.place(record.course).remember, record)
        await self._announcer.show_again(record.course)

    async def _show_borrowers(self, course: str) -> None:
        for borrower in images.borrowers(course, self._shelf.records()):
            async with self._pulls.turn(borrower):
                await self._announcer.show_again(borrower)

    async def _keep(self, repository: str) -> None:
        wanted = images.wanted(repository, self._shelf.records())
        keep = KeepImages(node=self._site.node, repository=repository, images=wanted)
        await self._bus.tell_surely(keep)

    def _there(self, course: str) -> Record:
        record = self._shelf.record(course)
        if record is None or record.intention or not record.commit:
            raise CourseError("unknown", f"there is no course {course}")
        return record


def _chosen(builds: tuple[Build, ...], wanted: tuple[str, ...]) -> tuple[Build, ...]:
    there = {build.id: build for build in builds if build.script}
    if unknown := [id_ for id_ in wanted if id_ not in there]:
        known = ", ".join(there) or "none"
        raise CourseError("no-build", f"there is no build {unknown[0]}; there is {known}")
    chosen = tuple(there[id_] for id_ in wanted or there)
    if not chosen:
        raise CourseError("no-build", "the course says of no documentation how to build it")
    return chosen


def _no_dockerfile(local: Path) -> str:
    return f"it has none in nbhosting or .nbhosting, and there is none in {local}"
