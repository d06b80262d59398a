"""S-47: a documentation build is HTML that a course wrote: it reads and reaches nothing."""

import socket
import tempfile
from pathlib import Path

import pytest

from nbh_kit.testing import eventually
from tests.courses.service import Service
from tests.e2e.browser import browser

COMMIT = "c" * 40
HOSTILE = """<!doctype html><title>?</title><script type="module" src="told.mjs"></script>"""
TOLD = """
const tried = async (what) => {
  try { return String(await what()); } catch (e) { return e.name; }
};
const said = [self.origin, await tried(() => document.cookie), await tried(() => localStorage.x)];
for (const url of JSON.parse('%s'))
  said.push(await tried(async () => (await fetch(url, {credentials: "include"})).status));
said.push(await tried(async () => (await navigator.serviceWorker.register("told.mjs")).scope));
document.title = said.join(" ");
"""


@pytest.fixture
def open_folder():
    """Where the service's own user can read."""
    with tempfile.TemporaryDirectory(prefix="nbh-s47-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.browser
async def test_its_script_has_no_origin_no_storage_and_no_way_to_ours(
    tmp_path, open_folder, nats_url
):
    service = Service(open_folder, nats_url)
    service.serve_without_traefik()
    build = service.courses / "py" / "builds" / "doc" / COMMIT
    build.mkdir(parents=True)
    elsewhere = [f"http://{host}:{service.port}/hooks/py" for host in ("127.0.0.1", "localhost")]
    (build / "index.html").write_text(HOSTILE)
    (build / "told.mjs").write_text(TOLD % str(elsewhere).replace("'", '"'))
    url = f"http://share.localhost:{service.port}/builds/py/doc/{COMMIT}/"
    async with service.running(), browser(tmp_path / "profile") as chromium:
        await eventually(lambda: _listens(service.port), within=20)
        page = await chromium.new_page()
        await page.goto(url)
        await eventually(lambda: _told(page), within=20)
        origin, *others = (await page.title()).split(" ")
    assert origin == "null"
    assert others == ["SecurityError", "SecurityError", "TypeError", "TypeError", "SecurityError"]


async def _told(page):
    return await page.title() != "?"


def _listens(port):
    with socket.create_connection(("127.0.0.1", port)):
        return True
