"""A push is published at once: webhooks to the service as it runs."""

import stat

import httpx2
import msgspec
import pytest

from nbh_courses.app import app
from nbh_courses.built_pages import BuiltPages
from nbh_courses.hooks.receiving import Hooks
from nbh_courses.hooks.secrets import HookSecrets
from nbh_courses.record import Record
from nbh_courses.shared_pages import SharedPages
from nbh_courses.shelf import Shelf
from nbh_kit import bus as buses
from nbh_kit.buckets import Bucket, Snapshot
from nbh_kit.settings import Origins
from nbh_kit.testing import eventually, free_port, nats_server
from nbh_proto import (
    CommandFailed,
    Course,
    CreateCourse,
    Delivery,
    MakeHook,
    PullCourse,
    SetCourse,
)
from nbh_proto.course import Changes
from tests.courses import forge
from tests.courses.people import House
from tests.courses.service import Service, carried_out, done
from tests.courses.teacher import LESSON


class Front:
    """Who sends to the service what Traefik would bring it."""

    def __init__(self, service) -> None:
        self._client = httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{service.port}", trust_env=False, timeout=10
        )

    async def send(self, made, course="py", **more):
        headers, body = made
        headers = {"Host": "127.0.0.1:8080"} | headers | more
        return await self._client.post(f"/hooks/{course}", headers=headers, content=body)

    async def close(self):
        await self._client.aclose()


@pytest.fixture
async def front(service):
    made = Front(service)
    yield made
    await made.close()


@pytest.fixture
async def secret(service, teacher, bus):
    """The secret of the course py, which is published; the service runs."""
    teacher.push(LESSON)
    async with service.running():
        await done(bus, CreateCourse(course="py", giturl=teacher.url))
        yield await done(bus, MakeHook(course="py"))


async def published(bus, commit):
    async def is_shown():
        held = await Bucket(bus, Course).get("py")
        return held.value.commit == commit

    await eventually(is_shown, within=20)


@pytest.mark.parametrize("send", forge.ALL)
async def test_a_push_is_published_at_once(front, secret, teacher, bus, send):
    commit = teacher.push(LESSON | {"n.md": "new"})
    answer = await front.send(send(secret))
    assert (answer.status_code, answer.content) == (202, b"")
    await published(bus, commit)


async def test_others_see_whether_a_course_has_a_webhook_and_when_it_was_used(
    service, front, teacher, bus
):
    async def shown():
        return (await Bucket(bus, Course).get("py")).value

    teacher.push(LESSON)
    async with service.running():
        await done(bus, CreateCourse(course="py", giturl=teacher.url))
        assert not (await shown()).hook
        secret = await done(bus, MakeHook(course="py"))
        course = await shown()
        assert (course.hook, course.pushed_at) == (True, None)
        await front.send(forge.github(secret))  # though nothing is new
        await eventually(lambda: _was_used(shown), within=20)
        used = (await shown()).pushed_at
        await done(bus, PullCourse(course="py"))
        assert (await shown()).pushed_at == used


async def _was_used(shown):
    return (await shown()).pushed_at


async def test_a_push_is_published_though_the_timer_leaves_the_course_alone(
    front, secret, teacher, bus
):
    await done(bus, SetCourse(course="py", changes=Changes(autopull=False)))
    commit = teacher.push(LESSON | {"n.md": "new"})
    await front.send(forge.github(secret))
    await published(bus, commit)


async def test_a_ping_and_another_branch_are_no_news(front, secret):
    ping = await front.send(forge.github(secret, {"zen": "x"}, "ping"))
    other = await front.send(forge.gitea(secret, forge.MAIN | {"ref": "refs/heads/draft"}))
    assert (ping.status_code, other.status_code) == (204, 204)


async def test_who_cannot_sign_learns_nothing(front, secret, bus):
    """The same answer, to a byte, for a course with a webhook, one without, and none at all."""
    answers = [
        await front.send(made, course)
        for course in ("py", "none", "-x", "%2e%2e", "%00", "é", "a" * 300)
        for made in (forge.github("wrong"), forge.gitlab("wrong"), ({}, b"{}"))
    ]
    assert {a.status_code for a in answers} == {403}
    said = [{k: v for k, v in a.headers.items() if k != "date"} for a in answers]
    assert all(each == said[0] for each in said)
    assert len({a.content for a in answers}) == 1


async def test_the_secret_is_no_other_course_s(front, secret, tmp_path, teacher, bus):
    await done(bus, CreateCourse(course="ml", giturl=teacher.url))
    assert (await front.send(forge.github(secret), "ml")).status_code == 403
    await done(bus, MakeHook(course="ml"))
    assert (await front.send(forge.github(secret), "ml")).status_code == 403


async def test_what_is_sent_again_asks_for_nothing(tmp_path, bus):
    shelf, asked = Shelf(tmp_path), []
    with shelf.creating("py") as place:
        place.remember(Record(course="py", giturl="x", branch="main"))
    secrets = HookSecrets(shelf)
    secret = secrets.make("py", asked_by="1", anew=False)
    hooks = Hooks(shelf, secrets, bus, asked.append)
    served = app(
        hooks,
        BuiltPages(tmp_path),
        SharedPages(tmp_path / "snapshots"),
        House(tmp_path, bus).doors,
        Origins(),
    )
    transport = httpx2.ASGITransport(served)
    async with httpx2.AsyncClient(transport=transport, base_url=Origins().ui) as sender:
        for after, more in (("1", {}), ("1", {}), ("1", {"X-GitHub-Delivery": "x"}), ("2", {})):
            headers, body = forge.github(secret, forge.MAIN | {"after": after})
            answer = await sender.post("/hooks/py", headers=headers | more, content=body)
            assert answer.status_code == 202
    assert asked == ["py", "py"]


async def test_deliveries_are_remembered_without_their_content(front, secret, bus):
    await front.send(forge.github(secret))
    async for change in Bucket(bus, Delivery).watch():
        assert isinstance(change, Snapshot)
        (held,) = change.all.values()
        assert set(msgspec.to_builtins(held.value)) == {"v", "at"}
        break
    info = await bus.js.stream_info("KV_DELIVERIES")
    assert info.config.max_age == 3600
    assert info.config.max_bytes > 0


async def test_a_body_is_limited(front, secret):
    headers, body = forge.github(secret)
    answer = await front.send((headers, body + b" " * 4 * 1024**2))
    assert answer.status_code == 413


async def test_it_is_there_at_the_ui_s_origin_only(front, secret):
    for host in ("localhost:8080", "share.localhost:8080", "127.0.0.1", "evil.example"):
        answer = await front.send(forge.github(secret), Host=host)
        assert answer.status_code == 404, host


async def test_a_browser_cannot_be_made_to_send_one(front, secret):
    for header in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert (await front.send(forge.github(secret), **header)).status_code == 403


async def test_a_new_secret_ends_the_old_one(front, secret, bus):
    assert await done(bus, MakeHook(course="py")) == ""
    new = await done(bus, MakeHook(course="py", anew=True))
    assert len(new) == 64
    assert (await front.send(forge.github(secret))).status_code == 403
    assert (await front.send(forge.github(new))).status_code == 202


def test_the_same_command_delivered_again_shows_the_same_secret(tmp_path):
    shelf = Shelf(tmp_path)
    with shelf.creating("py") as place:
        place.remember(Record(course="py", giturl="x"))
    secrets = HookSecrets(shelf)
    made = secrets.make("py", asked_by="1", anew=True)
    assert HookSecrets(shelf).make("py", asked_by="1", anew=True) == made
    assert secrets.make("py", asked_by="2", anew=False) == ""
    assert secrets.of("py") == made


async def test_a_course_that_is_not_there_has_no_webhook(secret, bus):
    *_, last = await carried_out(bus, MakeHook(course="none"))
    assert isinstance(last, CommandFailed)
    assert last.reason == "unknown"


async def test_the_secret_is_readable_by_the_service_alone(service, secret):
    file = service.courses / "py" / "hook.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert secret in file.read_text()


async def test_while_nats_is_away_a_push_is_answered_and_pulled(tmp_path, open_folder, teacher):
    """A delivery that cannot be remembered is a pull too many, not one too few."""
    teacher.push(LESSON)
    service = Service(open_folder, f"nats://127.0.0.1:{(port := free_port())}")
    front = Front(service)
    async with service.running():
        async with (
            nats_server(tmp_path / "nats", port=port) as url,
            buses.connect(url, name="test") as bus,
        ):
            await done(bus, CreateCourse(course="py", giturl=teacher.url))
            secret = await done(bus, MakeHook(course="py"))
        commit = teacher.push(LESSON | {"n.md": "new"})
        assert (await front.send(forge.github(secret))).status_code == 202
        current = service.courses / "py" / "current"
        await eventually(lambda: current.readlink().name == commit, within=20)
    await front.close()
