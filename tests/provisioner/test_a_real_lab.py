"""A click on real parts: podman, JupyterLab, a student's files on disk."""

import asyncio
import contextlib
import json
import os
import re

import msgspec
import pytest

from nbh_kit.testing import eventually
from nbh_proto import Limits, StopLab
from nbh_provisioner.engines.podman import PodmanEngine
from tests.provisioner import world
from tests.provisioner.notebook_server import Jupyter
from tests.provisioner.test_git_workspaces import git

pytestmark = pytest.mark.podman


@pytest.fixture
async def real(site, course, podman_engine):
    """A provisioner whose labs are real."""
    async with world.running(site, podman_engine):
        yield podman_engine


async def test_a_click_gives_the_students_notebook_in_jupyter(real, router, data):
    ready = await router.opened("w1/n1")
    jupyter = Jupyter(await router.lab())
    shown = await jupyter.ask("GET", f"api/contents/{ready.notebook}")
    assert shown.status_code == 200
    content = shown.json()["content"]
    content["cells"] = [
        {"cell_type": "markdown", "metadata": {}, "source": "mine", "id": "a1b2c3d4"}
    ]
    saved = {"type": "notebook", "format": "json", "content": content}
    put = await jupyter.ask("PUT", f"api/contents/{ready.notebook}", json=saved)
    assert put.status_code == 200
    file = data / "students/ada/python/w1/n1.ipynb"
    assert '"mine"' in file.read_text()
    assert (file.stat().st_uid, file.stat().st_gid) == (1000, 100)


async def test_two_students_do_not_see_each_other(real, router):
    await asyncio.gather(router.opened(student="ada"), router.opened(student="bob"))
    ada, bob = [Jupyter(await router.lab(s)) for s in ("ada", "bob")]
    await ada.save("secret.txt", "ada's")
    assert (await ada.ask("GET", "api/contents/secret.txt")).status_code == 200
    assert (await bob.ask("GET", "api/contents/secret.txt")).status_code == 404


async def test_a_courses_own_limits_hold_in_its_labs(real, router, data, podman_socket):
    world.publish(data, {"w1/n1.ipynb": world.NOTEBOOK}, course="small")
    await router.register("small", limits=Limits(memory=700 * 1024**2, cpus=0.5))
    await router.opened(course="small")
    process = await asyncio.create_subprocess_exec(
        *("podman", "--url", f"unix://{podman_socket}", "inspect", (await real.labs())[0].name),
        stdout=asyncio.subprocess.PIPE,
    )
    inspected, _ = await process.communicate()
    limits = json.loads(inspected)[0]["HostConfig"]
    assert limits["Memory"] == limits["MemorySwap"] == 700 * 1024**2
    assert limits["CpuQuota"] / limits["CpuPeriod"] == 0.5


async def test_twenty_clicks_of_one_student_make_one_container(real, router):
    answers = await asyncio.gather(*(router.opened() for _ in range(20)))
    assert len({a.capability for a in answers}) == 1
    assert len(await real.labs()) == 1


async def test_a_kernel_lives_while_the_provisioner_is_away(
    site, course, podman_engine, podman_socket, router
):
    async with world.running(site, podman_engine):
        await router.opened()
        jupyter = Jupyter(await router.lab())
        kernel = (await jupyter.ask("POST", "api/kernels", json={"name": "python3"})).json()
    again = PodmanEngine(podman_socket, site.site.name)
    async with world.running(site, again):
        await router.opened()
        assert (await router.lab()).capability == jupyter.lab.capability
        there = (await jupyter.ask("GET", "api/kernels")).json()
    assert [k["id"] for k in there] == [kernel["id"]]


async def test_a_lab_is_given_time_to_save(real, router, bus, data):
    await router.opened()
    await bus.tell(StopLab(node="node1", course="python", student="ada"))
    await eventually(lambda: _gone(router))
    assert await real.labs() == []
    assert list((data / "labs").iterdir()) == []


async def test_a_lab_that_is_killed_comes_back(real, router, bus):
    first = await router.opened()
    (found,) = await real.labs()
    os.kill(found.running.process, 9)
    await eventually(lambda: world.events(bus, "lab.stopped"))
    second = await router.opened()
    assert first.capability != second.capability
    assert len(await real.labs()) == 1


async def test_what_a_course_says_to_jupyter_holds_and_the_site_stands_over_it(real, router, data):
    defaults = '{"@jupyterlab/docmanager-extension:plugin": {"autosaveInterval": 77}}'
    said = "c.ServerApp.terminals_enabled = False\nc.PasswordIdentityProvider.token = ''\n"
    world.publish(
        data,
        {"w1/n1.ipynb": world.NOTEBOOK},
        commit="c2",
        jupyter={
            "jupyter_server_config.py": said,
            "labconfig/default_setting_overrides.json": defaults,
        },
    )
    await router.opened("w1/n1")
    lab = await router.lab()
    jupyter = Jupyter(lab)
    assert (await jupyter.ask("GET", "api/terminals")).status_code == 404
    plugin = "lab/api/settings/@jupyterlab/docmanager-extension:plugin"
    schema = (await jupyter.ask("GET", plugin)).json()["schema"]
    assert schema["properties"]["autosaveInterval"]["default"] == 77
    stranger = Jupyter(msgspec.structs.replace(lab, token="other"))
    assert (await stranger.ask("GET", "api/contents")).status_code == 403


async def test_a_lab_that_cannot_run_says_why(data, nats_url, site, course, podman_engine, router):
    await router.register("broken", image="localhost/debian:bookworm")
    world.publish(data, {"w1/n1.ipynb": world.NOTEBOOK}, course="broken")
    async with world.running(site, podman_engine):
        assert await router.denied(course="broken") == "lab-died"
        (failed,) = await eventually(lambda: world.events(router.bus, "access.failed"))
        assert "failed to exec" in failed["detail"]
        await eventually(lambda: _no_labs(podman_engine))


async def test_a_clone_in_a_lab_fetches_what_its_teacher_pushes(
    real, router, data, tmp_path, podman_socket
):
    author = tmp_path / "author"
    author.mkdir()
    git(author, "init", "--quiet", "--initial-branch", "main")
    (author / "w1").mkdir()
    (author / "w1/n1.ipynb").write_text(world.NOTEBOOK)
    git(author, "add", ".")
    git(author, "commit", "--quiet", "-m", "one")
    mirror = data / "courses/python/mirror.git"
    git(author, "clone", "--quiet", "--mirror", str(author), str(mirror))
    await router.opened(workspace="git")
    (author / "new.md").write_text("# new\n")
    git(author, "add", ".")
    git(author, "commit", "--quiet", "-m", "two")
    git(mirror, "remote", "update")
    (found,) = await real.labs()
    process = await asyncio.create_subprocess_exec(
        *("podman", "--url", f"unix://{podman_socket}", "exec", found.name),
        *("git", "pull", "--ff-only"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    assert (data / "students/ada/python/new.md").read_text() == "# new\n"


async def test_podman_that_is_down_is_told_and_the_next_click_works(
    site, course, podman_engine, podman_socket, router, tmp_path
):
    socket = tmp_path / "podman.sock"
    socket.symlink_to(podman_socket)
    engine = PodmanEngine(socket, site.site.name)
    async with world.running(site, engine):
        await router.opened(student="bob")
        socket.unlink()
        assert await router.denied() == "engine-down"
        # who has a lab does not need podman
        await router.opened(student="bob")
        socket.symlink_to(podman_socket)
        await router.opened(within=20)
        assert len(await podman_engine.labs()) == 2


async def test_who_waits_for_a_lab_while_podman_is_started_anew_gets_it(
    site, course, podman_engine, podman_socket, router, tmp_path
):
    socket = tmp_path / "podman.sock"
    socket.symlink_to(podman_socket)
    async with world.running(site, PodmanEngine(socket, site.site.name)):
        await router.opened(student="bob")  # labs of earlier processes are taken over by now
        socket.unlink()
        opened = asyncio.create_task(router.opened())
        await eventually(lambda: router.lab())
        socket.symlink_to(podman_socket)
        await opened


async def test_a_call_of_podman_that_hangs_holds_up_nobody_else(
    site, course, podman_engine, podman_socket, router, tmp_path
):
    async with _podman_that_never_starts("python-slow", podman_socket, tmp_path) as socket:
        engine = PodmanEngine(socket, site.site.name, within=12)
        async with world.running(site, engine):
            slow = asyncio.create_task(router.open(student="slow"))
            await eventually(lambda: router.lab("slow"))
            await asyncio.gather(*(router.opened(student=f"s{n}") for n in range(3)))
            assert not slow.done()
            assert (await slow).reason == "engine-down"


async def _gone(router):
    return await router.lab() is None


async def _no_labs(engine):
    return not await engine.labs()


@contextlib.asynccontextmanager
async def _podman_that_never_starts(name, podman_socket, folder):
    """Podman's socket, but what is said about one container is never answered."""
    held = []

    async def pass_on(reader, writer):
        asked = await _request(reader)
        if name.encode() in asked:
            held.append(writer)
            return
        answers, asks = await asyncio.open_unix_connection(podman_socket)
        asks.write(asked)
        writer.write(await answers.read())
        asks.close()
        writer.close()

    server = await asyncio.start_unix_server(pass_on, folder / "slow.sock")
    yield folder / "slow.sock"
    server.close()
    for writer in held:
        writer.close()


async def _request(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    return head + await reader.readexactly(int(length[1]) if length else 0)
