"""`make demo`: one URL, notebooks that open, and nothing left behind but students' files."""

import asyncio
import html
import re
import signal

import httpx2 as httpx
import psutil
import pytest

from nbh_cli.demo.place import Place
from nbh_kit.testing import eventually
from tests.demo import demo
from tests.e2e.student import Student
from tests.sudden_ends import kill_unseen, suspended
from tests.traces import Traces, inspected

pytestmark = pytest.mark.podman

_LATER_SECONDS = 10.0
_OF_A_BUSY_MACHINE = 3.0
"""Tests share two cores with whatever else runs; `make bench` measures on its own."""


async def test_a_demo_opens_notebooks_and_leaves_only_students_files(tmp_path):
    place = Place(tmp_path / "demo")
    async with demo(place.folder) as (process, url, _):
        await _sign_in(process)
        children = psutil.Process(process.pid).children(recursive=True)
        for language in ("en", "fr"):
            await _open_all(f"{url}?language={language}&student=ada")
        traces = Traces(place.name)
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 60) == 0
    assert "ending 1 lab\n" in place.log.read_text()
    log = place.log.read_text()
    assert "without the provisioner" not in log
    assert "left behind" not in log
    assert [c for c in children if c.is_running() and c.status() != psutil.STATUS_ZOMBIE] == []
    assert traces.left() == []
    assert not place.run.exists()
    work = place.data / "students" / "ada" / "daylight"
    assert {p.name for p in work.rglob("*") if p.suffix in (".md", ".py", ".ipynb")} == {
        "1-the-length-of-the-day.md",
        "2-some-cities.ipynb",
        "1-la-duree-du-jour.md",
        "2-quelques-villes.py",
    }


async def test_a_later_demo_is_quick_and_finds_what_students_wrote(tmp_path):
    place = Place(tmp_path / "demo")
    async with demo(place.folder) as (_, url, _):
        await _open_all(f"{url}?language=en&student=emile")
    wrote = place.data / "students" / "emile" / "daylight" / "en" / "2-some-cities.ipynb"
    wrote.write_text(wrote.read_text().replace("Some cities", "Émile was here"))
    async with demo(place.folder) as (_, again, seconds):
        assert again == url
        assert seconds <= _LATER_SECONDS * _OF_A_BUSY_MACHINE
        await _open_all(f"{again}?language=en&student=emile")
    assert "Émile was here" in wrote.read_text()


async def test_a_demo_that_is_killed_leaves_no_process_behind(tmp_path):
    place = Place(tmp_path / "demo")
    async with demo(place.folder) as (process, _, _):
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        await eventually(
            lambda: not [c for c in children if c.is_running() and c.status() != "zombie"],
            within=60,
        )
    assert place.name not in await _on_the_machine()


async def test_a_demo_after_which_everything_was_killed_at_once_goes_on_and_leaves_nothing(
    tmp_path,
):
    place = Place(tmp_path / "demo")
    async with demo(place.folder) as (process, url, _):
        await _open_all(f"{url}?language=en&student=ada")
        before = Traces(place.name)
        labs = [inspected(container) for container in before.containers]
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(True)]
        with suspended(family):
            for lab in labs:
                await kill_unseen(lab)
        await process.wait()
    async with demo(place.folder) as (_, url, _):
        await _open_all(f"{url}?language=en&student=ada")
        after = Traces(place.name)
        assert not before.containers & after.containers
    assert before.left() == []
    assert after.left() == []


async def _sign_in(process):
    """As staff, with what the invitation says."""
    async for line in process.stdout:
        if found := re.search(r"sign in +(\S+) +as (\S+), password (\S+)", line.decode()):
            page, name, password = found.groups()
            break
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(page, data={"name": name, "password": password})
    assert answer.status_code == 303
    assert answer.headers["set-cookie"].startswith("__Host-nbh=")


async def _open_all(page):
    """Open each notebook of the lesson, as a student's clicks do."""
    async with httpx.AsyncClient() as client:
        text = (await client.get(page)).text
    found = re.findall(r'"(http://[^"]*action=open[^"]*)"', text)
    links = {html.unescape(url) for url in found if "/rescue/" not in url}
    assert len(links) == 2
    for url in links:
        student = Student(url)
        opened = await student.open(within=60)
        assert "/notebooks/" in opened
        await student.close()


async def _on_the_machine():
    """What podman has, as text: containers and networks with their labels."""
    said = ""
    for words in (
        ("ps", "--all", "--format", "{{.Names}} {{.Labels}}"),
        ("network", "ls", "--format", "{{.Name}} {{.Labels}}"),
    ):
        process = await asyncio.create_subprocess_exec(
            "podman", *words, stdout=asyncio.subprocess.PIPE
        )
        said += (await process.communicate())[0].decode()
    return said
