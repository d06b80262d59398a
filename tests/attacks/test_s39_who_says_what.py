"""S-39: who takes one service over says and hears on the bus what that service may, no more."""

import contextlib
import re

import nats
import nats.errors
import pytest

from nbh_cli.up import bus_rights
from nbh_kit.buckets import Bucket
from nbh_kit.testing import eventually
from nbh_proto import Event, Lab, lab_key
from nbh_proto.streams import EVENTS
from tests.e2e.student import Student
from tests.system import running_system

FORGED = {
    "router": (
        "nbh.command.course.delete.lesson",
        "nbh.command.account.set.mallory",
        "nbh.event.access.opened.lesson",
        "nbh.event.lab.stopped.lesson",
        "$KV.LABS.lesson.ada",
        "$KV.COURSES.lesson",
        "$KV.SESSIONS.x",
        "$KV.ACCOUNTS.mallory",
        "$JS.API.STREAM.DELETE.EVENTS",
        "$JS.API.STREAM.PURGE.KV_LABS",
        "$JS.API.STREAM.UPDATE.EVENTS",
        "$JS.API.CONSUMER.DELETE.EVENTS.stats",
        "$JS.API.CONSUMER.CREATE.KV_SESSIONS",
        "$JS.API.DIRECT.GET.KV_SESSIONS.x",
        "_INBOX.operator.x",
    ),
    "courses": (
        "nbh.command.lab.stop.node1",
        "nbh.event.lab.stopped.lesson",
        "$KV.LABS.lesson.ada",
        "$JS.API.STREAM.DELETE.EVENTS",
    ),
    "reaper": ("nbh.command.course.delete.lesson", "nbh.event.lab.ready.lesson", "$KV.LABS.x"),
    "stats": ("nbh.event.lab.ready.lesson", "nbh.command.lab.stop.node1", "$KV.ACCOUNTS.mallory"),
    "builder": ("nbh.event.course.published.lesson", "$KV.COURSES.lesson"),
    "provisioner": ("nbh.event.course.published.lesson", "$KV.COURSES.lesson", "$KV.SESSIONS.x"),
}
OVERHEARD = (">", "_INBOX.>", "_INBOX.operator.>", "nbh.command.>", "$KV.SESSIONS.>")


@pytest.fixture
async def system(tmp_path):
    async with running_system(tmp_path, engine="memory", refused_by_nats=True) as running:
        yield running


class Thief:
    """A connection with the password of one service."""

    def __init__(self, client, complaints):
        self._client = client
        self._complaints = complaints

    async def is_refused(self, subject, doing):
        """Whether NATS says that we may not do this to this subject."""
        await doing
        await self._client.flush()

        def complained():
            return any("violation" in c and subject.lower() in c for c in self._complaints)

        with contextlib.suppress(AssertionError):
            return await eventually(complained, within=2)
        return False

    async def may_not_say(self, subject):
        return await self.is_refused(subject, self._client.publish(subject, b"{}"))

    async def may_not_hear(self, subject):
        return await self.is_refused(subject, self._client.subscribe(subject))


@contextlib.asynccontextmanager
async def thief(system, service):
    complaints = []

    async def complain(error):
        complaints.append(str(error).lower())

    client = await nats.connect(
        system.config.nats.url,
        user=service,
        password=system.config.password_of(service),
        inbox_prefix=f"_INBOX.{service}",
        error_cb=complain,
    )
    try:
        yield Thief(client, complaints)
    finally:
        await client.close()


async def test_nobody_says_what_is_not_theirs_nor_hears_what_others_are_told(system):
    student = Student(system.link("lesson", "w1/first", "ada"))
    await system.new_course("lesson")
    await student.open()
    await student.close()
    before = (await system.bus.js.stream_info(EVENTS.name)).state.messages
    for service, subjects in FORGED.items():
        async with thief(system, service) as stolen:
            for subject in subjects:
                assert await stolen.may_not_say(subject), (service, subject)
            for subject in OVERHEARD:
                assert await stolen.may_not_hear(subject), (service, subject)
    assert (await system.bus.js.stream_info(EVENTS.name)).state.messages >= before
    held = await Bucket(system.bus, Lab).get(lab_key("lesson", "ada"))
    assert held is not None
    assert held.value.state == "ready"


async def test_what_is_theirs_is_not_refused(system):
    async with thief(system, "router") as router:
        assert not await router.may_not_say("nbh.event.access.refused.lesson")


def test_each_event_is_told_by_who_says_so_in_its_description():
    for type_ in concrete(Event):
        said = re.search(r"Told by (?:the )?(\w+)", " ".join((type_.__doc__ or "").split()))
        assert said, type_
        tellers = {
            who
            for who in bus_rights.RIGHTS
            if any(
                allows(allowed, type_.pattern())
                for allowed in bus_rights.permissions(who)["publish"]["allow"]
            )
        }
        assert said[1] in tellers, type_
        assert len(tellers) == 1 or tellers <= {"provisioner", "reaper", "router"}, (
            type_,
            tellers,
        )


def concrete(type_):
    children = type_.__subclasses__()
    return [leaf for child in children for leaf in concrete(child)] if children else [type_]


def allows(allowed, subject):
    """Whether a subject with wildcards covers another one."""
    ours, theirs = allowed.split("."), subject.split(".")
    if ours[-1] == ">":
        return len(theirs) >= len(ours) and all(
            a in ("*", b) for a, b in zip(ours[:-1], theirs, strict=False)
        )
    return len(ours) == len(theirs) and all(
        a in ("*", b) for a, b in zip(ours, theirs, strict=True)
    )
