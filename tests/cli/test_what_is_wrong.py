"""What `nbh status` takes for wrong. Pure."""

from datetime import timedelta

import msgspec
import pytest

from nbh_cli.commands.status import saying
from nbh_cli.commands.status.seen import (
    Bus,
    Consumer,
    CourseSeen,
    Disk,
    LabsOf,
    Seen,
    Service,
    Stream,
    judged,
)
from nbh_proto import Drain, now

GIB = 1024**3

WELL = Seen(
    at=now(),
    site="main",
    services=(Service(name="router", lives=True),),
    bus=Bus(
        url="nats://127.0.0.1:4222",
        streams=(
            Stream(name="EVENTS", messages=9, bytes=99, max_bytes=100, drops_oldest=True),
            Stream(name="COMMANDS", messages=9, bytes=79, max_bytes=100, drops_oldest=False),
        ),
        consumers=(Consumer(stream="EVENTS", name="stats", waiting=9_999, in_hand=10_000),),
    ),
    disks=(Disk(what="all", folder="/data", free=2 * GIB, total=9 * GIB, wanted=2 * GIB),),
    courses=(CourseSeen(course="py", commit="c0ffee", pulled_at=now(), failure="", problems=3),),
)


def changed(part, **changes):
    """The same system with other fields in the first one of a part."""
    whole = getattr(WELL, part)
    return {part: (msgspec.structs.replace(whole[0], **changes), *whole[1:])}


def bus(**changes):
    return {"bus": msgspec.structs.replace(WELL.bus, **changes)}


def test_a_drained_node_is_shown_and_is_no_trouble_until_it_should_be_over():
    drain = Drain(node="n1", since=WELL.at, reason="a new disk")
    seen = judged(msgspec.structs.replace(WELL, drains=(drain,)))
    assert seen.troubles == ()
    screen = "\n".join(saying.screen(seen))
    assert "n1  nobody new since" in screen
    assert "a new disk" in screen
    late = msgspec.structs.replace(drain, back=WELL.at - timedelta(hours=3))
    (said,) = judged(msgspec.structs.replace(WELL, drains=(late,))).troubles
    assert said.startswith("n1 should have been back 3 h ago")
    assert "`nbh drain --off n1`" in said


def test_what_is_as_it_should_be_is_no_trouble():
    assert judged(WELL).troubles == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            changed("services", lives=False, why="nobody listens"),
            "router does not answer: nobody listens; its log says more",
        ),
        (changed("services", missing=("nats", "labs")), "router waits for nats, labs"),
        (bus(away="refused"), "NATS is away: refused"),
        (bus(dead=2), "2 messages could not be handled: `nbh dead list` says why"),
        (
            bus(
                streams=(
                    Stream(
                        name="COMMANDS", messages=1, bytes=80, max_bytes=100, drops_oldest=False
                    ),
                )
            ),
            "the stream COMMANDS is 80 % full: its consumers below do not keep up",
        ),
        (
            bus(consumers=(Consumer(stream="EVENTS", name="stats", waiting=10_000, in_hand=0),)),
            "stats is 10000 messages behind in EVENTS",
        ),
        (
            changed("disks", free=GIB),
            "/data has 1G left, and nobody new is let in below 2G: make room",
        ),
        (
            changed("courses", failure="unreachable: no route"),
            "course py could not be pulled: unreachable: no route",
        ),
    ],
)
def test_one_thing_that_is_wrong_is_said_and_said_first(change, said):
    seen = judged(msgspec.structs.replace(WELL, **change))
    assert seen.troubles == (said,)
    first, second, *_ = saying.screen(seen)
    assert first.endswith("1 trouble")
    assert said in second


def test_labs_of_several_courses_are_counted_together_too():
    labs = (
        LabsOf(course="a", states={"ready": 2, "pooled": 1}),
        LabsOf(course="b", states={"ready": 1, "frozen": 4}),
    )
    screen = "\n".join(saying.screen(msgspec.structs.replace(WELL, labs=labs)))
    assert "all  3 ready, 4 frozen, 1 in the pool" in screen


def test_of_many_courses_those_in_trouble_are_shown():
    fine = [
        CourseSeen(course=f"c{n:02}", commit="", pulled_at=now(), failure="", problems=0)
        for n in range(40)
    ]
    wrong = CourseSeen(course="z", commit="", pulled_at=None, failure="slow", problems=0)
    screen = saying.screen(msgspec.structs.replace(WELL, courses=(*fine, wrong)))
    assert sum(line.startswith("  c") for line in screen) == 11
    assert any(line.split() == ["z", "never", "pulled", "slow"] for line in screen)
    assert any("and 29 more" in line for line in screen)


def test_a_name_moves_no_cursor():
    wrong = changed("courses", failure="\x1b[2Jgone")
    assert "\x1b[2J" not in "\n".join(
        saying.screen(judged(msgspec.structs.replace(WELL, **wrong)))
    )
