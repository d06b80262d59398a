"""A student's notebook becomes a page, in a container that reaches nothing (S13, S-48)."""

import asyncio
import base64
import os
import re
import stat
import subprocess
from datetime import timedelta

import pytest

from nbh_kit.testing import eventually
from nbh_proto import now
from nbh_provisioner.engines import errands
from nbh_provisioner.engines.podman import PodmanEngine
from nbh_provisioner.engines.podman_api import PodmanApi
from nbh_provisioner.shares.snapshots import FOR_ONE, Snapshots
from tests.provisioner import world
from tests.provisioner.sharing import Students, notebook

MYST = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
---

# Été

```{code-cell}
print("in MyST")
```
"""

pytestmark = pytest.mark.podman

_HOSTILE = """\
FROM localhost/nbhosting/minimal-notebook
RUN folder=$(python -c 'import nbconvert; print(*nbconvert.__path__)') && rm -r $folder && \\
    mkdir $folder && echo '\
class HTMLExporter:\\n\
    def from_notebook_node(self, notebook, resources):\\n\
        said = {}\\n\
        exec(notebook.cells[0].source, said)\\n\
        return said.get("page", ""), {}\\n\
' | sed 's/\\\\n/\\n/g' > $folder/__init__.py
"""
"""Whose nbconvert does what a notebook says."""


@pytest.fixture
async def students(site, course, podman_engine, router, bus, data):
    """Who share, of a provisioner with real containers."""
    async with world.running(site, podman_engine):
        yield Students(bus, data)


@pytest.fixture
def site(data, nats_url):
    """Pages soon take too long."""
    return world.config(
        data, nats_url, share={"within": 20, "memory": 512 * 1024**2, "keep_days": 30}
    )


@pytest.fixture(scope="session")
def built(podman_socket, tmp_path_factory):
    """Builds an image for a test: its name."""
    made = []

    def build(name, containerfile):
        folder = tmp_path_factory.mktemp("image")
        (folder / "Containerfile").write_text(containerfile)
        podman = ("podman", "--url", f"unix://{podman_socket}")
        subprocess.run([*podman, "build", "-q", "-t", name, str(folder)], check=True, timeout=120)
        made.append(name)
        return name

    yield build
    for name in made:
        podman = ("podman", "--url", f"unix://{podman_socket}")
        subprocess.run([*podman, "rmi", "--force", name], check=True, capture_output=True)


@pytest.fixture
async def hostile(built, router, site):
    """A course whose image's nbconvert does what the notebook says."""
    await router.register("hostile", image=built("localhost/nbh-test/hostile", _HOSTILE))
    return "hostile"


async def test_a_notebook_becomes_a_page_that_everybody_may_read(students):
    students.write("w1/n1.ipynb", notebook("print('of Ada')"))
    page = await students.shared("w1/n1")
    assert "of Ada" in page.read_text()
    assert "<title>n1</title>" in page.read_text()
    assert stat.S_IMODE(page.stat().st_mode) == 0o644
    assert stat.S_IMODE(page.parent.stat().st_mode) == 0o711
    # its name alone leads to it
    assert len(page.stem) == 32


async def test_what_is_no_ipynb_becomes_a_page_too_and_leaves_nothing(students):
    students.write("lesson.md", MYST)
    students.write("script.py", "# %%\nprint('in percent')\n")
    assert "in MyST" in (await students.shared("lesson")).read_text()
    assert "in percent" in (await students.shared("script.py")).read_text()
    assert world.entries(students.workspace()) == ["lesson.md", "script.py"]


_LEFT = (
    "../../../bob/python/fig.png",
    "linked.png",
    "out/fig.png",
    "/etc/passwd",
    "../../../../../../../etc/passwd",
    "absent.png",
    "large.png",
)
_SHOWS = """
![mine](fig.png) ![the course's](media/fig.svg) <img src="../up.gif" width="30">
""" + " ".join(f"![nothing]({each})" for each in _LEFT)


async def test_a_page_has_the_pictures_in_it_that_lie_beside_the_notebook(
    students, data, router, tmp_path
):
    await router.register("shown", static_mappings=(("media", "media"),))
    static = {"media/fig.svg": "<svg/>"}
    world.publish(data, {"w1/n1.ipynb": notebook("x")}, course="shown", static=static)
    (tmp_path / "fig.png").write_text("secret")
    students.write("fig.png", "of Bob", student="bob", course="shown")
    files = {"w1/n1.md": MYST + _SHOWS, "w1/fig.png": "of Ada", "up.gif": "above"}
    for name, text in files.items():
        students.write(name, text, course="shown")
    os.truncate(students.write("w1/large.png", "", course="shown"), 11 * 1024**2)
    beside = students.workspace(course="shown") / "w1"
    (beside / "media").symlink_to("/home/jovyan/static/media")
    (beside / "linked.png").symlink_to(tmp_path / "fig.png")
    (beside / "out").symlink_to(tmp_path)
    for ask in (students.share, students.show):
        page = students.page((await ask("w1/n1", course="shown")).share).read_text()
        found = re.findall('<img[^>]* src="([^"]*)"', page)
        shown = [each.partition(";base64,") for each in found if each.startswith("data:")]
        assert [(kind, base64.b64decode(data)) for kind, _, data in shown] == [
            ("data:image/png", b"of Ada"),
            ("data:image/svg+xml", b"<svg/>"),
            ("data:image/gif", b"above"),
        ]
        assert set(_LEFT) < set(found)
        assert 'alt="nothing"' in page


async def test_sharing_again_keeps_the_link_and_shows_what_is_new(students, bus):
    students.write("n1.ipynb", notebook("first"))
    first = await students.shared()
    students.write("n1.ipynb", notebook("second"))
    again = await students.shared()
    assert first == again
    assert "second" in again.read_text()
    told = await eventually(lambda: _told(bus, "notebook.shared", 2))
    assert [each["again"] for each in told] == [False, True]
    assert {each["notebook"] for each in told} == {"n1.ipynb"}
    assert first.stem not in str(told)


async def test_a_page_for_one_reader_is_beside_what_is_shared_and_goes(students, bus):
    students.write("n1.ipynb", notebook("shared_so"))
    shared = await students.shared()
    students.write("n1.ipynb", notebook("now_so"))
    shown = (await students.show()).share
    page = students.page(shown)
    assert "now_so" in page.read_text()
    assert "shared_so" in shared.read_text()
    assert [each.name for each in await students.all()] == [shared.stem]
    assert timedelta(minutes=59) < shown.expires - now() <= FOR_ONE
    assert (await students.show("n9")).reason == "notebook-unknown"
    await eventually(lambda: _told(bus, "notebook.shared", 1))
    kept = Snapshots(students.snapshots, None)
    kept.load()
    assert not page.exists(), "who starts again knows of nobody who reads it"
    assert shared.exists()
    assert [each.expires for each in kept.find()] == [None], "where pages stay for ever"


async def test_each_student_has_a_link_of_their_own_and_withdraws_it(students, bus):
    for student in ("ada", "bob"):
        students.write("n1.ipynb", notebook(student), student=student)
    ada, bob = [await students.shared(student=s) for s in ("ada", "bob")]
    assert {s.student for s in await students.all()} == {"ada", "bob"}
    assert [s.student for s in await students.all(only_student="bob")] == ["bob"]
    assert await students.withdraw(notebook="n1") == "withdrawn: n1"
    assert (ada.exists(), bob.exists()) == (False, True)
    (told,) = await eventually(lambda: _told(bus, "notebook.withdrawn", 1))
    assert (told["student"], told["reason"]) == ("ada", "asked")
    assert await students.withdraw(notebook="n1") == "nothing is shared"
    assert (await students.shared()).stem != ada.stem


async def test_pages_outlive_the_provisioner_and_what_it_left_half_done_does_not(
    site, course, podman_engine, podman_socket, router, bus, data
):
    students = Students(bus, data)
    async with world.running(site, podman_engine):
        students.write("n1.ipynb", notebook("first"))
        page = await students.shared()
    half = page.with_name("0" * 32 + ".html")
    half.write_text("nobody knows whose")
    (page.parent / ".making" / "x").mkdir(parents=True)
    async with world.running(site, PodmanEngine(podman_socket, site.site.name)):
        assert [s.name for s in await students.all()] == [page.stem]
        assert not half.exists()
        assert world.entries(page.parent) == [page.name, f"{page.stem}.json"]
        assert await students.shared() == page


async def test_a_page_goes_when_its_time_is_over(site, data, nats_url, router, bus, podman_engine):
    students = Students(bus, data)
    students.write("n1.ipynb", notebook("x"))
    async with world.running(site, podman_engine):
        page = await students.shared()
        (share,) = await students.all()
        assert share.expires - share.at == timedelta(days=30)
    about = page.with_suffix(".json")
    about.write_text(about.read_text().replace(str(now().year), "2001"))
    async with world.running(site, podman_engine):
        (told,) = await eventually(lambda: _told(bus, "notebook.withdrawn", 1))
        assert told["reason"] == "expired"
        assert not page.exists()


async def test_only_the_students_own_notebooks_are_shared(students, data):
    world.publish(data, {"w1/n1.ipynb": notebook("of the course")})
    assert await students.refused("w1/n1") == "notebook-unknown"
    assert await students.refused(course="absent") == "course-unknown"


async def test_what_is_no_notebook_is_told_as_that(students):
    students.write("n1.ipynb", "no JSON")
    assert await students.refused() == "unreadable"
    students.write("deep.ipynb", '{"cells": ' + "[" * 50_000 + "]" * 50_000 + "}")
    assert await students.refused("deep") == "unreadable"
    students.write("good.ipynb", notebook("x"))
    await students.shared("good")


async def test_a_notebook_of_fifty_megabytes_is_too_large(students):
    students.write("n1.ipynb", notebook("x" * 50 * 1024**2))
    assert await students.refused() == "too-large"
    # one that grows to that as a page is, too
    students.write("n2.ipynb", notebook("<" * 15 * 1024**2))
    assert await students.refused("n2") in ("too-large", "too-slow", "out-of-memory")
    assert await students.all() == ()


@pytest.mark.parametrize(
    ("does", "why"),
    [
        pytest.param("while True: pass", "too-slow", id="loops for ever"),
        pytest.param("import os; os._exit(9)", "unreadable", id="ends as it likes"),
        pytest.param("page = 'x' * 10**10", "out-of-memory", id="takes all memory"),
        pytest.param("page = 'x' * 30 * 1024**2", "too-large", id="writes a large page"),
        pytest.param("raise ValueError('no')", "unreadable", id="fails"),
        pytest.param(
            "raise ModuleNotFoundError", None, id="is not there: the site's image has it"
        ),
    ],
)
async def test_a_conversion_that_goes_wrong_is_told_and_leaves_nothing(
    students, hostile, data, does, why, podman_socket, site
):
    file = students.workspace(course=hostile) / "n1.ipynb"
    file.write_text(notebook(does))
    answer = await students.share(course=hostile)
    assert getattr(answer, "reason", None) == why
    assert len(world.entries(students.snapshots)) == (0 if why else 2) + 1  # and where it was made
    assert world.entries(students.snapshots / ".making") == []
    assert await asyncio.to_thread(_left, podman_socket, site.site.name) == []


_TRIES = """
import glob, os, socket, subprocess
def tried(what):
    try:
        return str(what())
    except OSError as e:
        return type(e).__name__
page = "|".join([
    tried(lambda: socket.create_connection(("1.1.1.1", 53), timeout=2)),
    tried(lambda: open("/etc/x", "w")),
    tried(lambda: open(os.environ["HOME"] + "/x", "w").close()),
    tried(lambda: os.listdir("/home/jovyan/work")),
    tried(lambda: sorted(os.listdir("/sys/class/net"))),
    tried(lambda: os.getuid()),
    tried(lambda: sorted(os.listdir("/srv/share"))),
    tried(lambda: [subprocess.Popen(["sleep", "9"]) for _ in range(99)] and "forked"),
])
"""


async def test_the_container_reaches_nothing(students, hostile):
    (students.workspace(course=hostile) / "n1.ipynb").write_text(notebook(_TRIES))
    said = (await students.shared(course=hostile)).read_text().split("|")
    network, root, tmp, work, interfaces, user, share, forks = said
    assert network == "OSError"
    assert (root, tmp) == ("OSError", "None")
    assert work in ("FileNotFoundError", "[]")
    assert interfaces == "['lo']"
    assert user == "1000"
    assert share == "['notebook.ipynb', 'page.html', 'pictures']"
    assert forks == "BlockingIOError"


async def test_pages_take_turns(students):
    for n in range(5):
        students.write(f"n{n}.ipynb", notebook(f"'number {n}'"))
    pages = await asyncio.gather(*(students.shared(f"n{n}") for n in range(5)))
    assert [f"number {n}" in page.read_text() for n, page in enumerate(pages)] == [True] * 5


async def _told(bus, kind, count):
    told = await world.events(bus, kind)
    return told if len(told) == count else None


def _left(podman_socket, site):
    api = PodmanApi(podman_socket, within=30)
    ours = f'{{"label": ["{errands.OURS}={site}"]}}'
    try:
        return api.get("/containers/json", all="true", filters=ours) or []
    finally:
        api.close()
