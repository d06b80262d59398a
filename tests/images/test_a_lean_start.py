"""A lab starts in a fraction of a stock start, because it does not read what it does not use."""

import asyncio
import json
import statistics
import time

import pytest
from asyncinotify import Inotify, Mask

from tests.images import lab as labs

pytestmark = pytest.mark.podman

IDLE_START = """
import pathlib, subprocess, sys, tempfile, time
runtime = tempfile.mkdtemp()
log = open(runtime + "/log", "w")
server = subprocess.Popen(
    [sys.executable, "-E", "-X", "importtime", "/opt/nbh/bin/jupyter-lab", "--port=0"],
    env={"PATH": "/opt/venv/bin:/usr/bin:/bin", "HOME": runtime, "JUPYTER_RUNTIME_DIR": runtime},
    stderr=log, cwd=runtime,
)
deadline = time.monotonic() + 30
while not list(pathlib.Path(runtime).glob("jpserver-*.json")) and time.monotonic() < deadline:
    time.sleep(0.05)
server.terminate()
server.wait()
lines = [line for line in open(runtime + "/log") if line.startswith("import time:")]
print(*{line.rpartition("|")[2].strip() for line in lines} & set(%r), sep="\\n")
"""

FORMATS = """
import sys
sys.path.insert(0, "/opt/nbh/lib")
from nbh_lab.modules import WHEN_USED
from nbh_lab.postponed import postpone
postpone(WHEN_USED)
import json, jsonschema
checker = jsonschema.FormatChecker()
print(json.dumps({
    kind: [checker.conforms(good, kind), checker.conforms(bad, kind)]
    for kind, good, bad in json.loads(%r)
}))
"""

COMPILED = """
import importlib.util, pathlib, struct
for root in ("/opt/venv/lib", "/opt/nbh/lib"):
    for source in pathlib.Path(root).rglob("*.py"):
        cache = pathlib.Path(importlib.util.cache_from_source(str(source)))
        flags, when, size = struct.unpack("<4xIII", cache.read_bytes()[:16] or bytes(16))
        if not flags & 1 and (when, size) != (int(source.stat().st_mtime), source.stat().st_size):
            print("stale", source)
"""

CHECKED = [
    ("iri", "https://été.example/ça", "no iri at all"),
    ("iri-reference", "/ça#là", "\\\\"),
    ("uri", "https://example.org/a?b#c", "no uri at all"),
    ("uri-reference", "/a/b", "\\\\a"),
    ("duration", "P1Y2M", "one year"),
    ("date-time", "2026-11-23T15:00:00Z", "yesterday"),
]

# Modules that are imported by an ordinary `import`: Python's own list has only those.
USED = {"jupyterlab.commands", "notebook.app", "jupytext", "jupyter_lsp.stdio"}
NOT_READ = {
    "lark",
    "rfc3987_syntax.syntax_helpers",
    "arrow.arrow",
    "requests.sessions",
    "httpx",
    "markdown_it.main",
    "mdit_py_plugins.front_matter.index",
    "dateutil.parser._parser",
    "IPython",
}


async def test_an_idle_server_does_not_read_what_it_does_not_use(lab):
    read = await lab.python(IDLE_START % sorted(USED | NOT_READ))
    assert set(read.split()) == USED


async def test_what_a_lab_reads_is_compiled_already(lab):
    assert await lab.python(COMPILED) == ""


async def test_everything_postponed_is_where_it_is_said_to_be(lab):
    await lab.run("env", "PYTHONPATH=/opt/nbh/lib", "python", "-m", "nbh_lab.check")


async def test_the_check_fails_when_a_name_has_gone(lab):
    program = (
        "import sys; sys.path.insert(0, '/opt/nbh/lib')\n"
        "from nbh_lab import check\n"
        "check.WHEN_USED = {'json': ('loads', 'gone')}\n"
        "print(check.missing())"
    )
    assert await lab.python(program) == "['json.gone']\n"


async def test_formats_are_still_checked(lab):
    answers = json.loads(await lab.python(FORMATS % json.dumps(CHECKED)))
    assert answers == {kind: [True, False] for kind, _, _ in CHECKED}


async def test_the_announcement_is_written_when_the_sockets_are_bound(
    podman_socket, lab_images, tmp_path
):
    """What the provisioner's readiness stands on: an event, and the next request is answered."""
    image = lab_images[1]
    async with labs.created(podman_socket, image, tmp_path / "lab") as new:
        with Inotify() as inotify:
            inotify.add_watch(tmp_path / "lab/runtime", Mask.CREATE | Mask.MOVED_TO)
            address = await new.start()
            async with asyncio.timeout(30):
                async for event in inotify:
                    if str(event.name).startswith("jpserver-"):
                        break
            assert await new.answers(address)


async def test_a_lab_starts_in_a_fraction_of_a_stock_start(podman_socket, lab_images, tmp_path):
    lean, stock = [], []
    for turn in range(4):
        for command, taken in ((labs.COMMAND, lean), (labs.STOCK, stock)):
            folder = tmp_path / f"{turn}{len(command[0])}"
            began = time.perf_counter()
            async with labs.running(podman_socket, lab_images[1], folder, command=command):
                taken.append(time.perf_counter() - began)
    assert statistics.median(lean) < 0.6 * statistics.median(stock), (lean, stock)
