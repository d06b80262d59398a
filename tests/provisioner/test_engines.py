"""The promises of `nbh_provisioner.engine.Engine`, kept by every implementation."""

import asyncio
import os
import socket
import time
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psutil
import pytest

from nbh_cli.host import machine
from nbh_cli.host import podman as podmans
from nbh_kit.testing import eventually
from nbh_provisioner import lab_paths
from nbh_provisioner.engine import (
    CannotAttach,
    EngineDown,
    EngineError,
    Hearing,
    ImageMissing,
    Refused,
)
from nbh_provisioner.engines import weights
from nbh_provisioner.engines.memory import MemoryEngine
from nbh_provisioner.engines.podman import PodmanEngine
from nbh_provisioner.engines.podman_api import WITHIN, PodmanApi
from tests.provisioner import labs, world


@pytest.fixture(params=["memory", pytest.param("podman", marks=pytest.mark.podman)])
def engine(request):
    """Each engine, with the image of our labs."""
    if request.param == "podman":
        return request.getfixturevalue("podman_engine")
    return MemoryEngine({world.IMAGE})


@pytest.fixture
async def started(engine, site):
    """A lab that runs: its specification and its container."""
    spec = labs.spec(site, await engine.image(world.IMAGE))
    running = await engine.start(spec)
    yield spec, running
    await engine.stop(spec.name, within=0)


@pytest.fixture
async def answering(started):
    """One that answers."""
    spec, running = started
    await eventually(lambda: labs.answers(spec, running), within=20)
    return spec, running


async def test_a_lab_answers_at_its_address(started):
    spec, running = started
    await eventually(lambda: labs.answers(spec, running), within=20)


async def test_a_lab_wants_its_token(started):
    spec, running = started
    await eventually(lambda: labs.answers(spec, running), within=20)
    assert (await labs.get(spec, running, "api/contents", token=None)).status_code == 403
    assert (await labs.get(spec, running, "api/contents", token="other")).status_code == 403


async def test_a_lab_announces_itself_when_it_can_answer(started):
    spec, running = started
    await eventually(lambda: list(labs.runtime(spec).glob("jpserver-*.json")), within=20)
    assert await labs.answers(spec, running)


async def test_starting_a_lab_again_finds_it_running(engine, started):
    spec, running = started
    assert await engine.start(spec) == running
    assert len(await engine.labs()) == 1


async def test_a_lab_of_an_older_lease_gives_way(engine, site, started):
    spec, running = started
    newer = labs.spec(site, spec.image, generation=8)
    assert newer.name == spec.name
    other = await engine.start(newer)
    assert other.container != running.container
    (found,) = await engine.labs()
    assert found.labels["nbh.generation"] == "8"


@pytest.fixture
async def nobodys(engine, site):
    """A lab that runs without a workspace; what a student's would be like; its container."""
    spec = labs.spec(site, await engine.image(world.IMAGE))
    Path(labs.workspace(spec).source, "hello.txt").write_text("Ada's")
    pooled = labs.without_workspace(spec)
    running = await engine.start(pooled)
    await eventually(lambda: labs.answers(spec, running), within=20)
    yield spec, running
    for name in (spec.name, pooled.name):
        await engine.stop(name, within=0)


async def test_a_workspace_is_attached_to_a_lab_that_runs(engine, nobodys):
    spec, running = nobodys
    assert (await labs.get(spec, running, "files/hello.txt")).status_code == 404
    await engine.check_attach(running, labs.workspace(spec))
    assert (await labs.get(spec, running, "files/hello.txt")).status_code == 404
    for _ in range(2):
        await engine.attach(running, labs.workspace(spec))
        assert (await labs.get(spec, running, "files/hello.txt")).text == "Ada's"


async def test_a_lab_that_is_renamed_is_found_and_stopped_by_its_new_name(engine, nobodys):
    spec, running = nobodys
    for _ in range(2):
        renamed = await engine.rename(running, spec.name)
        assert (renamed.name, renamed.container) == (spec.name, running.container)
    (found,) = await engine.labs()
    assert found.running == renamed
    ended = asyncio.create_task(engine.ended(running))
    await engine.stop(spec.name, within=0)
    await asyncio.wait_for(ended, 30)
    assert await engine.labs() == []


async def test_a_lab_of_an_older_lease_gives_its_name_to_the_one_that_is_renamed(
    engine, nobodys, site
):
    spec, running = nobodys
    older = await engine.start(labs.spec(site, spec.image, generation=6))
    assert older.name == spec.name
    await engine.rename(running, spec.name)
    (found,) = await engine.labs()
    assert found.container == running.container


async def test_a_lab_is_stopped_by_its_id_whatever_its_name_is(engine, nobodys):
    spec, running = nobodys
    await engine.rename(running, spec.name)
    await engine.stop(running.container, within=0)
    assert await engine.labs() == []


async def test_nothing_is_attached_to_a_lab_that_has_ended(engine, nobodys):
    spec, running = nobodys
    labs.kill(engine, running)
    await engine.ended(running)
    with pytest.raises(EngineError):
        await engine.attach(running, labs.workspace(spec))


@pytest.mark.podman
async def test_an_attached_workspace_is_the_students_and_has_no_set_uid_programs(
    podman_engine, site
):
    spec = labs.spec(site, await podman_engine.image(world.IMAGE))
    running = await podman_engine.start(labs.without_workspace(spec))
    await eventually(lambda: labs.answers(spec, running), within=20)
    await podman_engine.attach(running, labs.workspace(spec))
    (row,) = [r for r in _mountinfo(running) if r[4] == lab_paths.WORK]
    assert {"nosuid", "nodev", "idmapped"} <= set(row[5].split(",")) | set(row[6].split(","))
    body = {"type": "file", "format": "text", "content": "mine"}
    assert (await labs.put(spec, running, "api/contents/new.txt", body)).status_code == 201
    file = Path(labs.workspace(spec).source, "new.txt")
    assert (file.stat().st_uid, file.stat().st_gid) == (1000, 100)


@pytest.mark.podman
async def test_a_folder_that_cannot_be_mapped_is_told_apart(podman_engine, site):
    spec = labs.spec(site, await podman_engine.image(world.IMAGE))
    running = await podman_engine.start(labs.without_workspace(spec))
    # proc(5) has no id-mapped mounts
    odd = msgspec.structs.replace(labs.workspace(spec), source="/proc/sys")
    for attached in (podman_engine.check_attach, podman_engine.attach):
        with pytest.raises(CannotAttach):
            await attached(running, odd)


@pytest.mark.podman
async def test_a_lab_whose_process_number_is_anothers_gets_nothing(podman_engine, site):
    spec = labs.spec(site, await podman_engine.image(world.IMAGE))
    running = await podman_engine.start(labs.without_workspace(spec))
    other = msgspec.structs.replace(running, process=os.getpid())
    with pytest.raises(Refused):
        await podman_engine.attach(other, labs.workspace(spec))


@pytest.mark.podman
async def test_a_spare_lab_yields_until_it_is_promoted(podman_engine, site):
    spec = labs.spec(site, await podman_engine.image(world.IMAGE))
    running = await podman_engine.start(labs.without_workspace(spec))
    spare = _share(running)
    await podman_engine.promote(running)
    assert spare < _share(running) / 2


def _mountinfo(running):
    return [r.split() for r in Path(f"/proc/{running.process}/mountinfo").read_text().splitlines()]


def _share(running):
    group = weights.group(running)
    assert group is not None
    return int(
        next(p for f in ("cpu.shares", "cpu.weight") if (p := group / f).exists()).read_text()
    )


@pytest.mark.podman
async def test_what_a_killed_podman_left_of_a_container_gives_way(podman_engine, site, tmp_path):
    """Its name is taken, and podman knows no container of that name."""
    name = await _storage_without_a_container(tmp_path, site.site.name)
    spec = labs.spec(site, await podman_engine.image(world.IMAGE))
    spec = msgspec.structs.replace(spec, name=name)
    running = await podman_engine.start(spec)
    assert running.name == name
    await podman_engine.stop(name, within=0)


async def test_an_unknown_image_is_told_apart(engine):
    with pytest.raises(ImageMissing):
        await engine.image("localhost/nbhosting/never-built")


async def test_it_is_known_how_old_an_image_is(engine):
    assert datetime(2024, 1, 1, tzinfo=UTC) < await engine.made(world.IMAGE) <= datetime.now(UTC)
    with pytest.raises(ImageMissing):
        await engine.made("localhost/no/such")


async def test_what_is_no_name_of_an_image_is_missing_too(engine):
    with pytest.raises(ImageMissing):
        await engine.image("../../containers/json?all=true")


async def test_a_stopped_lab_is_gone(engine, started):
    spec, _ = started
    await engine.stop(spec.name, within=5)
    assert await engine.labs() == []


@pytest.mark.podman
@pytest.mark.parametrize("within", [pytest.param(5, id="gently"), pytest.param(0, id="at once")])
async def test_a_stopped_lab_leaves_no_network_namespace(
    podman_engine, podman_socket, site, within
):
    spec = labs.spec(site, await podman_engine.image(world.IMAGE))
    await podman_engine.start(spec)
    namespace = _network_namespace(podman_socket, spec.name)
    assert namespace.exists()
    await podman_engine.stop(spec.name, within=within)
    assert not namespace.exists()


@pytest.mark.podman
async def test_a_lab_that_ended_by_itself_leaves_no_network_namespace(
    podman_engine, podman_socket, site
):
    spec = labs.spec(site, await podman_engine.image(world.IMAGE))
    running = await podman_engine.start(spec)
    namespace = _network_namespace(podman_socket, spec.name)
    labs.kill(podman_engine, running)
    await podman_engine.ended(running)
    await podman_engine.stop(spec.name, within=0)
    assert not namespace.exists()


async def test_stopping_an_absent_lab_is_fine(engine):
    await engine.stop("nobody-knows-it", within=1)


async def test_labs_are_found_with_their_labels_and_where_they_are(engine, started):
    spec, running = started
    (found,) = await engine.labs()
    assert (found.name, found.running) == (spec.name, running)
    assert spec.labels.items() <= found.labels.items()  # an image may bring some of its own


async def test_the_end_of_a_lab_is_noticed_at_once(engine, started):
    spec, running = started
    await eventually(lambda: labs.answers(spec, running), within=20)
    ended = asyncio.create_task(engine.ended(running))
    await asyncio.sleep(0)
    killed_at = time.monotonic()
    labs.kill(engine, running)
    await asyncio.wait_for(ended, 30)
    assert time.monotonic() - killed_at < 5
    assert await eventually(lambda: _code(engine, running)) == 137


async def test_a_lab_that_ended_is_found_as_not_running(engine, started):
    spec, running = started
    labs.kill(engine, running)
    await engine.ended(running)
    await eventually(lambda: _is_stopped(engine))
    again = await engine.start(spec)
    assert again.container != running.container


async def test_the_end_of_a_lab_that_nobody_remembers_is_noticed_too(engine, started):
    spec, running = started
    await engine.stop(spec.name, within=0)
    await asyncio.wait_for(engine.ended(running), 30)
    assert (await engine.ending(running)).code is None


async def test_what_a_lab_wrote_can_be_read(engine, started):
    spec, running = started
    await eventually(lambda: labs.answers(spec, running), within=20)
    assert "serving" in (await engine.log(spec.name)).lower()


async def test_the_log_of_an_absent_lab_is_empty(engine):
    assert await engine.log("nobody-knows-it") == ""


async def test_a_frozen_lab_answers_when_it_is_thawed(engine, answering):
    spec, running = answering
    await engine.freeze(running)
    (found,) = await engine.labs()
    assert (found.frozen, found.running) == (True, running)
    waiting = asyncio.create_task(labs.get(spec, running, "api"))
    assert await eventually(lambda: engine.is_used(running))
    assert not waiting.done()
    await engine.thaw(running)
    assert (await waiting).status_code == 200
    (found,) = await engine.labs()
    assert (found.frozen, found.running) == (False, running)


async def test_a_woken_lab_answers_before_it_is_thawed(engine, answering):
    spec, running = answering
    await engine.hear(Hearing(lambda address: None, lambda: None))
    await engine.freeze(running)
    assert await engine.wake(running)
    assert (await labs.get(spec, running, "api")).status_code == 200
    await engine.thaw(running)
    (found,) = await engine.labs()
    assert (found.frozen, found.running) == (False, running)


async def test_freezing_or_thawing_twice_is_fine(engine, answering):
    spec, running = answering
    await engine.thaw(running)
    await engine.freeze(running)
    await engine.freeze(running)
    await engine.thaw(running)
    assert await labs.answers(spec, running)


async def test_a_lab_that_is_not_there_can_be_neither_frozen_nor_thawed(engine, answering):
    spec, running = answering
    await engine.stop(spec.name, within=0)
    with pytest.raises(EngineError):
        await engine.freeze(running)
    with pytest.raises(EngineError):
        await engine.thaw(running)
    assert not await engine.is_used(running)


async def test_who_comes_to_a_frozen_lab_is_heard(engine, answering):
    spec, running = answering
    heard: asyncio.Queue[str] = asyncio.Queue()
    for _ in range(2):  # asked again, it tells once all the same
        await engine.hear(Hearing(heard.put_nowait, lambda: None))
    await engine.freeze(running)
    waiting = asyncio.create_task(labs.get(spec, running, "api"))
    assert await asyncio.wait_for(heard.get(), 30) == running.address
    await engine.thaw(running)
    assert (await waiting).status_code == 200
    assert heard.empty()


async def test_a_lab_is_used_while_somebody_is_connected_to_it(engine, answering):
    _, running = answering
    await eventually(lambda: _is_unused(engine, running))
    host, _, port = running.address.rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    assert await eventually(lambda: engine.is_used(running))
    writer.close()
    await writer.wait_closed()
    assert await eventually(lambda: _is_unused(engine, running))


@pytest.mark.parametrize("within", [0, 60])
async def test_a_frozen_lab_is_stopped_as_any_other(engine, answering, within):
    spec, running = answering
    await engine.freeze(running)
    asked_at = time.monotonic()
    ended = asyncio.create_task(engine.ended(running))
    await engine.stop(spec.name, within=within)
    await asyncio.wait_for(ended, 30)
    assert await engine.labs() == []
    assert time.monotonic() - asked_at < 30


async def test_starting_a_lab_that_stands_still_finds_it_going_on(engine, answering):
    spec, running = answering
    await engine.freeze(running)
    assert await engine.start(spec) == running
    assert await labs.answers(spec, running)


@pytest.mark.podman
@pytest.mark.parametrize(
    ("program", "out_of_memory"),
    [
        ("x = b'x' * 2**30", True),
        # as a kernel that is killed while its Jupyter lives on, and is stopped an hour later
        ("import os; os.fork() or b'x' * 2**30; os.wait(); raise SystemExit(3)", False),
        ("raise SystemExit(3)", False),
    ],
    ids=["by itself", "a child of it, long ago", "not at all"],
)
async def test_a_lab_that_needed_more_memory_than_it_has_is_told_apart(
    podman_engine, site, program, out_of_memory
):
    spec = labs.spec(site, await podman_engine.image(world.IMAGE))
    small = msgspec.structs.replace(
        spec,
        memory=64 * 1024**2,
        command=("python3", "-c", f"import time; time.sleep(1); {program}"),
    )
    running = await podman_engine.start(small)
    await asyncio.wait_for(podman_engine.ended(running), 20)
    ending = await podman_engine.ending(running)
    assert ending.out_of_memory is out_of_memory
    assert ending.code == (137 if out_of_memory else 3)
    assert not Path("oom").exists(), "conmon leaves it where podman's API was started"


@pytest.mark.podman
@pytest.mark.parametrize(
    ("of", "program"),
    [
        ("memory", "os.fork() or len(b'x' * 2**30)"),
        ("processes", "[os.fork() or time.sleep(9) for n in range(99)]"),
    ],
)
async def test_a_lab_that_is_refused_more_than_it_may_have_is_heard(
    podman_engine, site, of, program
):
    spec = labs.spec(site, await podman_engine.image(world.IMAGE))
    runtime, go = labs.runtime(spec), f"{lab_paths.RUNTIME}/go"
    small = msgspec.structs.replace(
        spec,
        memory=64 * 1024**2,
        processes=20,
        command=("python3", "-c", _in_a_child_when_told(go, program)),
    )
    running = await podman_engine.start(small)
    async with aclosing(podman_engine.shortages(running)) as shortages:
        coming = asyncio.ensure_future(anext(shortages))
        done, _ = await asyncio.wait({coming}, timeout=0.5)
        assert not done
        for times in (1, 2):
            (runtime / "go").touch()
            short = await asyncio.wait_for(coming, 20)
            assert short.times >= times
            limits = {"memory": small.memory, "processes": small.processes}
            assert (short.of, short.limit) == (of, limits[of])
            coming = asyncio.ensure_future(anext(shortages))
        # the container goes, and with it all that there is to hear
        await podman_engine.stop(spec.name, within=0)
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(coming, 20)


def _in_a_child_when_told(go, program):
    """A lab that runs a program, and lives on, each time that a file appears; then it goes."""
    return f"""
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    while not os.path.exists({go!r}):
        time.sleep(0.02)
    os.unlink({go!r})
    try:
        child = os.fork()
    except BlockingIOError:
        continue
    if not child:
        {program}
        os._exit(0)
"""


@pytest.mark.podman
async def test_a_site_never_sees_the_labs_of_another(podman_engine, podman_socket, site):
    await podman_engine.start(labs.spec(site, await podman_engine.image(world.IMAGE)))
    neighbour = PodmanEngine(podman_socket, f"{site.site.name}2")
    assert await neighbour.labs() == []
    await neighbour.close()


async def test_a_podman_that_is_not_there_is_down(tmp_path):
    engine = PodmanEngine(tmp_path / "nothing.sock", "t")
    with pytest.raises(EngineDown):
        await engine.labs()
    await engine.close()


async def test_a_podman_that_hangs_is_told_long_before_a_call_may_take_so_long(tmp_path):
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent.sock"))
        silent.listen(64)
        engine = PodmanEngine(tmp_path / "silent.sock", "t")
        asked_at = time.monotonic()
        for _ in range(3):
            with pytest.raises(EngineDown, match="does not answer"):
                await engine.labs()
        assert time.monotonic() - asked_at < WITHIN / 2
        silent.settimeout(1)
        asking, _ = silent.accept()
        with asking:
            assert asking.recv(1000).startswith(b"GET /_ping ")
        with pytest.raises(TimeoutError):
            silent.accept()  # nothing that podman would do later is asked of it
        await engine.close()


async def test_a_podman_that_never_answers_is_down_and_holds_up_nobody(tmp_path):
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent.sock"))
        silent.listen(64)
        engine = PodmanEngine(tmp_path / "silent.sock", "t", within=1)
        asked_at = time.monotonic()
        results = await asyncio.gather(*(engine.labs() for _ in range(20)), return_exceptions=True)
        assert {type(r) for r in results} == {EngineDown}
        assert time.monotonic() - asked_at < 15
        await engine.close()


def _network_namespace(podman_socket, name):
    api = PodmanApi(podman_socket, within=30)
    inspected = api.get(f"/containers/{name}/json")
    api.close()
    return Path(inspected["NetworkSettings"]["SandboxKey"])


async def _is_unused(engine, running):
    return not await engine.is_used(running)


async def _storage_without_a_container(folder, site):
    """What a build leaves that is killed: the name of its storage."""
    podman = podmans.prepare(machine.look(), folder)

    async def run(*arguments):
        return await asyncio.create_subprocess_exec(
            *podman.command(*arguments),
            env=os.environ | podman.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )

    # podman makes the name from its base's, which no other build of this machine has
    base = f"localhost/nbhosting/{site}"
    await (await run("tag", world.IMAGE, base)).communicate()
    (folder / "Containerfile").write_text(f"FROM {base}\nRUN sleep 600\n")
    build = await run("build", "--layers=false", "--network=host", str(folder))

    async def sleeping():
        return [p for p in psutil.Process(build.pid).children(True) if p.name() == "sleep"]

    async def left():
        listed = await run("ps", "--all", "--external", "--format", "{{.Names}}")
        names = (await listed.communicate())[0].decode().split()
        return [n for n in names if n == f"{site}-working-container"]

    await eventually(sleeping, within=30)
    # itself first: it would tidy up after a step that ends
    for process in (psutil.Process(build.pid), *psutil.Process(build.pid).children(True)):
        with suppress(psutil.NoSuchProcess):  # what it had begun may end by itself
            process.kill()
    await build.communicate()
    # with one argument, all names of the image would go
    await (await run("untag", base, base)).communicate()
    return (await eventually(left))[0]


async def _code(engine, running):
    return (await engine.ending(running)).code


async def _is_stopped(engine):
    (found,) = await engine.labs()
    return found.running is None
