"""What nbhosting 0.59 wrote, line by line (T1, T2)."""

from datetime import UTC, datetime

import pytest

from nbh_stats import original_lines

AT = datetime(2023, 3, 4, 5, 6, 7, tzinfo=UTC)
OPENED = "2023-03-04T05:06:07 python ada.l w1/n1 created 8888"
COUNTED = "2023-03-04T05:06:07 3 1 4 250 150 100 50 40 2048 30 1024 20 512 8000 4000 6000 9 12"


def events(*lines, course="", first=1):
    return original_lines.events(course, lines, first)


def counts(*lines, course="python"):
    return original_lines.counts(course, lines, 1)


def test_a_notebook_that_was_opened_is_an_open():
    (row,) = events(OPENED).rows
    assert (row.at, row.kind, row.course) == (AT, "access.opened", "python")
    assert (row.student, row.notebook, row.stem) == ("ada.l", "w1/n1", "w1/n1")
    assert (row.how, row.seconds) == ("", 0.0)


def test_a_course_can_be_given_another_name():
    assert events(OPENED, course="py").rows[0].course == "py"


def test_a_notebook_may_have_blanks_in_its_name():
    (row,) = events("2023-03-04T05:06:07 python ada week 1/first one existing 8888").rows
    assert row.notebook == "week 1/first one"


def test_the_same_line_is_the_same_row_wherever_it_is_read():
    once = events(OPENED, OPENED, first=1).rows
    again = events(OPENED, OPENED, first=700).rows
    assert [r.id for r in once] == [r.id for r in again]
    assert len({r.id for r in once}) == 2
    assert [r.sequence for r in again] == [700, 701]


@pytest.mark.parametrize(
    "other",
    [
        OPENED.replace("ada.l", "bob"),
        OPENED.replace("05:06:07", "05:06:08"),
        OPENED.replace("w1/n1", "w1/n2"),
        OPENED.replace("8888", "8889"),
        OPENED.replace("created", "existing"),
        OPENED.replace("python", "py"),
    ],
)
def test_another_line_is_another_row(other):
    first, second = events(OPENED, other).rows
    assert first.id != second.id


def test_labs_that_were_killed_comments_and_empty_lines_are_passed_over():
    read = events("2023-03-04T05:06:07 python ada - killing -", "", "   ")
    assert (read.rows, read.unreadable, read.passed_over) == ([], [], 3)
    read = counts("# running_container frozen_container", "")
    assert (read.rows, read.unreadable, read.passed_over) == ([], [], 2)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("2023-03-04T05:06:07 python ada w1/n1 created", "5 words"),
        ("yesterday python ada w1/n1 created 8888", "'yesterday' is no instant"),
        ("1066-10-14T09:00:00 python ada w1/n1 created 8888", "cannot have happened"),
        ("2023-03-04T05:06:07 py/thon ada w1/n1 created 8888", "name of a course"),
        ("2023-03-04T05:06:07 python ../ada w1/n1 created 8888", "name of a student"),
        ("2023-03-04T05:06:07 python ada w1/n1 exploded 8888", "'exploded'"),
        ("\ufffd\x00 python ada w1/n1 created 8888", "no instant"),
    ],
)
def test_a_line_that_cannot_be_read_is_told_with_its_number_and_why(line, why):
    read = events(OPENED, line, OPENED, first=10)
    assert len(read.rows) == 2
    ((number, said),) = read.unreadable
    assert number == 11
    assert why in said


def test_a_line_of_counts_is_a_sample_of_the_course_and_one_of_the_machine():
    course, machine = counts(COUNTED).rows
    assert (course.kind, course.course, course.at) == ("node.sampled", "python", AT)
    assert course.gauges == {"running": 3, "frozen": 1, "kernels": 4, "students": 250}
    assert machine.course == ""
    assert machine.gauges == {
        "load1": 1.5,
        "load5": 1.0,
        "load15": 0.5,
        "containers_free_percent": 40,
        "containers_free_mib": 2048,
        "data_free_percent": 30,
        "data_free_mib": 1024,
        "system_free_percent": 20,
        "system_free_mib": 512,
        "memory_total": 8000,
        "memory_free": 4000,
        "memory_available": 6000,
        "running": 9,
        "kernels": 12,
    }
    assert course.node == machine.node


def test_the_machine_is_the_same_in_each_course_s_file():
    _, machine = counts(COUNTED).rows
    _, again = counts(COUNTED.replace(" 3 1 4 ", " 7 7 7 "), course="other").rows
    assert machine.id == again.id


def test_counts_that_an_older_monitor_did_not_write_are_not_there():
    course, machine = counts("2023-03-04T05:06:07 3 1").rows
    assert course.gauges == {"running": 3, "frozen": 1}
    assert machine.gauges == {}


@pytest.mark.parametrize(
    ("line", "why"), [(COUNTED + " 1", "19 counts, 18 are known"), ("x" + COUNTED, "no instant")]
)
def test_counts_that_cannot_be_read_are_told(line, why):
    ((number, said),) = counts(line).unreadable
    assert number == 1
    assert why in said


def test_a_count_that_is_no_number_spoils_its_line_alone():
    read = counts(COUNTED.replace("250", "many"), COUNTED)
    assert len(read.rows) == 2
    assert read.unreadable == [(1, "'many' is no whole number")]
