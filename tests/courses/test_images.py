"""Which image labs run in, and which of a course's own can be had (I3 to I5)."""

from datetime import UTC, datetime

import msgspec
import pytest

from nbh_courses import images
from nbh_courses.failure import CourseError
from nbh_courses.record import Record
from nbh_proto import ImageBuilt

AT = datetime(2026, 1, 2, tzinfo=UTC)


def record(course="py", image="", commit="a" * 40, **more) -> Record:
    return Record(course=course, giturl="x", image=image, commit=commit, **more)


def built(of: Record) -> Record:
    version = images.next_version(of)
    event = ImageBuilt(
        course=of.course,
        node="n",
        commit=of.commit,
        version=version,
        image=f"localhost/nbh/{of.course}:{version}",
        image_id="i",
        fed="f",
        seconds=1,
        size=1,
        at=AT,
    )
    return images.with_built(of, event)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("", "localhost/nbh/py:aaaaaaaaaa"),
        ("py", "localhost/nbh/py:aaaaaaaaaa"),
        ("other", "localhost/nbh/other:aaaaaaaaaa"),
        ("bare", "bare"),
        ("quay.io/x/y:1", "quay.io/x/y:1"),
    ],
    ids=["nothing set", "its own name", "another course", "one without images", "an image"],
)
def test_what_is_set_stands_and_its_own_comes_before_the_sites(image, expected):
    others = {"other": built(record("other")), "bare": record("bare")}
    course = built(record(image=image))
    assert images.image_of(course, others.get, "site") == expected


def test_a_course_that_was_never_built_has_the_sites_image():
    assert images.image_of(record(), {}.get, "site") == "site"
    assert images.image_of(record(image="py"), {}.get, "site") == "site"


def test_each_image_has_a_name_of_its_own():
    twice = built(built(record()))
    assert [v.version for v in twice.versions] == ["aaaaaaaaaa", "aaaaaaaaaa-2"]
    assert twice.version == "aaaaaaaaaa-2"


def test_the_current_one_and_the_one_before_it_can_be_had():
    course = record()
    for digit in "abcd":
        course = built(msgspec.structs.replace(course, commit=digit * 40))
    assert [v.version[0] for v in course.versions] == ["c", "d"]
    assert images.wanted("localhost/nbh/py", [course]) == tuple(v.image for v in course.versions)


def test_going_back_and_forth():
    course = built(msgspec.structs.replace(built(record()), commit="b" * 40))
    back = images.rolled_back(course, "")
    assert back.version == "a" * 10
    assert images.rolled_back(back, "").version == "b" * 10
    assert images.rolled_back(back, "b" * 10) == course
    after = built(msgspec.structs.replace(back, commit="c" * 40))
    assert [v.version[0] for v in after.versions] == ["a", "c"], "what was bad goes"


def test_what_is_not_there_cannot_be_had():
    with pytest.raises(CourseError, match="there is aaaaaaaaaa"):
        images.rolled_back(built(record()), "zzz")
    with pytest.raises(CourseError, match="no earlier one"):
        images.rolled_back(built(record()), "")


def test_hearing_twice_of_an_image_does_not_undo_a_rollback():
    first = built(record())
    second = msgspec.structs.replace(first, commit="b" * 40)
    version = images.next_version(second)
    event = ImageBuilt(
        course="py",
        node="n",
        commit="b" * 40,
        version=version,
        image="i:b",
        image_id="i",
        fed="f",
        seconds=1,
        size=1,
    )
    back = images.rolled_back(images.with_built(second, event), "")
    assert images.with_built(back, event) == back


def test_who_borrows_is_known():
    all_ = [record("py"), record("too", image="py"), record("else", image="x")]
    assert images.borrowers("py", all_) == ["too"]
