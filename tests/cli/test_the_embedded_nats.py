"""`nbh up` runs a NATS that keeps what it acknowledges, asks for passwords, and is healed."""

import asyncio
import io
import os
import shutil
from contextlib import asynccontextmanager

import msgspec
import pytest

from nbh_cli.up import folders, nats_server, reach
from nbh_cli.up.checks import check
from nbh_cli.up.children import Child, Program
from nbh_cli.up.health import PATIENCE, Health
from nbh_cli.up.log import Log
from nbh_cli.up.nats_server import Monitor, NeverReady, NotDurable
from nbh_cli.up.parts import Parts
from nbh_cli.up.system import NotStarted, System
from nbh_kit import bus as buses
from nbh_kit import config as configs
from nbh_kit.buckets import Bucket
from nbh_kit.bus import BusAway
from nbh_kit.config import BadConfig
from nbh_kit.testing import eventually, free_port
from nbh_proto import Account, CourseFailed, Session, now

AS_ROOT = os.getuid() == 0
EVENT = {"course": "python", "reason": "slow"}


def config_in(folder, **nats):
    url = f"nats://127.0.0.1:{free_port()}"
    site = {"data": str(folder / "data"), "run": str(folder / "run")}
    return configs.from_tree({"site": site, "nats": {"url": url, **nats}})


@asynccontextmanager
async def running(config, *services, said=None):
    """The system with NATS and, as its services, some small programs."""
    folders.prepare(config)
    uid = config.uid_of("nats") if AS_ROOT else None
    show = reach.behind_barriers([config.site.data, config.site.run]) if AS_ROOT else ()
    nats = nats_server.program(config)._replace(uid=uid, show=show)
    system = System(config, Parts(nats, (), services), Log(said or io.StringIO()))
    try:
        await system.start()
        yield system
    finally:
        await system.end_services()
        await system.end_servers()


def connected(config, user, password=None):
    password = config.password_of(user) if password is None else password
    return buses.connect(
        config.nats.url,
        name=user,
        user=user,
        password=password,
        within=0.5,
        makes_streams=user != "router",
    )


async def test_only_who_judges_it_writes_down_who_is_signed_in(tmp_path):
    config = config_in(tmp_path)
    account = Account(account="eve", role="staff", password_set=now())
    session = Session(account="eve", password_set=now(), since=now(), seen=now())
    services = [user for user in folders.NATS_USERS if user != "operator"]
    async with running(config), connected(config, "operator") as operator:
        for user in services:
            async with connected(config, user) as bus:
                done = [await _writes(bus, value, user, operator) for value in (account, session)]
            assert done == [user == "courses", user in ("courses", "stats")], user


async def _writes(bus, value, key, operator):
    """Whether somebody may: the server does not say so to who asks, the operator sees it."""
    subject = f"$KV.{value.bucket}.{key}"
    await bus.client.publish(subject, msgspec.json.encode(value))
    await bus.client.flush()
    return await Bucket(operator, type(value)).get(key) is not None


async def test_each_service_is_let_in_with_its_own_password_only(tmp_path):
    config = config_in(tmp_path)
    async with running(config):
        async with connected(config, "courses") as bus:
            await bus.tell(CourseFailed(**EVENT))
        for user, password in (
            ("router", config.password_of("stats")),
            ("router", "wrong"),
            ("somebody", config.password_of("router")),
            ("", ""),
        ):
            # NATS says why and hangs up; now and then the hanging up overtakes the words
            with pytest.raises(BusAway, match=r"(?i)authorization violation|reset by peer|EOF"):
                async with connected(config, user, password):
                    pass


async def test_what_was_acknowledged_is_there_after_nats_was_killed(tmp_path):
    config = config_in(tmp_path)
    async with running(config) as system, connected(config, "operator") as bus:
        await bus.tell(CourseFailed(**EVENT))
        first = system.pids()["nats"]
        os.kill(first, 9)
        await eventually(lambda: system.pids()["nats"] not in (first, None))
        info = await eventually(lambda: bus.js.stream_info("EVENTS"))
        assert info.state.messages == 1


async def test_a_nats_whose_folder_was_deleted_starts_anew_and_is_told_everything_again(tmp_path):
    config = config_in(tmp_path)
    async with running(config) as system, connected(config, "operator") as bus:
        nats = system.pids()["nats"]
        shutil.rmtree(config.site.data / "nats")
        os.kill(nats, 9)
        await eventually(lambda: system.pids()["nats"] not in (nats, None))
        await eventually(lambda: _is_stored(bus))


async def test_a_nats_that_does_not_sync_each_write_is_refused(tmp_path):
    config = config_in(tmp_path)
    folders.prepare(config)
    program = _nats_with(config, 'jetstream: {store_dir: "' + str(tmp_path / "store") + '"}')
    child = Child(program, Log(io.StringIO()))
    keeping = asyncio.create_task(child.keep())
    with pytest.raises(NotDurable, match="sync_always is"):
        await asyncio.wait_for(Monitor(config, child).ready(), 30)
    keeping.cancel()
    await child.end(within=5)


async def test_a_nats_that_cannot_start_stops_the_start(tmp_path):
    config = config_in(tmp_path)
    folders.prepare(config)
    program = _nats_with(config, "port: nonsense")
    system = System(config, Parts(program, (), ()), Log(said := io.StringIO()))
    with pytest.raises(NotStarted, match="NATS ended 5 times"):
        await asyncio.wait_for(system.start(), 20)
    await system.end_services()
    await system.end_servers()
    assert "nats ended with exit status 1" in said.getvalue()
    assert issubclass(NeverReady, RuntimeError)


async def test_services_end_before_nats(tmp_path):
    said = io.StringIO()
    script = "trap 'echo bye; exit 0' TERM; echo here; while :; do sleep 0.05; done"
    service = Program("service", ("/bin/sh", "-c", script))
    async with running(config_in(tmp_path), service, said=said):
        await eventually(lambda: "here" in said.getvalue())
    text = said.getvalue()
    assert 0 < text.index("bye") < text.index("Initiating Shutdown")


@pytest.mark.skipif(not AS_ROOT, reason="only root can mount a small disk")
async def test_a_full_disk_is_healed_once_there_is_space(tmp_path):
    config = config_in(tmp_path)
    store = config.site.data / "nats"
    store.mkdir(parents=True)
    await _mounts("mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", str(store))
    try:
        async with running(config) as system, connected(config, "operator") as bus:
            await bus.tell(CourseFailed(**EVENT))
            watching = asyncio.create_task(system.watch(every=0.1))
            with (store / "filler").open("wb") as filler:
                filler.truncate(0)
                _fill(filler)
            nats = system.pids()["nats"]
            await eventually(lambda: _is_refused(bus), within=30)
            (store / "filler").unlink()
            await eventually(lambda: system.pids()["nats"] not in (nats, None))
            await eventually(lambda: _is_stored(bus))
            watching.cancel()
    finally:
        await _mounts("umount", str(store))


def test_a_complaint_is_answered_once_the_disk_has_space_again():
    health = Health().after("no space", False, 0.0)
    assert not health.wants_restart
    health = health.after("no space", False, 5.0)
    assert not health.wants_restart
    health = health.after("no space", True, 10.0)
    assert health.wants_restart
    assert not health.after("no space", True, 15.0).wants_restart  # it may need a while


def test_a_complaint_of_another_kind_is_answered_after_patience_only():
    health = Health().after("reading its store", True, 0.0)
    assert not health.after("reading its store", True, PATIENCE - 1).wants_restart
    assert health.after("reading its store", True, PATIENCE).wants_restart
    assert health.after("", True, PATIENCE) == Health()


@pytest.mark.parametrize(
    "url", ["nats://0.0.0.0:4222", "nats://nats.example.org:4222", "nats://127.0.0.1"]
)
def test_the_embedded_nats_listens_on_this_machine_only(url):
    with pytest.raises(BadConfig, match=r"nats\.url: the embedded server"):
        check(configs.from_tree({"nats": {"url": url}}), "nbhosting.toml")


def _nats_with(config, settings):
    """A nats-server with a configuration that is not ours, ports written where we look."""
    folder = config.site.run / "nats"
    folder.chmod(0o700)
    file = folder / "other.conf"
    file.write_text(f'host: "127.0.0.1"\nport: -1\nhttp: "127.0.0.1:-1"\n{settings}\n')
    program = nats_server.program(config)
    return program._replace(argv=(program.argv[0], "-c", str(file), *program.argv[3:]))


async def _mounts(*command):
    process = await asyncio.create_subprocess_exec(*command)
    assert await process.wait() == 0


def _fill(file):
    try:
        while True:
            file.write(bytes(1 << 20))
            file.flush()
    except OSError:
        file.raw.close()


async def _is_refused(bus):
    try:
        await bus.tell(CourseFailed(**EVENT))
    except BusAway:
        return True
    return False


async def _is_stored(bus):
    await bus.tell(CourseFailed(**EVENT))
    return True
