"""What is to be taken over from nbhosting 0.59 is found, and what cannot be is told."""

import sqlite3

import pytest

from nbh_cli.commands.import_nbhosting import import_nbhosting
from nbh_cli.original import plan as plans
from nbh_cli.original import root as roots
from nbh_cli.original import site_settings
from nbh_cli.sorry import Sorry
from tests.moving import old_root

URL = "https://forge.example.org/python.git"


@pytest.fixture
def old(tmp_path):
    return old_root.make(tmp_path, python=URL)


@pytest.fixture
def plan(old):
    return plans.made(roots.read(old))


def course(plan, name):
    return next(c for c in plan.courses if c.course == name)


def left(plan, part):
    return [each for each in plan.not_taken if part in each.what]


def test_a_course_comes_with_its_settings(plan):
    python = course(plan, "python")
    assert (python.giturl, python.branch) == (URL, "main")
    changes = python.changes
    assert (changes.image, changes.autopull, changes.archived, changes.autobuild) == (
        *("", True, False, True),
    )
    assert changes.groups == ("year2",)
    assert [n for n in ("python", "borrowing", "old", "orphan") if course(plan, n)]
    assert course(plan, "borrowing").changes.image == "python"
    assert (course(plan, "old").changes.archived, course(plan, "old").changes.image) == (
        *(True, "localhost/some/image:3"),
    )


def test_staff_are_there_with_the_members_of_their_groups(plan):
    assert course(plan, "python").changes.staff == ("ada", "bob", "thierry", "@teachers")
    assert left(plan, "staff of course python: not/a/name")


def test_a_course_that_only_has_a_clone_is_taken_from_it(plan):
    assert course(plan, "orphan").giturl == "https://forge.example.org/orphan.git"
    assert left(plan, "settings of course orphan")


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("course nogit", "no git URL"),
        ("course donn\u00e9es", "not the name of a course"),
        ("courses-git/leftover", "no clone"),
        ("1 workspace of forgotten", "no such course"),
        ("1 workspace of donn\u00e9es", "no name that can be one here"),
        ("student a student", "not the id of a student"),
        ("student -rf", "not the id of a student"),
        ("student eve@example.org", "not the id of a student"),
        ("students/elsewhere", "a link"),
        ("students/README", "no folder"),
        ("droparea/python: 1 file", "not kept here yet"),
        ("tracks.py", "did not read it any more"),
        ("accounts of staff: thierry", "passwords"),
        ("group of course python: class of 2024", "no name here"),
        ("statistics in", "no name that can be one here"),
    ],
)
def test_what_cannot_be_taken_is_told_with_what_to_do(plan, what, why):
    found = left(plan, what)
    assert found, [each.what for each in plan.not_taken]
    assert why in found[0].why
    assert found[0].advice


def test_students_files_are_found_by_student_and_course(plan):
    assert plan.workspaces == (
        (old_root.HASH, "python"),
        ("ada", "orphan"),
        ("ada", "python"),
    )


def test_one_course_is_all_that_is_wanted_if_it_is_named(old):
    plan = plans.made(roots.read(old), ["forgotten"])
    assert plan.workspaces == (("ada", "forgotten"),)
    assert (plan.courses, plan.statistics, plan.overrides) == ((), (), ())


def test_without_a_database_the_clones_say_what_there_is(old):
    (old / "db.sqlite3").write_bytes(b"SQLite format 3\0" + b"damaged" * 100)
    plan = plans.made(roots.read(old))
    assert [c.course for c in plan.courses] == ["orphan", "python"]
    assert left(plan, "the database")


def test_a_database_of_an_older_release_is_read(old, tmp_path):
    file = old / "db.sqlite3"
    file.unlink()
    connection = sqlite3.connect(file)
    connection.executescript(
        "CREATE TABLE courses_coursedir (id integer PRIMARY KEY, coursename varchar(128), "
        "giturl varchar(1024), image varchar(256), autopull bool, staff_usernames text);"
        "INSERT INTO courses_coursedir VALUES (1, 'python', 'none', 'none', 1, NULL)"
    )
    connection.close()
    plan = plans.made(roots.read(old))
    assert course(plan, "python").giturl == URL


def test_what_the_old_settings_mean_here_is_said_and_never_run(old):
    said = site_settings.ours(site_settings.read(old / "sitesettings.py"))
    assert said.splitlines() == [
        "[origins]",
        'content = "https://notebooks.example.org"',
        "",
        "[lab]",
        "memory = 5368709120",
        "",
        "[reaper]",
        "idle = 7200.0",
        "max_age = 86400.0",
        "period = 300.0",
        "",
        "# The old rule. It proves little (S-1): sign links where the platform can.",
        "[[platform]]",
        'name = "old"',
        'strategy = "referer"',
        'hosts = ["fun-mooc.fr"]',
        'origins = ["https://lms.example.org"]',
        "# add the very origins of the pages behind https://*.fun-mooc.fr",
    ]


def test_looking_changes_nothing(old):
    before = {p: p.lstat() for p in old.rglob("*")}
    plans.made(roots.read(old))
    after = {p: p.lstat() for p in old.rglob("*")}
    assert {p: (s.st_mtime_ns, s.st_size) for p, s in before.items()} == {
        p: (s.st_mtime_ns, s.st_size) for p, s in after.items()
    }


def test_what_is_no_root_is_refused_before_anything_is_asked(tmp_path):
    with pytest.raises(Sorry, match=r"is no root of nbhosting 0\.59"):
        import_nbhosting(tmp_path)
