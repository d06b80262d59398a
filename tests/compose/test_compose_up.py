"""From nothing to an opened notebook with podman-compose, and down again leaving nothing."""

import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from nbh_kit.testing import eventually
from tests.compose.project import SERVICES, Failed, images, project
from tests.e2e.browser import Notebook, browser
from tests.e2e.courses import small_course
from tests.e2e.student import Student
from tests.moving import old_root

REPLACED = ("router", "provisioner", "reaper")

pytestmark = [
    pytest.mark.podman,
    pytest.mark.asyncio(loop_scope="session"),
    # nine images are built, if nobody did so before
    pytest.mark.timeout(1200),
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(tmp_path_factory, podman_socket, lab_images):
    """The system, well, with a course."""
    await images(tmp_path_factory.mktemp("podman"))
    # open, since services read in it
    folder = Path(tempfile.mkdtemp(prefix="nbh-"))
    folder.chmod(0o755)
    async with project(folder, podman_socket) as up:
        course = small_course(up.data / "local" / "repository")
        await up.nbh("course", "create", "lesson", str(course.folder))
        yield up
    left = (
        await up.containers(**{"io.podman.compose.project": up.name}),
        await up.containers(**{"nbh.site": up.name}),
        await up.networks(),
        [t for t in _tables() if up.name in t],
    )
    assert left == ([], [], [], [])


@pytest.mark.browser
async def test_a_link_opens_a_notebook_in_a_browser(running, tmp_path):
    url = (await running.nbh("link", "lesson", "w1/first", "ada")).strip()
    async with browser(tmp_path / "ada", ports=[running.port]) as context:
        page = await context.new_page()
        await page.goto(url)
        notebook = await Notebook(page).shown()
        assert await notebook.run() == "hello from the course"
        await page.screenshot(path=tmp_path / "notebook.png")
        # which is a file of hers, on this machine
        await notebook.write("print(6 * 7)")
        await notebook.save()
        hers = running.data / "students" / "ada" / "lesson" / "w1" / "first.md"
        await eventually(lambda: "6 * 7" in hers.read_text(), within=30)


async def test_a_provisioner_in_a_container_claims_labs_of_the_pool(running):
    async def is_there():
        return "lesson" in await running.nbh("lab", "list", "--pool")

    await eventually(is_there, within=120, pause=1)
    student = Student((await running.nbh("link", "lesson", "w1/first", "bob")).strip())
    try:
        await student.open()
        await student.save("w1/mine.txt", "bob's own")
    finally:
        await student.close()
    assert (running.data / "students/bob/lesson/w1/mine.txt").read_text() == "bob's own"
    said = (await running.nbh("events", "--json", "--last", "200")).splitlines()
    bobs = [e for e in map(msgspec.json.decode, said) if e.get("student") == "bob"]
    assert {e["way"] for e in bobs if "way" in e} == {"pool"}


async def test_a_kernel_outlives_an_upgrade_of_what_led_to_it(running):
    student = Student((await running.nbh("link", "lesson", "w1/first", "kim")).strip())
    try:
        await student.open()
        kernel = await student.kernel()
        await student.run(kernel, "x = 41")
        await running.compose("up", "--detach", "--force-recreate", *REPLACED)
        await running.well()
        assert await student.run(kernel, "print(x + 1)") == "42\n"
        assert await student.open()
    finally:
        await student.close()


async def test_an_operator_sees_how_each_service_is_from_the_container_of_nbh(running):
    async def well():
        return msgspec.json.decode(await running.by_hand("nbh", "status", "--json"))

    seen = await eventually(well, within=60, pause=1)
    assert {each["name"] for each in seen["services"] if each["lives"]} == set(SERVICES[2:])
    assert [each["missing"] for each in seen["services"] if each["missing"]] == []
    assert {disk["folder"] for disk in seen["disks"]} <= {
        str(running.data / name) for name in ("students", "courses", "nats")
    }
    for doctor in (running.by_hand("nbh", "doctor"), running.nbh("doctor")):
        found = await said(doctor)
        assert "all live and are ready" in found
        assert "does not answer" not in found
    assert "NATS syncs each write" in found


async def said(command):
    """What it says, also where it finds something, as about a test's site."""
    try:
        return await command
    except Failed as e:
        return str(e)


async def test_services_have_no_rights_but_those_that_are_said(running):
    """As the kernel sees them."""
    seen = {}
    for service in SERVICES:
        container = running.container(service)
        pid = (await running.podman("inspect", "-f", "{{.State.Pid}}", container)).strip()
        status = Path(f"/proc/{pid}/status").read_text()
        rows = dict(line.split(":\t", 1) for line in status.splitlines())
        seen[service] = (int(rows["Uid"].split()[0]), int(rows["CapEff"], 16), rows["NoNewPrivs"])
    assert {s: u for s, (u, _, _) in seen.items() if u} == {
        "router": 64100,
        "traefik": 64101,
        "nats": 64102,
        "courses": 64103,
        "stats": 64104,
        "reaper": 64105,
    }
    assert {s for s, (_, rights, _) in seen.items() if rights} == {"provisioner", "builder"}
    assert all(kept == "1" for _, _, kept in seen.values())


async def test_a_lab_reaches_none_of_the_services(running):
    bus, web = running.bus, running.web
    places = [(f"{bus}.2", 4222), (f"{web}.10", 8080), (f"{web}.11", 8081), (f"{bus}.11", 8090)]
    student = Student((await running.nbh("link", "lesson", "w1/second", "eve")).strip())
    try:
        await student.open()
        printed = await student.run(await student.kernel(), _TRY.format(places=places))
    finally:
        await student.close()
    assert printed.split() == ["refused"] * len(places)


async def test_what_was_lost_is_there_again_and_an_old_root_is_taken_over(running, tmp_path):
    """As docs/operating.md and docs/moving.md say it, word by word."""
    kept = str(tmp_path / "backup")
    student = Student((await running.nbh("link", "lesson", "w1/first", "bob")).strip())
    await student.open()
    await student.save("w1/mine.txt", "the last words")
    await student.close()
    await running.nbh("backup", kept)
    before = await opened(running)
    assert before
    await running.nbh("student", "export", "all", "bob", str(tmp_path / "bob.zip"))
    with zipfile.ZipFile(tmp_path / "bob.zip") as exported:
        assert exported.read("files/lesson/w1/mine.txt") == b"the last words"
    await running.down("--volumes")
    shutil.rmtree(running.data)
    await running.nbh("restore", kept)
    root = old_root.make(running.etc.parent / "old", python=str(running.data / "local/repository"))
    running.override.write_text(OVERRIDE.format(root=root))
    await running.up()
    student = Student((await running.nbh("link", "lesson", "w1/first", "bob")).strip())
    try:
        await student.open()
        assert (await student.contents("w1/mine.txt"))["content"] == "the last words"
    finally:
        await student.close()

    async def counted():
        after = await opened(running)
        return after[: len(before)] == before

    assert await eventually(counted, within=60, pause=0.5)
    with pytest.raises(Failed, match="not taken"):  # what nobody can take is said
        await running.nbh("import-nbhosting", str(root), "--course", "python")
    work = running.data / "students/ada/python/w1/first.md"
    assert work.read_text() == old_root.OLD_WORK
    assert (running.data / "local/python/nbhosting.yaml").exists()
    events = await running.nbh("stats", "events", "--course", "python", "--json")
    assert events.count('"access.opened"') == old_root.OPENED


OVERRIDE = """
services:
  provisioner:
    volumes: ["{root}:{root}:ro"]
"""


async def opened(running):
    """When each notebook was opened, as statistics have it, oldest first."""
    kind = ("--course", "lesson", "--kind", "access.opened", "--last", "1000")
    said = await running.nbh("stats", "events", *kind, "--json")
    return sorted((e["at"], e["student"]) for e in map(msgspec.json.decode, said.splitlines()))


_TRY = """
import socket
for place in {places}:
    try:
        socket.create_connection(place, timeout=5).close()
        print("reached")
    except ConnectionRefusedError:
        print("refused")
    except OSError as e:
        print(type(e).__name__)
"""


def _tables():
    nft = ("/usr/sbin/nft", "list", "tables")
    return subprocess.run(nft, capture_output=True, text=True, check=True).stdout.splitlines()
