"""A click: from the request to the answer, on labs in memory."""

import asyncio
import os
from datetime import timedelta

import httpx2
import pytest

from nbh_kit.testing import eventually
from nbh_proto import AccessDenied, AccessProgress, AccessReady, now
from nbh_provisioner.engines.memory import MemoryEngine
from tests.provisioner import world


async def test_a_click_gives_a_lab_that_answers(memory, router, data):
    ready = await router.opened("w1/n1")
    assert ready.notebook == "w1/n1.ipynb"
    assert (data / "students/ada/python/w1/n1.ipynb").read_text() == world.NOTEBOOK
    lab = await router.lab()
    assert (lab.state, lab.capability) == ("ready", ready.capability)
    async with httpx2.AsyncClient() as client:
        url = f"http://{lab.address}/{lab.capability}/notebooks/w1/n1.ipynb"
        with_token = await client.get(url, headers={"Authorization": f"token {lab.token}"})
        without = await client.get(url)
    assert (with_token.status_code, without.status_code) == (200, 403)


async def test_the_second_click_finds_the_lab_running(memory, router, bus):
    first = await router.opened("w1/n1")
    second = await router.opened("w1/n2")
    assert first.capability == second.capability
    assert second.notebook == "w1/n2.md"
    assert memory.starts == 1
    opened = await eventually(lambda: _told(bus, "access.opened", 2))
    assert [e["way"] for e in opened] == ["cold", "running"]


async def test_every_step_of_a_click_is_told(memory, router, bus):
    await router.opened("w1/n1")
    await eventually(lambda: _told(bus, "access.opened", 1))
    lab = await router.lab()
    for kind in ("lab.starting", "lab.ready", "notebook.copied", "access.opened"):
        (event,) = await world.events(bus, kind)
        assert (event["course"], event["student"]) == ("python", "ada")
        assert event.get("generation", lab.generation) == lab.generation
        assert lab.capability not in str(event)


async def test_a_lab_tells_which_revision_it_mounts(memory, router, data):
    await router.opened("w1/n1")
    world.publish(data, {"w1/n1.ipynb": world.NOTEBOOK}, commit="c2")
    await router.opened("w1/n1")
    await router.opened("w1/n1", student="bob")
    assert (await router.lab()).commit == "c1"
    assert (await router.lab("bob")).commit == "c2"


async def test_a_hundred_clicks_of_one_student_start_one_lab(memory, router):
    answers = await asyncio.gather(*(router.opened("w1/n1") for _ in range(100)))
    assert len({a.capability for a in answers}) == 1
    assert memory.starts == 1


async def test_students_have_a_lab_each(memory, router):
    students = [f"s{n}" for n in range(20)]
    answers = await asyncio.gather(*(router.opened("w1/n1", student=s) for s in students))
    assert len({a.capability for a in answers}) == len(students)
    assert memory.starts == len(students)


async def test_who_waits_hears_how_far_it_is(site, course, router):
    engine = MemoryEngine(boots_in=0.2)
    async with world.running(site, engine):
        *progress, last = await router.hear("w1/n1")
    assert isinstance(last, AccessReady)
    assert [p.stage for p in progress if isinstance(p, AccessProgress)] == ["starting", "booting"]


async def test_starts_queue_fairly_and_each_hears_its_position(data, nats_url, course, router):
    site = world.config(data, nats_url, provisioner={"starts_at_once": 1})
    async with world.running(site, MemoryEngine(boots_in=0.15)):
        heard = await asyncio.gather(
            *(router.hear("w1/n1", student=f"s{n}") for n in range(4)),
        )
    assert all(isinstance(h[-1], AccessReady) for h in heard)
    queued = [[p.position for p in h if getattr(p, "stage", "") == "queued"] for h in heard]
    assert sorted(queued, key=len) == [[], [0], [1, 0], [2, 1, 0]]


async def test_an_access_that_waited_too_long_never_starts_a_lab(memory, router, bus):
    long_ago = now() - timedelta(minutes=11)
    assert await router.denied("w1/n1", at=long_ago) == "expired"
    assert memory.starts == 0
    (failed,) = await eventually(lambda: _told(bus, "access.failed", 1))
    assert failed["reason"] == "expired"


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        pytest.param({"course": "nothing"}, "course-unknown", id="no such course"),
        pytest.param({"notebook": "w1/none"}, "notebook-unknown", id="no such notebook"),
        pytest.param({"notebook": "../ada"}, "notebook-unknown", id="no name of a notebook"),
        pytest.param({"course": "draft"}, "course-unreadable", id="nothing is published"),
        pytest.param({"course": "other"}, "image-missing", id="its image is missing"),
    ],
)
async def test_a_refusal_says_why_and_is_told(memory, router, bus, data, asked, reason):
    world.publish(data, {"w1/n1.ipynb": world.NOTEBOOK}, course="other")
    await router.register("draft", commit="")
    await router.register("other", image="localhost/never-built")
    answer = await router.open(**{"notebook": "w1/n1", **asked})
    assert isinstance(answer, AccessDenied)
    assert answer.reason == reason
    (failed,) = await eventually(lambda: _told(bus, "access.failed", 1))
    assert failed["reason"] == reason
    assert memory.starts == 0


async def test_a_click_works_once_the_image_is_there(site, course, router):
    images: set[str] = set()
    async with world.running(site, MemoryEngine(images)):
        assert await router.denied() == "image-missing"
        await eventually(lambda: _failed(router, "image-missing"))
        images.add(world.IMAGE)
        await router.opened()
        assert (await router.lab()).state == "ready"


@pytest.mark.skipif(os.getuid() != 0, reason="only root mounts")
async def test_a_nearly_full_disk_starts_nothing_but_opens_what_runs(
    small_disk, nats_url, router, bus
):
    world.publish(small_disk, {"w1/n1.ipynb": world.NOTEBOOK, "w1/n2.md": "# two\n"})
    site = world.config(small_disk, nats_url, provisioner={"free_bytes": 600_000})
    async with world.running(site, MemoryEngine()):
        await router.opened()
        (small_disk / "filling").write_bytes(b"x" * 1_500_000)
        assert await router.denied(student="bob") == "disk-full"
        await router.opened()
        await router.opened("w1/n2")
        (small_disk / "filling").unlink()
        await router.opened(student="bob")


@pytest.mark.skipif(os.getuid() != 0, reason="only root mounts")
async def test_a_disk_without_any_space_is_told_and_the_next_click_works(
    small_disk, nats_url, router
):
    world.publish(small_disk, {"w1/n1.ipynb": "x" * 1_000_000})
    site = world.config(small_disk, nats_url)
    async with world.running(site, MemoryEngine()):
        (small_disk / "filling").write_bytes(b"x" * 500_000)
        assert await router.denied() == "disk-full"
        (small_disk / "filling").unlink()
        await router.opened()


async def test_a_workspace_that_cannot_be_used_is_told_and_the_next_click_works(
    memory, router, data
):
    work = data / "students/ada/python"
    work.mkdir(parents=True)
    (work / "w1").symlink_to("/tmp")
    assert await router.denied() == "workspace-unusable"
    (work / "w1").unlink()
    await router.opened()


async def test_a_reset_keeps_the_students_version_and_is_told(memory, router, data, bus):
    await router.opened()
    file = data / "students/ada/python/w1/n1.ipynb"
    file.write_text("mine")
    await router.opened(action="reset")
    assert file.read_text() == world.NOTEBOOK
    (told,) = await eventually(lambda: _told(bus, "notebook.reset", 1))
    assert (data / "students/ada/python" / told["kept_as"]).read_text() == "mine"


async def test_an_undone_reset_is_told_with_both_versions(memory, router, data, bus):
    await router.opened()
    file = data / "students/ada/python/w1/n1.ipynb"
    file.write_text("mine")
    await router.opened(action="reset")
    await router.opened(action="undo", access="twice")
    await router.opened(action="undo", access="twice")
    assert file.read_text() == "mine"
    (told,) = await eventually(lambda: _told(bus, "notebook.restored", 1))
    assert (file.parent.parent / told["kept_as"]).read_text() == world.NOTEBOOK
    assert ".kept-" in told["was_kept_as"]


async def test_another_page_than_a_notebook_needs_a_lab_alone(memory, router, data, bus):
    ready = await router.opened("", page="lab/tree")
    assert (ready.notebook, ready.capability) == ("", (await router.lab()).capability)
    assert world.entries(data / "students/ada/python") == []
    (told,) = await eventually(lambda: _told(bus, "access.forwarded", 1))
    assert (told["page"], told["way"]) == ("lab/tree", "cold")
    # no notebook was opened, and the statistics count none
    assert await world.events(bus, "access.opened") == []
    assert await router.denied("") == "notebook-unknown"


async def test_an_access_asked_for_twice_is_told_once(memory, router, bus):
    for _ in range(2):
        await router.opened(access="the-same")
    await router.opened(access="another")
    opened = await eventually(lambda: _told(bus, "access.opened", 2))
    assert sorted(e["access"] for e in opened) == ["another", "the-same"]


async def test_a_lab_that_never_answers_is_given_up(data, nats_url, course, router):
    site = world.config(data, nats_url, lab={"boot_within": 0.3})
    engine = MemoryEngine(boots_in=None)
    async with world.running(site, engine):
        assert await router.denied() == "lab-slow"
        await eventually(lambda: _no_containers(engine))


async def test_a_lab_that_dies_while_it_boots_is_told_as_dead(data, nats_url, course, router, bus):
    engine = MemoryEngine(boots_in=None)
    async with world.running(world.config(data, nats_url), engine):
        opening = asyncio.create_task(router.denied())
        (lab,) = await eventually(lambda: _containers(engine))
        engine.crash(lab.name)
        assert await opening == "lab-died"
    (failed,) = await eventually(lambda: _told(bus, "access.failed", 1))
    assert "will serve at /***/" in failed["detail"]
    assert lab.labels["nbh.capability"] not in str(await world.events(bus, "lab.failed"))


async def _told(bus, kind, number):
    found = await world.events(bus, kind)
    return found if len(found) >= number else None


async def _failed(router, reason):
    lab = await router.lab()
    return (lab.state, lab.reason) == ("failed", reason)


async def _containers(engine):
    return await engine.labs()


async def _no_containers(engine):
    return not await engine.labs()
