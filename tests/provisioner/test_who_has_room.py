"""When a student's files take what they may: who is told, and whose lab has to end (S-35)."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbh_proto.workspace import Full
from nbh_provisioner import room
from nbh_provisioner.room import Room, Seen, Taken

GIB = 1024**3
ROOM = Room(bytes=10 * GIB, files=1000)
EMPTY = Taken(0, 1)
TAKEN = st.builds(Taken, st.integers(0, 30 * GIB), st.integers(1, 3000))


def of_bytes(gib):
    return Taken(round(gib * GIB), 10)


@pytest.mark.parametrize(
    ("taken", "full_of"),
    [
        pytest.param(None, None, id="nobody has counted yet"),
        pytest.param(of_bytes(5), None, id="half"),
        pytest.param(of_bytes(9.99), None, id="not quite"),
        pytest.param(Taken(10 * GIB - 4096, 10), "bytes", id="but for a block"),
        pytest.param(of_bytes(10), "bytes", id="all bytes"),
        pytest.param(Taken(0, 999), None, id="room for one more file"),
        pytest.param(Taken(0, 1000), "files", id="all files"),
        pytest.param(Taken(0, 1000, is_more=True), "files", id="more files than were counted"),
    ],
)
def test_what_is_full(taken, full_of):
    full = room.full(taken, ROOM)
    assert (full.of if full else None) == full_of


def test_a_small_share_is_full_when_a_hundredth_is_left():
    small = Room(bytes=1_000_000, files=10)
    assert room.full(Taken(989_999, 1), small) is None
    assert room.full(Taken(990_001, 1), small) == Full(of="bytes", taken=990_001, limit=1_000_000)


def test_it_is_told_once_until_there_is_room_again():
    told, seen = [], None
    for gib in (1, 10, 10.01, 9.99, 10, 9.6, 9.4, 9.6, 10):
        verdict = room.verdict(seen, 7, of_bytes(gib), ROOM)
        seen = verdict.seen
        told.append(verdict.tell)
        assert not verdict.stop
    assert told == [None, "full", None, None, None, None, "has-room", "nearly-full", "full"]


def test_little_room_is_told_once_in_each_lab_until_there_is_more():
    told, seen = [], None
    for generation, gib in ((7, 8.9), (7, 9), (7, 9.5), (7, 8.6), (7, 8.5), (7, 9.1), (8, 9.1)):
        verdict = room.verdict(seen, generation, of_bytes(gib), ROOM)
        seen = verdict.seen
        told.append(verdict.tell)
        assert not verdict.stop
    assert told == [None, "nearly-full", None, None, "has-room", "nearly-full", "nearly-full"]


def test_files_that_run_out_after_bytes_are_told_too():
    seen = room.verdict(None, 7, of_bytes(10), ROOM).seen
    assert room.verdict(seen, 7, Taken(9 * GIB, 1000), ROOM).tell == "full"


@pytest.mark.parametrize(
    ("first", "then", "ends"),
    [
        pytest.param(1, 10.5, False, id="within the grace"),
        pytest.param(1, 11.1, True, id="beyond it"),
        pytest.param(11.5, 11.5, False, id="beyond it before its lab began: opens and deletes"),
        pytest.param(11.5, 11.55, False, id="and saves a little"),
        pytest.param(11.5, 11.7, True, id="and writes without end"),
        pytest.param(11.5, 10.9, False, id="and deletes"),
    ],
)
def test_whose_lab_has_to_end(first, then, ends):
    seen = Seen(7, of_bytes(first))
    assert room.verdict(seen, 7, of_bytes(then), ROOM).stop is ends


def test_many_files_end_a_lab_too():
    assert room.verdict(Seen(7, EMPTY), 7, Taken(0, 1101), ROOM).stop
    assert not room.verdict(Seen(7, EMPTY), 7, Taken(0, 1100), ROOM).stop


@given(TAKEN, TAKEN)
def test_a_fresh_lab_is_never_ended_for_what_was_there(before, there):
    ended = room.verdict(Seen(7, EMPTY), 7, before, ROOM).seen
    assert not room.verdict(ended, 8, there, ROOM).stop


@given(st.lists(TAKEN, min_size=1))
def test_what_is_told_is_never_told_twice_in_turn(counts):
    told, seen = [], None
    for taken in counts:
        verdict = room.verdict(seen, 7, taken, ROOM)
        seen = verdict.seen
        if verdict.tell:
            told.append((verdict.tell, seen.full.of if seen.full else None))
    for one, next_ in pairwise(told):
        assert one != next_
    assert not told or told[0][0] != "has-room"


@given(TAKEN)
def test_what_is_counted_is_enough_to_decide(taken):
    bound = room.countable(ROOM)
    counted = taken if taken.files <= bound else Taken(0, bound, is_more=True)
    whole, part = (room.verdict(Seen(7, EMPTY), 7, t, ROOM).stop for t in (taken, counted))
    assert part is whole or taken.files <= bound
