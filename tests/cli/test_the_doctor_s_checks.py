"""`nbh doctor`: each check with what breaks it, and with that mended as it advises (E-5)."""

import asyncio
import shutil
import socket
import ssl
import subprocess
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from nbh_cli import images
from nbh_cli.commands.status.seen import Bus, Consumer, CourseSeen, Disk, Seen, Service, Stream
from nbh_cli.doctor import engine, kernel, names, ports, rights, running, site, storage
from nbh_cli.host.machine import Machine
from nbh_cli.host.packages import NEEDS
from nbh_kit import config as configs
from nbh_kit import streams
from nbh_kit.testing import free_port
from nbh_proto import Drain, now

GIB = 1024**3
SECRET = "0123456789abcdef" * 4


def config(**tables):
    return configs.from_tree(tables)


def root(tmp_path, **files):
    """A machine's file system with just these files."""
    for name, text in files.items():
        file = tmp_path / name.replace("__", "/").replace("DOT", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def is_wrong(finding, *said, level="error"):
    """It is, says so, and says what to do."""
    told = f"{finding.says} {finding.advice}"
    assert finding.level == level, told
    assert finding.advice
    for words in said:
        assert words in told
    return True


def is_well(finding):
    assert finding.level == "ok", finding
    return True


# the machine


def test_control_groups_of_version_2_must_bound_memory(tmp_path):
    broken = root(tmp_path, sys__fs__cgroup__cgroupDOTcontrollers="cpuset cpu io pids\n")
    assert is_wrong(kernel.control_groups(broken), "memory", "cgroup_enable=memory")
    root(
        tmp_path, sys__fs__cgroup__cgroupDOTcontrollers="cpu memory pids\n", proc__self__mounts=""
    )
    assert is_well(kernel.control_groups(tmp_path))


def test_control_groups_of_version_1_must_bound_memory(tmp_path):
    table = "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t1\t1\npids\t2\t1\t1\n"
    broken = root(tmp_path, proc__cgroups=f"{table}memory\t0\t1\t0\n", proc__self__mounts="")
    assert is_wrong(kernel.control_groups(broken), "memory")
    root(tmp_path, proc__cgroups=f"{table}memory\t3\t1\t1\n")
    assert is_well(kernel.control_groups(tmp_path))


def test_ranges_of_users_are_wanted(tmp_path):
    other = "ada:100000:65536\n"
    broken = root(tmp_path, etc__subuid=other, etc__subgid=other)
    assert is_wrong(kernel.user_ranges(broken), "/etc/subuid", "/etc/subgid")
    mended = other + "containers:2147483647:2147483648\n"
    root(tmp_path, etc__subuid=mended)
    assert is_wrong(kernel.user_ranges(tmp_path), "/etc/subgid")
    root(tmp_path, etc__subgid=mended)
    assert is_well(kernel.user_ranges(tmp_path))


def test_what_labs_share_may_be_too_little(tmp_path):
    broken = root(tmp_path, proc__sys__fs__inotify__max_user_instances="128\n")
    finding = kernel.shared_kernel(broken)
    assert is_wrong(finding, "is 128", level="warning")
    _, _, mend = finding.advice.partition("fs.inotify.max_user_instances=")
    root(tmp_path, proc__sys__fs__inotify__max_user_instances=mend)
    assert is_well(kernel.shared_kernel(tmp_path))


def test_a_clock_that_nobody_keeps_is_told():
    assert is_wrong(kernel.clock(5), "chrony", level="warning")
    assert is_well(kernel.clock(0))
    assert kernel.clock_state() in range(6)


def test_what_was_told_in_the_future_says_that_the_clock_was_set_back():
    course = a_course(pulled_at=now() + timedelta(hours=2))
    assert is_wrong(running.of_the_future(a_system(courses=(course,))), "set back")
    assert running.of_the_future(a_system(courses=(a_course(),))) is None


def test_labs_must_fit_the_machine(tmp_path):
    small = root(tmp_path, proc__meminfo=f"MemTotal: {4 * 1024**2} kB\n")
    assert is_wrong(kernel.memory(config(lab={"memory": 5 * GIB}), small), "lab.memory")
    assert is_well(kernel.memory(config(lab={"memory": GIB}), small))
    tiny = root(tmp_path, proc__meminfo=f"MemTotal: {1024**2} kB\n")
    assert is_wrong(kernel.memory(config(lab={"memory": GIB}), tiny), "room for", level="warning")


def test_programs_that_are_missing_are_named_with_what_installs_them():
    debian = Machine(
        root=False,
        distributions=("debian",),
        hybrid_cgroups=False,
        may_raise_limits=True,
        most_files=-1,
        most_processes=-1,
    )
    assert is_wrong(engine.programs(NEEDS[:1], debian), "podman", "apt-get install")
    assert is_well(engine.programs((), debian))


def test_an_old_podman_is_told():
    assert is_wrong(engine.version("podman version 3.4.4"), "3.4.4", "4.3")
    assert is_wrong(engine.version(""), "unknown")
    assert is_well(engine.version("podman version 4.3.1"))


# podman's API, answered as podman does


@asynccontextmanager
async def podman_that_says(folder, answers):
    """A socket at which these paths are answered, by the end of each path."""

    async def answer(reader, writer):
        path = (await reader.readline()).split()[1].decode()
        body = next((b for end, b in answers.items() if path.endswith(end)), None)
        status = b"404 Not Found" if body is None else b"200 OK"
        writer.write(b"HTTP/1.0 " + status + b"\r\n\r\n" + msgspec.json.encode(body or {}))
        writer.close()

    path = Path(folder, "podman.sock")
    async with await asyncio.start_unix_server(answer, path):
        yield path


async def test_a_podman_that_does_not_answer_is_told(tmp_path):
    nowhere = tmp_path / "podman.sock"
    assert is_wrong(await engine.answers(nowhere, runs=True), str(nowhere), "podman.log")
    assert (await engine.answers(nowhere, runs=False)).level == "note"
    async with podman_that_says(tmp_path, {"/info": {"host": {}}}) as there:
        assert is_well(await engine.answers(there, runs=True))


async def test_few_locks_are_told(tmp_path):
    async with podman_that_says(tmp_path, {"/info": {"host": {"freeLocks": 7}}}) as there:
        assert is_wrong(
            await engine.answers(there, runs=True), "7 more", "num_locks", level="warning"
        )


async def test_an_image_that_is_missing_is_told_with_whose_it_is(tmp_path):
    async with podman_that_says(tmp_path, {"minimal-notebook/json": {}}) as there:
        assert is_well(await engine.image(there, "nbhosting/minimal-notebook", []))
        missing = await engine.image(there, "localhost/site/py:0a1b", ["py"])
        assert is_wrong(missing, "no lab of py", "nbh course build py")
        assert is_wrong(await engine.image(there, "nbhosting/absent", []), "nbh images")


async def test_images_of_an_older_version_are_told(tmp_path):
    wanted = {image.name: f"new {image.name}" for image in images.IMAGES}
    labels = {image.repository: f"new {image.name}" for image in images.IMAGES}
    old = {**labels, images.IMAGES[1].repository: "old"}
    assert is_wrong(engine.current(wanted, old), "minimal-notebook", "nbh images", level="warning")
    assert is_well(engine.current(wanted, labels))


# disks


def a_disk(free):
    return Disk(what="all", folder="/data", free=free, total=9 * GIB, wanted=2 * GIB)


def test_a_disk_without_room_is_told():
    (full,) = storage.room([a_disk(GIB)])
    assert is_wrong(full, "nobody new", "free_bytes")
    (filling,) = storage.room([a_disk(3 * GIB)])
    assert is_wrong(filling, level="warning")
    (well,) = storage.room([a_disk(5 * GIB)])
    assert is_well(well)


def test_a_disk_without_files_left_is_told(tmp_path):
    assert is_wrong(storage.files(storage.Files("/data", 1000, 9)), "inodes")
    assert is_wrong(storage.files(storage.Files("/data", 1000, 40)), level="warning")
    assert is_well(storage.files(storage.Files("/data", 1000, 500)))
    assert is_well(storage.files(storage.Files("/data", 0, 0)))
    assert storage.files_of(str(tmp_path)).folder == str(tmp_path)


MOUNTS = """\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 21 8:2 / /data rw,relatime shared:2 - xfs /dev/sdb1 rw,attr2,prjquota
31 21 8:3 / /data/students rw shared:3 - btrfs /dev/sdc1 rw,space_cache=v2
32 21 8:4 / /database rw - tmpfs tmpfs rw
"""


def test_a_folder_is_on_the_nearest_mount():
    assert storage.mounted(MOUNTS, Path("/var/lib")).kind == "ext4"
    assert storage.mounted(MOUNTS, Path("/data/courses")).kind == "xfs"
    assert storage.mounted(MOUNTS, Path("/data/students/ada")).kind == "btrfs"


def test_a_quota_that_cannot_be_had_is_told():
    def judged(wanted, folder, has_quotas=False):
        on = storage.mounted(MOUNTS, Path(folder))
        given = config(provisioner={"disk_quota": wanted})
        return storage.quota(given, on, btrfs_has_quotas=has_quotas)

    assert is_wrong(judged("project", "/var"), "ext4", "prjquota")
    assert is_wrong(judged("btrfs", "/data/students"), "btrfs quota enable")
    assert is_wrong(judged("off", "/data"), level="warning")
    assert judged("auto", "/var").level == "note"
    assert is_well(judged("auto", "/data/courses"))
    assert is_well(judged("btrfs", "/data/students", has_quotas=True))


def test_students_beside_nats_are_told(tmp_path):
    assert storage.beside(tmp_path, tmp_path).level == "note"
    assert is_well(storage.beside(Path("/proc"), tmp_path))


# names and certificates


async def test_a_name_without_an_address_is_told():
    async def nobody(_):
        raise OSError("Name or service not known")

    async def somebody(_):
        return []

    origin = "https://notebooks.example.org"
    assert is_wrong(await names.has_address(origin, nobody), "notebooks.example.org", "A or AAAA")
    assert is_well(await names.has_address(origin, somebody))
    assert is_well(await names.has_address("http://share.localhost:8080", nobody))


@pytest.fixture
def pair(tmp_path):
    """A certificate for localhost that nobody else believes, and its key."""
    if not (openssl := shutil.which("openssl")):
        pytest.skip("openssl is not installed")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    made = (openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90")
    named = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    where = ("-out", str(certificate), "-keyout", str(key))
    subprocess.run((*made, *named, *where), check=True, capture_output=True)
    return certificate, key


@asynccontextmanager
async def presenting(certificate, key):
    """A server that presents it; yields its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def bye(_, writer):
        writer.close()

    server = await asyncio.start_server(bye, "localhost", 0, family=socket.AF_INET, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_certificate_that_browsers_do_not_believe_is_told(pair):
    async with presenting(*pair) as port:
        origin = f"https://localhost:{port}"
        assert is_wrong(await names.certificate(origin), "self-signed", "traefik.certificate")
        believed = ssl.create_default_context(cafile=str(pair[0]))
        assert is_well(await names.certificate(origin, believed))


async def test_an_origin_that_nobody_answers_is_told():
    assert is_wrong(await names.certificate(f"https://localhost:{free_port()}"), "traefik.listen")
    assert is_well(await names.certificate("http://localhost:1"))


def test_a_certificate_that_ends_soon_is_told():
    day = 86400
    assert is_wrong(names.expiry("https://x", 13 * day), "13 days", "renew", level="warning")
    assert is_well(names.expiry("https://x", 60 * day))


def test_a_key_of_another_certificate_is_told(pair, tmp_path):
    certificate, key = pair
    other = tmp_path / "other.pem"
    subprocess.run(
        ("/usr/bin/openssl", "genrsa", "-out", str(other)), check=True, capture_output=True
    )
    assert is_wrong(names.key_of_certificate(certificate, other), "certificate and its key")
    assert is_wrong(names.key_of_certificate(tmp_path / "absent", key), "absent")
    assert is_well(names.key_of_certificate(certificate, key))


def test_where_nobody_can_sign_in_is_told():
    origins = {"content": "http://a.org", "ui": "http://b.org", "share": "http://c.org"}
    assert is_wrong(names.sign_in(config(origins=origins)), "https", level="warning")
    assert is_well(names.sign_in(config(origins={**origins, "ui": "https://b.org"})))


# the configuration


def test_secrets_that_others_can_read_are_told(tmp_path):
    data, file = tmp_path / "data", tmp_path / "nbhosting.toml"
    (data / "secrets").mkdir(parents=True, mode=0o700)
    password, key = data / "secrets" / "nats-router", tmp_path / "key"
    for path in (password, key, file):
        path.write_text(SECRET)
        path.chmod(0o644)
    keys = [{"id": "k1", "secret_file": str(key)}, {"id": "k2", "secret": SECRET}]
    given = config(site={"data": str(data)}, platform=[{"name": "lms", "keys": keys}])
    wrong = list(rights.secret_files(given, file))
    assert {str(path) for path in (password, key, file)} == {f.says.split()[3] for f in wrong}
    for finding in wrong:
        assert is_wrong(finding, "mode 644")
        mend, _, _ = finding.advice.partition(";")
        subprocess.run(("/bin/chmod", *mend.split()[1:]), check=True)
    (well,) = rights.secret_files(given, file)
    assert is_well(well)


def test_users_of_somebody_else_are_told():
    given = config(site={"first_uid": 1000})
    assert is_wrong(rights.users(given, {1003: "ada"}.get), "1003 is ada", "first_uid")
    assert is_well(rights.users(given, {1006: "ada"}.get))


def test_a_port_that_somebody_has_is_told():
    given = config(router={"port": free_port()}, health={"first_port": 0})
    given = msgspec.structs.replace(
        given,
        traefik=msgspec.structs.replace(given.traefik, embedded=False),
        nats=msgspec.structs.replace(given.nats, embedded=False),
        courses=msgspec.structs.replace(given.courses, port=free_port()),
        stats=msgspec.structs.replace(given.stats, port=free_port()),
    )
    with socket.create_server(("127.0.0.1", given.router.port)):
        (taken,) = ports.free(given, runs=False)
        assert is_wrong(taken, "router.port", f"sport = :{given.router.port}")
        (ours,) = ports.free(given, runs=True)
        assert is_well(ours)
    (free,) = ports.free(given, runs=False)
    assert is_well(free)


def test_every_port_of_the_configuration_is_looked_at():
    looked = [port for _, _, port in ports.wanted(configs.Config())]
    assert sorted(looked) == [4222, 8080, 8081, 8082, 8083, 8084, *range(8090, 8096)]
    apart = config(nats={"embedded": False}, health={"hosts": ["10.90.0.11"] * 6})
    assert [port for _, _, port in ports.wanted(apart)] == [8080, 8082]


def test_a_configuration_that_cannot_be_run_is_told():
    broken = config(traefik={"listen": "8080"})
    file = Path("/etc/nbhosting.toml")
    assert is_wrong(site.usable(broken, file), "traefik.listen", str(file))
    assert is_well(site.usable(config(provisioner={"engine": "memory"}), file))


def test_platforms_that_let_nobody_or_anybody_in_are_told():
    (none,) = site.platforms(config())
    assert is_wrong(none, "[[platform]]", level="warning")
    forged = {"name": "lms", "strategy": "referer", "hosts": ["lms.example.org"]}
    (anybody,) = site.platforms(config(platform=[forged]))
    assert is_wrong(anybody, "forge", level="warning")
    short = {"name": "lms", "keys": [{"id": "k", "secret": "short"}]}
    (weak,) = site.platforms(config(platform=[short]))
    assert is_wrong(weak, "32 characters", "openssl rand")
    signed = {"name": "lms", "keys": [{"id": "k", "secret": SECRET}]}
    (well,) = site.platforms(config(platform=[signed]))
    assert is_well(well)


def test_origins_that_are_the_same_are_told():
    same = dict.fromkeys(("content", "ui", "share"), "https://x.org")
    tried = config(site={"dev": True}, origins=same)
    assert is_wrong(site.origins_apart(tried), "site.dev", level="warning")
    assert is_well(site.origins_apart(config()))


def test_where_parts_have_containers_of_their_own_the_machine_is_not_looked_at():
    apart = config(nats={"embedded": False}, health={"hosts": ["10.90.0.11"] * 6})
    assert site.elsewhere(apart, contained=True).level == "note"
    assert site.elsewhere(apart, contained=False) is None
    assert site.elsewhere(config(nats={"embedded": False}), contained=True) is None
    assert site.elsewhere(config(), contained=True) is None


def test_who_is_not_root_is_told_that_not_all_was_looked_at():
    assert site.is_root(1000).level == "note"
    assert is_well(site.is_root(0))


# the system


def test_a_node_that_takes_nobody_new_is_told_and_more_so_when_it_should_be_over():
    (fine,) = running.drains(a_system())
    assert is_well(fine)
    drain = Drain(node="n1", since=now() - timedelta(hours=2))
    (told,) = running.drains(a_system(drains=(drain,)))
    assert is_wrong(told, "nobody new since 2 h", "drain --off n1", level="warning")
    late = msgspec.structs.replace(drain, back=now() - timedelta(hours=1))
    (told,) = running.drains(a_system(drains=(late,)))
    assert is_wrong(told, "should have been back", "drain --off n1")


def a_course(**more):
    given = {"commit": "c0ffee", "pulled_at": now(), "failure": "", "problems": 0, **more}
    return CourseSeen(course="py", autopull=True, **given)


def a_system(**more):
    given = {"services": (), "bus": Bus(url="nats://x"), "disks": (), **more}
    return Seen(at=now(), site="main", **given)


@pytest.mark.parametrize("need", ["nats", "courses", "labs", "traefik", "podman", "clickhouse"])
def test_what_a_service_waits_for_is_told_with_what_to_look_at(need):
    waits = Service(name="router", lives=True, missing=(need,))
    (finding,) = running.services((waits,), runs=True)
    assert is_wrong(finding, f"router waits for {need}")


def test_services_that_do_not_answer_are_told():
    well, gone = Service(name="stats", lives=True), Service(name="router", lives=False, why="gone")
    (finding,) = running.services((well, gone), runs=True)
    assert is_wrong(finding, "router does not answer: gone")
    (nothing,) = running.services((gone,), runs=False)
    assert is_wrong(nothing, "does not run", "nbh up")
    (all_well,) = running.services((well,), runs=True)
    assert is_well(all_well)


def a_stream(**more):
    given = {"name": "COMMANDS", "messages": 1, "bytes": 1, "max_bytes": 100, **more}
    return Stream(drops_oldest=False, **given)


def a_consumer(waiting):
    return Consumer(stream="EVENTS", name="stats", waiting=waiting, in_hand=0)


@pytest.mark.parametrize(
    ("broken", "said", "level"),
    [
        (Bus(url="nats://x", away="refused"), "refused", "error"),
        (Bus(url="nats://x", streams=(a_stream(bytes=81),)), "81% full", "error"),
        (Bus(url="nats://x", consumers=(a_consumer(10_000),)), "10000 messages", "warning"),
        (Bus(url="nats://x", dead=2), "nbh dead list", "warning"),
    ],
)
def test_what_is_wrong_with_nats_is_told(broken, said, level):
    finding, *_ = running.bus(broken)
    assert is_wrong(finding, said, level=level)


def test_a_bus_that_is_well_is_told():
    well = Bus(url="nats://x", streams=(a_stream(),), consumers=(a_consumer(9),))
    (finding,) = running.bus(well)
    assert is_well(finding)


def test_a_nats_that_does_not_sync_is_told():
    assert is_wrong(running.sync(found=False), "power cut")
    assert is_well(running.sync(found=True))


async def test_a_nats_that_is_not_ours_may_not_sync(tmp_path):
    elsewhere = config(nats={"embedded": False}, site={"data": str(tmp_path)})
    assert is_wrong(await running.synced(elsewhere), "sync_interval", level="warning")
    told = tmp_path / "servers" / "nats" / "nats.conf"
    told.parent.mkdir(parents=True)
    told.write_text('{"jetstream": {"sync_interval": "2m"}}')
    assert is_wrong(await running.synced(elsewhere), "power cut")
    told.write_text('{"jetstream": {"sync_interval": "always"}}')
    assert is_well(await running.synced(elsewhere))


async def test_a_stream_that_is_missing_or_otherwise_is_told(bus):
    assert is_well(running.streams_there(await streams.unlike(bus.js)))
    await bus.js.delete_stream("COMMANDS")
    there = (await bus.js.stream_info("DEAD")).config
    await bus.js.update_stream(there.evolve(max_bytes=1000))
    missing = await streams.unlike(bus.js)
    assert is_wrong(running.streams_there(missing), "COMMANDS", "DEAD")
    await streams.make_sure(bus.js)
    assert is_well(running.streams_there(await streams.unlike(bus.js)))


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        ("unreachable: no route", "git ls-remote"),
        ("authentication: denied", "give the site a key"),
        ("no-branch: main", "nbh course set py --branch"),
        ("url-refused: 10.0.0.1", "private_hosts"),
        ("unreadable: bad", "nbh course show py"),
    ],
)
def test_a_course_that_cannot_be_pulled_is_told(failure, said):
    (finding,) = running.courses((a_course(failure=failure),), now(), 300)
    assert is_wrong(finding, failure, said)


def test_a_course_that_nobody_looks_at_is_told():
    late = a_course(pulled_at=now() - timedelta(hours=1))
    finding, _ = running.courses((late,), now(), 300)
    assert is_wrong(finding, "1 h ago", level="warning")
    (well,) = running.courses((a_course(),), now(), 300)
    assert is_well(well)
