"""`nbh up` runs every part under its own user, keeps it running, and leaves nothing behind."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2 as httpx
import psutil
import pytest

from nbh_cli.up import reach
from nbh_cli.up.children import Program, become
from nbh_kit.testing import eventually
from tests import settings
from tests.system import running_system

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")

_UP = (sys.executable, "-m", "nbh_cli", "up", "--config")
PARTS = {"router", "provisioner", "courses", "reaper", "stats", "nats", "traefik"}


@pytest.fixture
async def system(tmp_path):
    async with running_system(tmp_path, engine="memory") as running:
        yield running


@needs_root
async def test_each_part_runs_as_a_user_of_its_own(system):
    await eventually(lambda: system.pids.keys() >= PARTS)
    uid_of = system.config.uid_of
    wanted = {name: {uid_of(name)} for name in PARTS - {"provisioner"}}
    wanted["provisioner"] = {0}
    await eventually(lambda: {name: _uids(pid) for name, pid in system.pids.items()} == wanted)
    for name, pid in system.pids.items():
        if name != "provisioner":
            assert _status(pid)["Groups"] == ""
            assert int(_status(pid)["CapEff"], 16) == 0, name
            assert _status(pid)["NoNewPrivs"] == "1", name


async def test_a_part_that_is_killed_comes_back_and_the_others_stay(system):
    for part in sorted(PARTS):
        before = await eventually(lambda: _all_parts(system))
        os.kill(before[part], signal.SIGKILL)
        after = await eventually(lambda: _all_parts(system, but=before[part]), within=20)  # noqa: B023  # called at once
        assert {k: v for k, v in after.items() if v != before[k]}.keys() == {part}
    log = (system.config_file.parent / "log").read_text()
    for part in PARTS:
        assert f"{part} was killed by SIGKILL; starting it again in 0.1 s" in log


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_every_process(tmp_path, number):
    async with up(tmp_path) as (process, _):
        children = await eventually(lambda: _has_all_parts(process.pid), within=20)
        process.send_signal(number)
        assert await asyncio.wait_for(process.wait(), 40) == 0
        assert [child for child in children if _runs(child)] == []


async def test_when_nbh_up_itself_is_killed_its_children_end_and_it_can_be_started_again(tmp_path):
    async with up(tmp_path) as (process, config):
        children = await eventually(lambda: _has_all_parts(process.pid), within=20)
        process.kill()
        await process.wait()
        await eventually(lambda: not [child for child in children if _runs(child)])
    async with up(tmp_path) as (again, config):
        await eventually(lambda: _has_all_parts(again.pid), within=20)
        again.terminate()
        assert await asyncio.wait_for(again.wait(), 40) == 0
    assert config.site.data.exists()


async def test_a_second_nbh_up_on_the_same_data_is_refused(tmp_path):
    async with up(tmp_path) as (first, config):
        await eventually(lambda: _children(first.pid))
        second = await _finished(
            sys.executable, "-m", "nbh_cli", "up", "--config", _file(tmp_path)
        )
        assert second[0] == 1
        assert f"another nbh up (process {first.pid}) runs on {config.site.data}" in second[1]
        assert first.returncode is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("[router]\nprot = 1\n", "router.prot: there is no such setting"),
        ("[router]\nport = 'high'\n", "router.port: expected `int`, got `str`"),
        ("[traefik]\nlisten = 'localhost'\n", "traefik.listen: 'localhost' is no address:port"),
        (f"[site]\nrun = '/{'r' * 120}'\n", "site.run: "),
        ("[nats]\nurl = 'nats://0.0.0.0:4222'\n", "nats.url: the embedded server listens on"),
    ],
)
async def test_a_wrong_configuration_stops_the_start_with_file_key_and_reason(
    tmp_path, wrong, said
):
    file = tmp_path / "nbhosting.toml"
    file.write_text(wrong)
    status, told = await _finished(*_UP, str(file))
    assert status == 2
    assert told.startswith(f"nbh: {file}: {said}")
    assert told.count("\n") == 1


@needs_root
async def test_the_data_may_stand_behind_a_folder_that_only_root_can_pass(tmp_path):
    tmp_path.chmod(0o700)
    async with running_system(tmp_path, engine="memory") as system:
        await eventually(lambda: system.pids.keys() >= PARTS)
        uid = system.config.uid_of("traefik")
        assert _uids(system.pid("traefik")) == {uid}


@needs_root
async def test_traefik_may_listen_on_the_port_of_the_web_without_being_root(tmp_path):
    port = _free_low_port()
    over = {
        "origins": {"content": f"http://localhost:{port}"},
        "traefik": {"listen": f"127.0.0.1:{port}"},
    }
    async with running_system(tmp_path, engine="memory", settings=over) as system:
        assert _uids(system.pid("traefik")) == {system.config.uid_of("traefik")}
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{system.url}/")).status_code != 502


@needs_root
@pytest.mark.parametrize(
    ("engine", "said"),
    [("memory", "ready; notebooks are at"), ("podman", "podman is run by root only")],
)
async def test_an_ordinary_user_runs_it_with_labs_in_memory_only(tmp_path, engine, said):
    tmp_path.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    settings.written(home / "nbhosting.toml", home / "run", engine=engine)
    for path in (home, home / "nbhosting.toml"):
        os.chown(path, 64197, 64197)
    program = Program(
        "up",
        (*_UP, _file(home)),
        uid=64197,
        show=reach.behind_barriers((*reach.code(), home)),
    )
    with (home / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *become(program, dies_by=signal.SIGTERM), stdout=log, stderr=log, cwd="/"
        )
    await eventually(lambda: said in (home / "log").read_text(), within=20)
    if engine == "memory":
        children = await eventually(lambda: _has_all_parts(process.pid), within=20)
        await eventually(lambda: {uid for c in children for uid in c.uids()} == {64197})
        process.terminate()
    assert await asyncio.wait_for(process.wait(), 40) == (0 if engine == "memory" else 2)


@asynccontextmanager
async def up(folder):
    """`nbh up` on a memory engine; killed at the end if it still runs."""
    config = settings.written(folder / "nbhosting.toml", folder / "run", engine="memory")
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(*_UP, _file(folder)),
            stdout=log,
            stderr=log,
        )
    try:
        yield process, config
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), 40)


def _all_parts(system, but=None):
    """All parts' processes, if none is missing and none is the one that was killed."""
    pids = system.pids
    return pids if pids.keys() >= PARTS and but not in pids.values() else None


def _file(folder):
    return str(folder / "nbhosting.toml")


async def _finished(*argv):
    process = await asyncio.create_subprocess_exec(*argv, stderr=asyncio.subprocess.PIPE)
    _, told = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode, told.decode()


def _children(pid):
    return psutil.Process(pid).children(recursive=True)


def _has_all_parts(pid):
    children = _children(pid)
    return children if len(children) >= len(PARTS) else None


def _runs(process):
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def _free_low_port():
    for port in range(700, 1023):
        with socket.socket() as tried, contextlib.suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port below 1024 is free")


def _uids(pid):
    return set(map(int, _status(pid)["Uid"].split()))


def _status(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}
