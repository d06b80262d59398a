"""What `nbh course set` does to a record: all of it, or nothing with the reason."""

import pytest

from nbh_courses.changes import applied
from nbh_courses.failure import CourseError
from nbh_courses.record import Record
from nbh_proto import Limits
from nbh_proto.course import Changes

COURSE = Record(course="py", giturl="https://forge.example.org/py", staff=("ada", "@teachers"))


def changed(**changes):
    return applied(COURSE, Changes(**changes), local=False)


def test_what_is_not_named_stays():
    assert changed() == COURSE
    archived = changed(archived=True, autopull=False)
    assert (archived.archived, archived.autopull, archived.staff) == (True, False, COURSE.staff)


def test_a_branch_and_an_image_can_be_set_back_to_the_default():
    course = changed(branch="2026", image="localhost/mine:1")
    assert (course.branch, course.image) == ("2026", "localhost/mine:1")
    back = applied(course, Changes(branch="", image=""), local=False)
    assert (back.branch, back.image) == ("", "")


def test_staff_are_added_and_removed_each_once_in_order():
    assert changed(add_staff=("bob", "ada")).staff == ("ada", "@teachers", "bob")
    assert changed(remove_staff=("@teachers", "nobody")).staff == ("ada",)
    assert changed(staff=("cleo",), add_staff=("@tutors",)).staff == ("cleo", "@tutors")
    assert changed(staff=()).staff == ()


def test_what_labs_may_reach_is_set_and_taken_back():
    closed = changed(egress="Closed")
    assert closed.egress == "closed"
    assert applied(closed, Changes(egress=""), local=False).egress == ""


def test_what_students_may_pull_is_set_and_taken_back():
    urls = ("https://forge.example.org/data", "https://forge.example.org/more")
    course = changed(git_pull=(*urls, urls[0]))
    assert course.git_pull == urls
    assert course.value("image", hook=False).git_pull == urls
    assert applied(course, Changes(git_pull=()), local=False).git_pull == ()


def test_limits_are_set_one_by_one_and_none_is_the_sites_default():
    small = changed(limits={"memory": 1536 * 1024**2, "cpus": 0.5, "idle": 7200})
    assert small.limits == Limits(memory=1536 * 1024**2, cpus=0.5, idle=7200)
    back = applied(small, Changes(limits={"cpus": None, "age": 86400.0}), local=False)
    assert back.limits == Limits(memory=1536 * 1024**2, idle=7200, age=86400.0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"giturl": "file:///etc"}, "url-refused: files and bundles need"),
        ({"git_pull": ("https://forge.example.org/a", "/srv/b")}, "url-refused"),
        ({"branch": "-x"}, "branch-refused"),
        ({"image": "--privileged"}, "image: '--privileged' is the name of no image"),
        ({"image": "a b"}, "image: 'a b'"),
        ({"staff": ("../x",)}, "staff: '../x' is not the name of a student"),
        ({"add_staff": ("@",)}, "staff: '' is not the name of a student"),
        ({"add_groups": ("@a",)}, "groups: '@a' is not the name of a group"),
        ({"limits": {"memory": 0}}, "memory: expected `int` >= 1"),
        ({"limits": {"memory": 1.5}}, "memory: expected `int"),
        ({"limits": {"cpus": -1}}, "cpus: expected `float` > 0"),
        ({"egress": "pypi.org"}, "neither open, closed nor HOST:PORT"),
        ({"limits": {"gpus": 1}}, "unknown field `gpus`"),
        (
            {"limits": {"pool_min": 3, "pool_max": 2}},
            r"pool_min \(3\) is more than pool_max",
        ),
        ({"limits": {"freeze": 100, "idle": 60}}, r"freeze \(100\) is more than idle \(60\)"),
        ({"limits": {"idle": 100, "age": 60}}, r"idle \(100\) is more than age \(60\)"),
    ],
)
def test_what_cannot_be_is_refused_with_its_setting(changes, said):
    with pytest.raises(CourseError, match=said):
        changed(**changes)
