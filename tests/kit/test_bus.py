"""The promises of the bus, on a real nats-server."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from nbh_kit import bus as buses
from nbh_kit import consuming
from nbh_kit.buckets import Bucket, Gone, Lost, Put, Replica, Snapshot
from nbh_kit.bus import BusAway
from nbh_kit.consuming import consume
from nbh_kit.testing import eventually, free_port, nats_server
from nbh_proto import (
    CommandDone,
    CommandProgress,
    Course,
    CoursePublished,
    DeadLetter,
    Lab,
    PullCourse,
)
from nbh_proto.course import CommandAnswer
from nbh_proto.stats import EventsFound, FindEvents
from nbh_proto.streams import COMMANDS, DEAD, EVENTS


def published(course="py", **more):
    return CoursePublished(course=course, commit="c" * 40, notebooks=3, seconds=0.5, **more)


def lab(student="ada", **more):
    given = {"state": "starting", "generation": 0, "capability": "1", "token": "t"} | more
    return Lab(node="n1", course="py", student=student, since=datetime.now(UTC), **given)


async def messages_in(bus, stream):
    return (await bus.js.stream_info(stream.name)).state.messages


async def test_what_is_said_twice_is_stored_once(bus):
    event = published()
    await bus.tell(event)
    await bus.tell(event)
    assert await messages_in(bus, EVENTS) == 1


async def test_each_message_is_handled_and_leaves_the_work_queue(bus):
    heard: asyncio.Queue[PullCourse] = asyncio.Queue()
    async with consume(bus, COMMANDS, "test", [PullCourse], heard.put):
        await bus.tell(PullCourse(course="a.b"))
        assert (await asyncio.wait_for(heard.get(), 30)).course == "a.b"
        await eventually(lambda: _is_empty(bus))


async def _is_empty(bus):
    return await messages_in(bus, COMMANDS) == 0


async def test_one_slow_message_holds_up_no_other(bus):
    release, done = asyncio.Event(), asyncio.Queue()

    async def handle(command: PullCourse) -> None:
        if command.course == "slow":
            await release.wait()
        await done.put(command.course)

    async with consume(bus, COMMANDS, "test", [PullCourse], handle):
        try:
            await bus.tell(PullCourse(course="slow"))
            await bus.tell(PullCourse(course="quick"))
            assert await asyncio.wait_for(done.get(), 30) == "quick"
        finally:
            release.set()
        assert await asyncio.wait_for(done.get(), 30) == "slow"


async def test_what_takes_too_long_when_the_service_stops_comes_again_at_once(bus, monkeypatch):
    monkeypatch.setattr(consuming, "FINISH_SECONDS", 0.1)
    begun, heard = asyncio.Event(), asyncio.Queue()

    async def handle(_):
        begun.set()
        await asyncio.Event().wait()

    async with consume(bus, EVENTS, "slow", [CoursePublished], handle):
        await bus.tell(published("python"))
        await asyncio.wait_for(begun.wait(), 30)
    async with consume(bus, EVENTS, "slow", [CoursePublished], heard.put):
        again = await asyncio.wait_for(heard.get(), consuming.ACK_WAIT / 2)
    assert again.course == "python"


async def test_what_was_begun_is_finished_when_the_service_stops(bus):
    begun, finished = asyncio.Event(), asyncio.Event()

    async def handle(_: PullCourse) -> None:
        begun.set()
        await asyncio.sleep(0.05)  # long enough for the block to end first
        finished.set()

    async with consume(bus, COMMANDS, "test", [PullCourse], handle):
        await bus.tell(PullCourse(course="a"))
        await asyncio.wait_for(begun.wait(), 30)
    assert finished.is_set()


async def test_a_handler_that_fails_once_is_asked_again(bus):
    tries = []

    async def handle(command: PullCourse) -> None:
        tries.append(command.id)
        if len(tries) == 1:
            raise OSError("not now")

    async with consume(bus, COMMANDS, "test", [PullCourse], handle):
        await bus.tell(PullCourse(course="a"))
        await eventually(lambda: len(tries) == 2)


async def test_what_nobody_can_decode_is_a_dead_letter_and_the_service_goes_on(bus):
    heard: asyncio.Queue[PullCourse] = asyncio.Queue()
    await bus.js.publish("nbh.command.course.pull.py", b"not json")
    async with consume(bus, COMMANDS, "test", [PullCourse], heard.put):
        await bus.tell(PullCourse(course="good"))
        assert (await asyncio.wait_for(heard.get(), 30)).course == "good"
        raw = await eventually(lambda: bus.js.get_last_msg(DEAD.name, "nbh.dead.test"))
    letter = msgspec.json.decode(raw.data, type=DeadLetter)
    assert letter.data == b"not json"
    assert "malformed" in letter.reason
    await eventually(lambda: _is_empty(bus))


async def test_what_a_later_release_says_is_kept_aside_in_words(bus):
    heard: asyncio.Queue[PullCourse] = asyncio.Queue()
    newer = msgspec.json.encode(msgspec.to_builtins(PullCourse(course="py")) | {"v": 2})
    await bus.js.publish("nbh.command.course.pull.py", newer)
    async with consume(bus, COMMANDS, "test", [PullCourse], heard.put):
        await bus.tell(PullCourse(course="py"))
        assert (await asyncio.wait_for(heard.get(), 30)).v == 1
        raw = await eventually(lambda: bus.js.get_last_msg(DEAD.name, "nbh.dead.test"))
    letter = msgspec.json.decode(raw.data, type=DeadLetter)
    assert letter.data == newer
    assert "PullCourse of version 2, from a later release" in letter.reason
    await eventually(lambda: _is_empty(bus))


async def test_a_value_of_a_later_release_is_as_if_it_were_not_there(bus):
    labs = Bucket(bus, Lab)
    await labs.create("py.ada", lab())
    changes = labs.watch()
    assert set((await anext(changes)).all) == {"py.ada"}
    kv = await bus.js.key_value("LABS")
    revision = await kv.put("py.ada", msgspec.json.encode(msgspec.to_builtins(lab()) | {"v": 2}))
    assert await anext(changes) == Gone("py.ada"), "what was there before is not true any more"
    await changes.aclose()
    assert await labs.get("py.ada") is None
    assert (await labs.unreadable("py.ada")).revision == revision
    assert await labs.unreadable("py.bob") is None
    fresh = labs.watch()
    assert (await anext(fresh)).all == {}
    await fresh.aclose()
    await labs.update("py.ada", lab(), revision)
    assert await labs.unreadable("py.ada") is None


async def test_a_reply_of_a_later_release_is_no_answer(bus):
    class Newer(EventsFound, frozen=True, kw_only=True):
        newest = 2
        v: int = 2

    async def answer(_):
        return Newer(events=())

    async with bus.answering(FindEvents, answer):
        with pytest.raises(BusAway, match="EventsFound of version 2, from a later release"):
            await bus.ask(FindEvents(), EventsFound)


async def test_an_asker_hears_the_answers_to_its_command(bus):
    heard: asyncio.Queue[CommandAnswer] = asyncio.Queue()

    async def handle(command: PullCourse) -> None:
        await bus.answer(command.answer_to, CommandProgress(about=command.id, line="fetching"))
        await bus.answer(command.answer_to, CommandDone(about=command.id))

    async with (
        bus.inbox(CommandAnswer, heard.put_nowait) as inbox,
        consume(bus, COMMANDS, "test", [PullCourse], handle),
    ):
        await bus.tell(PullCourse(course="a", answer_to=inbox))
        assert isinstance(await asyncio.wait_for(heard.get(), 30), CommandProgress)
        assert isinstance(await asyncio.wait_for(heard.get(), 30), CommandDone)


async def test_a_question_is_answered(bus):
    async def answer(question: FindEvents) -> EventsFound:
        return EventsFound(error=f"none of {question.only_course}")

    async with bus.answering(FindEvents, answer):
        found = await bus.ask(FindEvents(only_course="py"), EventsFound)
    assert found.error == "none of py"


async def test_a_question_to_nobody_says_so(bus):
    with pytest.raises(BusAway, match="nobody answers"):
        await bus.ask(FindEvents(), EventsFound, within=0.2)


async def test_only_one_of_two_writers_wins(bus):
    labs = Bucket(bus, Lab)
    revision = await labs.create("py.ada", lab())
    with pytest.raises(Lost):
        await labs.create("py.ada", lab())
    newer = await labs.update("py.ada", lab(state="ready"), revision)
    with pytest.raises(Lost):
        await labs.update("py.ada", lab(state="stopping"), revision)
    with pytest.raises(Lost):
        await labs.delete("py.ada", revision)
    await labs.delete("py.ada", newer)
    assert await labs.get("py.ada") is None
    await labs.create("py.ada", lab())


async def test_a_watcher_sees_all_there_is_and_then_each_change(bus):
    labs = Bucket(bus, Lab)
    revision = await labs.create("py.ada", lab())
    changes = labs.watch()
    first = await anext(changes)
    assert isinstance(first, Snapshot)
    assert set(first.all) == {"py.ada"}
    await labs.update("py.ada", lab(state="ready"), revision)
    put = await anext(changes)
    assert isinstance(put, Put)
    assert put.held.value.state == "ready"
    await labs.delete("py.ada", put.held.revision)
    assert await anext(changes) == Gone("py.ada")
    await changes.aclose()


async def test_an_empty_bucket_is_known_to_be_empty(bus):
    courses = Replica(Bucket(bus, Course))
    following = asyncio.create_task(courses.follow())
    await asyncio.wait_for(courses.known.wait(), 30)
    assert courses.all == {}
    following.cancel()


async def test_after_nats_lost_everything_all_is_made_again(tmp_path):
    """R-1's floor: a new JetStream folder, the same services."""
    port = free_port()
    heard: asyncio.Queue[PullCourse] = asyncio.Queue()
    async with nats_server(tmp_path / "one", port=port) as url:
        bus = await (connecting := buses.connect(url, name="test")).__aenter__()
        labs = Bucket(bus, Lab)
        replica = Replica(labs)
        following = asyncio.create_task(replica.follow())
        await labs.create("py.ada", lab())
        consuming = consume(bus, COMMANDS, "test", [PullCourse], heard.put)
        await consuming.__aenter__()
        await eventually(lambda: replica.get("py.ada"))
    with pytest.raises(BusAway):
        await bus.tell(published())
    async with nats_server(tmp_path / "two", port=port):
        try:
            await eventually(lambda: _told(bus, PullCourse(course="again")))
            assert (await asyncio.wait_for(heard.get(), 30)).course == "again"
            await eventually(lambda: replica.all == {})
            await labs.create("py.bob", lab("bob"))
            await eventually(lambda: replica.get("py.bob"))
        finally:
            following.cancel()
            await consuming.__aexit__(None, None, None)
            await connecting.__aexit__(None, None, None)


async def test_a_consumer_that_somebody_deletes_is_made_again(bus):
    heard: asyncio.Queue[CoursePublished] = asyncio.Queue()
    async with consume(bus, EVENTS, "test", [CoursePublished], heard.put, look_every=0.05):
        await bus.js.delete_consumer(EVENTS.name, "test")
        await bus.tell(published("later"))
        assert (await asyncio.wait_for(heard.get(), 30)).course == "later"


async def test_one_that_is_made_again_may_leave_out_what_is_old(bus):
    heard: asyncio.Queue[CoursePublished] = asyncio.Queue()
    await bus.tell(published("old"))
    await eventually(lambda: _is_older_than(bus, 0.2))
    young = {"youngest": timedelta(seconds=0.1), "look_every": 0.05}
    async with consume(bus, EVENTS, "test", [CoursePublished], heard.put, **young):
        await bus.tell(published("new"))
        assert (await asyncio.wait_for(heard.get(), 30)).course == "new"
    # and one that is there goes on where it was, however long nobody heard it
    await bus.tell(published("meanwhile"))
    await eventually(lambda: _is_older_than(bus, 0.2))
    async with consume(bus, EVENTS, "test", [CoursePublished], heard.put, **young):
        assert (await asyncio.wait_for(heard.get(), 30)).course == "meanwhile"
    assert heard.empty()


async def _is_older_than(bus, seconds):
    state = (await bus.js.stream_info(EVENTS.name)).state
    last = await bus.js.get_msg(EVENTS.name, state.last_seq)
    assert last.time is not None
    return datetime.now(UTC) - last.time > timedelta(seconds=seconds)


async def _told(bus, message):
    await bus.tell(message)
    return True


async def test_nothing_that_was_told_is_lost_while_nats_restarts(tmp_path):
    port = free_port()
    async with nats_server(tmp_path, port=port) as url:
        bus = await (connecting := buses.connect(url, name="test")).__aenter__()
    async with asyncio.TaskGroup() as tasks, nats_server(tmp_path, port=port):
        telling = tasks.create_task(bus.tell_surely(*[published() for _ in range(20)]))
        await asyncio.wait_for(telling, 30)
        assert await messages_in(bus, EVENTS) == 20
        await connecting.__aexit__(None, None, None)
