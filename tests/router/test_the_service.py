"""The process: how it starts, what it may read, what it never writes down, how it ends."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from nbh_kit.bus import connect
from nbh_kit.testing import eventually, free_port
from nbh_proto import AccessReady
from tests.router.test_labs_come_and_go import reaches
from tests.router.world import World
from tests.tracing import strace


async def test_it_ends_in_peace_and_finishes_what_it_has_begun(world, provisioner, lab_server):
    lab = await provisioner.lab(lab_server.address)
    async with world.traefik(), world.router_process() as process, world.direct() as browser:
        await world.ready()
        clicking = asyncio.create_task(browser.get(world.link()))
        await provisioner.hears()
        process.send_signal(signal.SIGTERM)
        await provisioner.tell(AccessReady(about="", capability=lab.capability, notebook="n.md"))
        answer = await clicking
        assert answer.status_code == 302
        assert await asyncio.wait_for(process.wait(), 6) == 0


async def test_it_ends_in_peace_before_nats_was_ever_there(tmp_path):
    world = World(tmp_path / "site", f"nats://127.0.0.1:{free_port()}")
    async with world.router_process() as process:
        await world.lives()
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 6) == 0


async def test_it_ends_in_peace_while_it_connects(tmp_path, nats_url):
    async def once(number):
        world = World(tmp_path / f"site{number}", nats_url)
        async with world.router_process() as process:
            await world.lives()
            process.send_signal(signal.SIGTERM)
            return await asyncio.wait_for(process.wait(), 9)

    for _ in range(2):
        assert await asyncio.gather(*(once(n) for n in range(3))) == [0] * 3


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(
            lambda w: (w.folder / "secrets" / "router").unlink(),
            "secrets/router: cannot be read: No such file",
            id="no key for tickets",
        ),
        pytest.param(
            lambda w: (w.folder / "secrets" / "router").write_text("short"),
            "holds fewer than 32 bytes",
            id="a short key for tickets",
        ),
        pytest.param(
            lambda w: w.file.write_text("[router]\nprot = 1\n"),
            "router.prot: there is no such setting",
            id="a wrong setting",
        ),
        pytest.param(
            lambda w: w.file.write_text(
                w.file.read_text().replace('secret = "', 'secret_file = "/nonexistent/')
            ),
            "k1: cannot be read: No such file",
            id="a platform's secret that is not there",
        ),
    ],
)
def test_what_stops_it_is_said_in_a_line(tmp_path, spoil, words):
    world = World(tmp_path / "site", "nats://127.0.0.1:1")
    spoil(world)
    environ = os.environ | {"NBH_CONFIG": str(world.file)}
    done = subprocess.run(
        [sys.executable, "-m", "nbh_router"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


async def test_health_says_what_is_missing(tmp_path, nats_url):
    world = World(tmp_path / "site", nats_url)
    async with world.router(), connect(nats_url, name="others"):  # who make the streams
        await world.ready(but=("traefik",))
        assert (await world.well("/livez")).json()["lag"] < 1
        ready = await world.well()
        assert ready.status_code == 503
        assert ready.json() == {"nats": True, "courses": True, "labs": True, "traefik": False}
        async with world.traefik():
            await eventually(lambda: _is_ready(world))


async def _is_ready(world):
    return (await world.well()).status_code == 200


async def test_no_log_holds_a_capability_a_token_a_signature_or_a_ticket(
    world, provisioner, lab_server
):
    lab = await provisioner.lab(lab_server.address)
    dead = await provisioner.lab(f"127.0.0.1:{free_port()}", "eve")
    links, tickets = [world.link(), world.link(nonce="n")], []
    async with world.traefik(), world.router_process(), world.client() as browser:
        await world.ready()
        await eventually(lambda: reaches(world, lab))
        provisioner.says("booting")
        for link in (*links, links[1], links[0] + "0"):
            page = await browser.get(link)
            tickets += re.findall(r'data-here="/-/access/([^"]+)"', page.text)
        provisioner.opens(lab)
        await browser.get(world.link("w1/n2"))
        await browser.get(f"/{dead.capability}/lab", headers={"Accept": "text/html"})
        await browser.get(f"/-/access/{tickets[0]}x")
    said = world.log() + (world.folder / "traefik.log").read_text()
    assert "refused" in said
    secrets = [lab.capability, lab.token, dead.capability, dead.token, *tickets]
    secrets += [link.partition("signature=")[2] for link in links]
    assert len(secrets) == 8
    assert not [s for s in secrets if s in said]


@pytest.fixture
def open_folder():
    """A folder that every user may pass through; pytest's own are closed."""
    with tempfile.TemporaryDirectory(prefix="nbh-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed here")
async def test_after_its_rights_are_dropped_it_needs_no_file_of_its_own(
    open_folder, nats_url, provisioner, lab_server, tmp_path
):
    """The interpreter may stand where the router's user cannot read (S-5)."""
    uid = 64100
    world = World(open_folder / "site", nats_url)
    world.file.write_text(world.file.read_text().replace("first_uid = 0", f"first_uid = {uid}"))
    os.chown(world.folder / "traefik", uid, uid + 1)
    (world.folder / "traefik").chmod(0o2750)
    lab = await provisioner.lab(lab_server.address)
    log = tmp_path / "strace.log"
    argv = strace("-e", "trace=%file,setresuid", log=log)
    async with world.traefik(), world.router_process(*argv) as process, world.client() as browser:
        await world.ready()
        provisioner.says("queued", 2)
        assert (await browser.get(world.link())).status_code == 200
        provisioner.opens(lab)
        assert (await browser.get(world.link("w1/n2"))).status_code == 302
        assert (await browser.get("/notebookLazyCopy/py/n1/ada")).status_code == 403
        (child,) = _children(process.pid)
        os.kill(child, signal.SIGTERM)
        assert await process.wait() == 0
    _, _, after = log.read_text().partition(f"setresuid({uid}")
    assert after, "it became its own user"
    touched = re.findall(r'\w+\((?:AT_FDCWD, )?"(/[^"]+)"', after)
    others = (str(world.folder / "traefik"), "/etc/", "/proc/", "/dev/", "/sys/")
    of_ours = [path for path in touched if not path.startswith(others)]
    assert of_ours == []
    labs = world.labs_file.stat()
    assert (labs.st_uid, labs.st_gid, labs.st_mode & 0o777) == (uid, uid + 1, 0o640)


def _children(pid):
    return [c.pid for c in psutil.Process(pid).children()]


async def test_an_error_of_our_own_is_a_page_with_a_code(world, provisioner):
    async with world.router() as service, world.direct() as browser:
        await world.ready(but=("traefik",))
        # the bus breaks in a way that nobody has thought of
        service._launching._routes = None
        answer = await browser.get(world.link())
    assert answer.status_code == 500
    assert "<code>" in answer.text
    assert "Traceback" not in answer.text


async def test_an_address_that_is_taken_stops_it(world, provisioner):
    async with world.router():
        await world.lives()
        began = time.monotonic()
        async with world.router_process() as second:
            assert await asyncio.wait_for(second.wait(), 20) != 0
        assert "Address already in use" in world.log()
        assert time.monotonic() - began < 20


async def test_raw_bytes_in_an_address_are_no_trouble(world, provisioner):
    async with world.router():
        await world.lives()
        for target in (b"/\xff\xfe", b"/notebookLazyCopy/py/\xc3\xa9/ada", b"//", b"/%zz", b"*"):
            reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
            writer.write(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            status = (await asyncio.wait_for(reader.readline(), 30)).split()[1]
            assert status in (b"400", b"403", b"404"), (target, status)
            writer.close()
