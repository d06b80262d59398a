"""Samples of nodes and labs (T2), and what the reaper learns of them."""

import msgspec

from nbh_proto.sample import Counts, LabMeasured, LabsMeasured, NodeMeasured
from nbh_reaper import counting, known
from tests.reaper.clocks import FastClock, instant
from tests.reaper.stub import StubLab
from tests.reaper.test_which_labs_are_stopped import HOUR, IDLE, LIMITS, outcome

MACHINE = NodeMeasured(
    load1=0.5, load5=0.4, load15=0.3, memory_total=8, memory_free=2, memory_available=4
)


def pair(student="ada", course="python", looks=IDLE, **over):
    """What is watched of a lab."""
    stub = StubLab(FastClock(1), course=course, student=student)
    there = msgspec.structs.replace(looks.at(60), **over)
    return stub.lab(), there


def measured(student="ada", generation=1, **over):
    return LabMeasured(course="python", student=student, generation=generation, **over)


def test_a_node_counts_its_labs_and_kernels_by_course_and_in_all():
    labs = [pair(), pair("bob", state="frozen"), pair("eve", course="other")]
    told = counting.node_sample(
        "n", LabsMeasured(node=MACHINE, labs=()), labs, {"python": 3}, {"python": 40, "old": 7}
    )
    assert told.machine == MACHINE
    assert told.courses == {
        "old": Counts(students=7),
        "other": Counts(running=1, kernels=1),
        "python": Counts(running=1, frozen=1, pooled=3, kernels=2, students=40),
    }
    assert told.total == Counts(running=2, frozen=1, pooled=3, kernels=3, students=47)


def test_a_lab_is_told_with_what_it_used():
    answer = LabsMeasured(node=MACHINE, labs=(measured(cpu_seconds=1.5, memory=7, disk=9),))
    [told] = counting.lab_samples(answer, [pair(), pair("bob")])
    assert (told.student, told.state, told.kernels, told.busy) == ("ada", "ready", 1, False)
    assert (told.cpu_seconds, told.memory, told.disk, told.processes) == (1.5, 7, 9, None)


def test_what_an_earlier_lab_of_a_student_used_is_not_this_ones():
    answer = LabsMeasured(node=MACHINE, labs=(measured(generation=0, memory=7),))
    assert counting.lab_samples(answer, [pair()]) == []


def test_a_file_that_comes_in_for_hours_is_activity_though_jupyter_tells_nothing():
    lab, mib = IDLE.at(60), 1024**2
    for minute in range(0, 180, 5):
        lab = known.measured(lab, False, minute * 10 * mib, instant(60 + minute * 60))
    assert outcome(lab, 3 * HOUR) == ("keep", "used")


def test_what_a_page_says_to_pass_the_time_is_no_activity():
    lab = IDLE.at(60)
    for minute in range(0, 180, 5):
        lab = known.measured(lab, False, minute * 60 * 1024, instant(60 + minute * 60))
    assert lab.transfers is None
    assert outcome(lab, 3 * HOUR) == ("freeze", "idle")


def test_an_image_that_was_replaced_is_learnt_of():
    lab = known.measured(IDLE.at(60), True, None, instant(60))
    assert outcome(lab, LIMITS.freeze + 60) == ("stop", "outdated")
