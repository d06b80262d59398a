"""The pool on real parts: podman, JupyterLab, students' files on disk (S-56)."""

import asyncio
import json
import shutil

import msgspec
import pytest
import websockets

from nbh_kit import bus as buses
from nbh_kit.testing import eventually, free_port, nats_server
from nbh_proto import CommandDone, StopLab
from nbh_provisioner.engines.podman import PodmanEngine
from tests.provisioner import pooling, world
from tests.provisioner.notebook_server import Jupyter
from tests.provisioner.process import provisioner

pytestmark = [pytest.mark.podman, pytest.mark.usefixtures("course")]


def pool_of(number):
    return {"minimum": number, "maximum": number, "free_memory": 1}


@pytest.fixture
def site(data, nats_url, podman_site):
    """A site with one lab in its pool."""
    return podman_site(data, nats_url, pool=pool_of(1))


async def said(lab, command, until):
    """What a terminal shows after a command, once ``until`` is in it."""
    jupyter = Jupyter(lab)
    name = (await jupyter.ask("POST", "api/terminals")).json()["name"]
    url = f"ws://{lab.address}/{lab.capability}/terminals/websocket/{name}"
    headers = {"Authorization": f"token {lab.token}"}
    seen = ""
    async with (
        asyncio.timeout(30),
        websockets.connect(
            url, additional_headers=headers, proxy=None, open_timeout=None
        ) as terminal,
    ):
        await terminal.send(json.dumps(["stdin", command + "\r"]))
        async for raw in terminal:
            kind, *rest = json.loads(raw)
            seen += rest[0] if kind == "stdout" else ""
            if until in seen:
                return seen
    raise AssertionError(seen)


async def test_a_click_gives_the_students_notebook_in_a_lab_of_the_pool(
    site, router, data, podman_engine, podman_socket
):
    async with world.running(site, PodmanEngine(podman_socket, site.site.name)):
        (slot,) = await pooling.pooled(router, 1)
        ready = await router.opened("w1/n1")
        assert ready.capability == slot.capability
        jupyter = Jupyter(await router.lab())
        shown = await jupyter.ask("GET", f"api/contents/{ready.notebook}")
        assert shown.status_code == 200
        body = {"type": "file", "format": "text", "content": "mine"}
        assert (await jupyter.ask("PUT", "api/contents/new.txt", json=body)).status_code == 201
        file = data / "students/ada/python/new.txt"
        assert (file.read_text(), file.stat().st_uid) == ("mine", 1000)
        names = {f.name for f in await podman_engine.labs()}
        assert any("-python-ada-" in name for name in names)
        # a terminal begins among the student's files, not below the mount
        seen = await said(jupyter.lab, "echo have=$(ls new.txt) at=$(pwd)", "have=new.txt at=")
        assert "at=/home/jovyan/work" in seen


async def test_no_lab_of_the_pool_sees_anything_of_another(
    data, nats_url, podman_site, podman_socket, router
):
    site = podman_site(data, nats_url, pool=pool_of(3))
    students = ["ada", "bob", "cleo", "dan"]
    async with world.running(site, PodmanEngine(podman_socket, site.site.name)):
        slots = {lab.capability for lab in await pooling.pooled(router, 3)}
        opened = await asyncio.gather(*(router.opened(student=s) for s in students))
        assert len({o.capability for o in opened}) == 4
        assert slots <= {o.capability for o in opened}
        labs = [await router.lab(s) for s in students]
        for student, lab in zip(students, labs, strict=True):
            (data / "students" / student / "python" / "whose.txt").write_text(student)
            mine = await Jupyter(lab).ask("GET", "files/whose.txt")
            assert mine.text == student
            everything = "env; cat /proc/mounts /run/nbh/*; find / -xdev -name whose.txt"
            seen = await said(lab, f"({everything}) 2>&1; echo the=end", "the=end\r\n")
            for other, theirs in zip(students, labs, strict=True):
                if other != student:
                    for secret in (theirs.capability, theirs.token, f"students/{other}/"):
                        assert secret not in seen
                    refused = await Jupyter(_with_token(lab, theirs)).ask("GET", "api/contents")
                    assert refused.status_code == 403


@pytest.mark.parametrize("point", ["leased", "written", "served"])
async def test_a_claim_is_finished_or_unmade_though_the_provisioner_dies(
    point, site, router, podman_engine, data, tmp_path
):
    async with provisioner(site, tmp_path) as process:
        (slot,) = await pooling.pooled(router, 1)
        folder = data / "labs" / slot.capability
        opening = asyncio.create_task(router.opened(within=60))
        reached = {
            "leased": router.lab,
            "written": lambda: (folder / "claim").exists(),
            "served": lambda: opening.done(),
        }[point]
        await eventually(reached, within=20, pause=0)
        await process.kill()
        await process.start()
        await _one_lab_for_ada(router, podman_engine, data, await opening)


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize("call", ["open_tree", "mount_setattr", "move_mount"])
async def test_a_claim_is_finished_though_the_provisioner_dies_while_it_mounts(
    call, site, router, podman_engine, data, tmp_path
):
    async with provisioner(site, tmp_path) as process:
        await pooling.pooled(router, 1)
        async with process.dying_at(call):
            opening = asyncio.create_task(router.opened(within=60))
            await process.ended()
        await process.start()
        await _one_lab_for_ada(router, podman_engine, data, await opening)


async def _one_lab_for_ada(router, engine, data, ready):
    """What must hold whatever happened: one lab is hers, with her files and nobody else's."""
    lab = await eventually(lambda: _ready(router), within=20)
    assert lab.capability == ready.capability
    (data / "students/ada/python/hers.txt").write_text("Ada's")
    assert (await Jupyter(lab).ask("GET", "files/hers.txt")).text == "Ada's"
    hers = [f for f in await engine.labs() if "-python-ada-" in f.name]
    assert [f.labels["nbh.capability"] for f in hers] == [lab.capability]
    (slot,) = await pooling.pooled(router, 1)
    assert slot.capability != lab.capability
    assert (await Jupyter(slot).ask("GET", "files/hers.txt")).status_code == 404
    await eventually(lambda: _entries_are_the_containers(router, engine), within=20)
    ways = {e["student"]: e["way"] for e in await world.events(router.bus, "lab.ready")}
    assert ways.keys() == {"ada"}


async def test_a_kernel_in_a_lab_of_the_pool_outlives_the_provisioner_and_natss_folder(
    data, podman_site, podman_engine, tmp_path
):
    port = free_port()
    store, url = tmp_path / "jetstream", f"nats://127.0.0.1:{port}"
    site = podman_site(data, url, pool=pool_of(1))
    async with provisioner(site, tmp_path) as process:
        async with nats_server(store, port=port), buses.connect(url, name="test") as bus:
            router = world.Router(bus)
            await router.register()
            (slot,) = await pooling.pooled(router, 1)
            before = await router.opened()
            assert before.capability == slot.capability
            lab = await eventually(lambda: _ready(router))
            begun = await Jupyter(lab).ask("POST", "api/kernels", json={"name": "python3"})
            (spare,) = await pooling.pooled(router, 1)
            await process.kill()
        shutil.rmtree(store)
        async with nats_server(store, port=port), buses.connect(url, name="test") as bus:
            await process.start()
            router = world.Router(bus)
            await router.register()
            assert (await router.opened()).capability == before.capability
            again = await router.lab()
            assert (again.container, again.generation) == (lab.container, lab.generation)
            kernels = (await Jupyter(again).ask("GET", "api/kernels")).json()
            assert [k["id"] for k in kernels] == [begun.json()["id"]]
            (kept,) = await pooling.pooled(router, 1)
            assert kept.capability == spare.capability
            await bus.tell(StopLab(node="node1", course="python", student="ada"))
            await eventually(lambda: _gone(router), within=20)
            await process.stop()


async def test_a_frozen_lab_of_the_pool_stays_so_when_the_service_starts_again(
    site, router, podman_socket, ask
):
    async with world.running(site, PodmanEngine(podman_socket, site.site.name)):
        await pooling.pooled(router, 1)
        await router.opened()
        await eventually(lambda: _ready(router))
        await eventually(lambda: _done(ask))
        lab = await router.lab()
        assert lab.state == "frozen"
    async with world.running(site, PodmanEngine(podman_socket, site.site.name)):
        assert (await ask()).line == "the lab is frozen"
        assert await router.lab() == lab
        assert (await router.opened()).capability == lab.capability
        assert (await Jupyter(lab).ask("GET", "api/contents/w1/n1.ipynb")).status_code == 200


async def _done(ask):
    return isinstance(await ask(), CommandDone)


async def _ready(router):
    lab = await router.lab()
    return lab if lab and lab.state == "ready" else None


async def _gone(router):
    return await router.lab() is None


async def _entries_are_the_containers(router, engine):
    entries = sorted(lab.container for lab in await pooling.all_labs(router))
    return entries == sorted(f.container for f in await engine.labs())


def _with_token(lab, other):
    return msgspec.structs.replace(lab, token=other.token)
