"""Which image a course's labs run in, and which of its own can be had. Pure."""

from collections.abc import Callable, Iterable

import msgspec

from nbh_courses.failure import CourseError
from nbh_courses.record import Record
from nbh_proto import BuildFinished, ImageBuilt, ImageVersion, LastBuild

_DIGITS = 10


def image_of(record: Record, find: Callable[[str], Record | None], default: str) -> str:
    """What an operator has set stands: another course's name means that course's image (I3).
    Else its own, once there is one; else the site's default.
    """
    if record.image in ("", record.course):
        return record.own_image or default
    lender = find(record.image)
    return (lender.own_image if lender else "") or record.image


def borrowers(course: str, records: Iterable[Record]) -> list[str]:
    """The courses whose labs run in this one's image."""
    return [r.course for r in records if r.image == course and r.course != course]


def next_version(record: Record) -> str:
    """A name for an image of the published commit that no image has yet."""
    base = record.commit[:_DIGITS]
    taken = {v.version for v in record.versions}
    number = 1
    while (version := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return version


def with_built(record: Record, built: ImageBuilt) -> Record:
    """A record whose new labs get a new image; the one they got until now can be had too."""
    if any(v.version == built.version for v in record.versions):
        return record  # it was heard before, and may have been rolled back since
    new = ImageVersion(
        version=built.version,
        image=built.image,
        image_id=built.image_id,
        commit=built.commit,
        fed=built.fed,
        at=built.at,
        seconds=built.seconds,
        size=built.size,
        software=built.software,
    )
    before = tuple(v for v in record.versions if v.version == record.version)
    return msgspec.structs.replace(record, versions=(*before, new), version=new.version)


def with_last_build(record: Record, finished: BuildFinished) -> Record:
    """A record that says how a build ended, unless a later one has."""
    name = "image_build" if finished.what == "image" else "docs_build"
    before: LastBuild | None = getattr(record, name)
    if before and before.at >= finished.at:
        return record
    last = LastBuild(
        commit=finished.commit,
        at=finished.at,
        outcome=finished.outcome,
        reason=finished.reason,
        detail=finished.detail,
    )
    return msgspec.structs.replace(record, **{name: last})


def rolled_back(record: Record, version: str) -> Record:
    """A record whose new labs get an earlier image; empty for the other one there is.

    Raises:
        CourseError: it cannot be had.
    """
    others = [v.version for v in record.versions if v.version != record.version]
    wanted = version or (others[-1] if others else "")
    if wanted not in {v.version for v in record.versions}:
        there = ", ".join(v.version for v in record.versions) or "none"
        raise CourseError("no-version", f"there is no {wanted or 'earlier one'}; there is {there}")
    return msgspec.structs.replace(record, version=wanted)


def rolled_back_from(record: Record) -> Iterable[str]:
    """What somebody should know who wants the newest image and does not get it, in a sentence."""
    newest = record.versions[-1].version if record.versions else ""
    if record.version != newest:
        go = f"`nbh course rollback {record.course} {newest}` gives them the newest one"
        yield f"new labs get {record.version}, an earlier image: {go}"


def repositories(records: Iterable[Record]) -> set[str]:
    """The names, without versions, that their images have; a course may have been renamed."""
    return {v.image.rpartition(":")[0] for record in records for v in record.versions}


def wanted(repository: str, records: Iterable[Record]) -> tuple[str, ...]:
    """The images under a name that some course may still get."""
    images = (v.image for record in records for v in record.versions)
    return tuple(image for image in images if image.startswith(f"{repository}:"))
