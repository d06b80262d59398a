"""Documentation builds as they are served: what is there, and nothing else."""

import os
from pathlib import Path

import httpx2
import pytest

from nbh_courses.app import app
from nbh_courses.built_pages import BuiltPages
from nbh_courses.hooks.receiving import Hooks
from nbh_courses.hooks.secrets import HookSecrets
from nbh_courses.shared_pages import SharedPages
from nbh_courses.shelf import Shelf
from nbh_kit.settings import Origins
from tests.courses.people import House

COMMIT = "c" * 40
PAGES = {
    "index.html": "<h1>A course</h1>",
    "a/index.html": "<p>a</p>",
    "a/style.css": "p {}",
    "b/n.txt": "é",
    "data.tar.gz": "x",
    "font.woff2": "x",
    "m.mjs": "1",
    "odd": "x",
    "déjà vu.html": "x",
}


@pytest.fixture
def build(tmp_path):
    """One build of one commit, which is the latest."""
    folder = tmp_path / "py" / "builds" / "doc" / COMMIT
    for path, text in PAGES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder.parent / "latest").symlink_to(COMMIT)
    return folder


@pytest.fixture
async def browser(tmp_path, bus, build):
    shelf = Shelf(tmp_path)
    hooks = Hooks(shelf, HookSecrets(shelf), bus, lambda _: None)
    served = app(
        hooks,
        BuiltPages(tmp_path),
        SharedPages(tmp_path / "snapshots"),
        House(tmp_path, bus).doors,
        Origins(),
    )
    transport = httpx2.ASGITransport(served)
    async with httpx2.AsyncClient(transport=transport, base_url=Origins().share) as client:
        yield client


@pytest.mark.parametrize("at", [COMMIT, "latest"])
async def test_every_file_is_served(browser, at):
    for path, text in PAGES.items():
        answer = await browser.get(f"/builds/py/doc/{at}/{path}")
        assert (answer.status_code, answer.text) == (200, text), path


async def test_a_folder_is_its_index_and_nothing_else(browser):
    assert (await browser.get("/builds/py/doc/latest/")).text == PAGES["index.html"]
    assert (await browser.get("/builds/py/doc/latest/a/")).text == PAGES["a/index.html"]
    for path in ("latest", "latest/a", f"{COMMIT}/b"):
        answer = await browser.get(f"/builds/py/doc/{path}")
        assert answer.status_code == 307
        assert answer.headers["location"] == f"/builds/py/doc/{path}/"
    assert (await browser.get("/builds/py/doc/latest/b/")).status_code == 404
    for path in ("/builds/", "/builds/py/", "/builds/py/doc/", "/builds/py/doc"):
        assert (await browser.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("path", "type_"),
    [
        ("", "text/html; charset=utf-8"),
        ("a/style.css", "text/css; charset=utf-8"),
        ("b/n.txt", "text/plain; charset=utf-8"),
        ("m.mjs", "text/javascript; charset=utf-8"),
        ("font.woff2", "font/woff2"),
        ("data.tar.gz", "application/octet-stream"),
        ("odd", "application/octet-stream"),
    ],
)
async def test_a_file_has_the_type_of_its_name(browser, path, type_):
    answer = await browser.get(f"/builds/py/doc/latest/{path}")
    assert answer.headers["content-type"] == type_
    assert "content-encoding" not in answer.headers


async def test_a_commit_stays_for_ever_and_the_latest_is_asked_for_again(browser, build):
    kept = await browser.get(f"/builds/py/doc/{COMMIT}/")
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    latest = await browser.get("/builds/py/doc/latest/")
    assert latest.headers["cache-control"] == "no-cache"
    known = {"If-None-Match": f'"x", W/{latest.headers["etag"]}'}
    same = await browser.get("/builds/py/doc/latest/", headers=known)
    assert (same.status_code, same.content) == (304, b"")
    newer = build.parent / ("d" * 40)
    newer.mkdir()
    (newer / "index.html").write_text(PAGES["index.html"])
    os.utime(newer / "index.html", ns=(0, (build / "index.html").stat().st_mtime_ns))
    (build.parent / "latest").unlink()
    (build.parent / "latest").symlink_to(newer.name)
    assert (await browser.get("/builds/py/doc/latest/", headers=known)).status_code == 200


async def test_parts_of_a_film_can_be_asked_for(browser):
    answer = await browser.get("/builds/py/doc/latest/", headers={"Range": "bytes=4-5"})
    assert (answer.status_code, answer.text) == (206, "A ")


async def test_no_link_is_followed(browser, build, tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "index.html").write_text("secret")
    (build / "file").symlink_to(tmp_path / "secret" / "index.html")
    (build / "folder").symlink_to(tmp_path / "secret")
    (build / "inner").symlink_to("a")
    (build.parent / ("e" * 40)).symlink_to(tmp_path / "secret")
    paths = (f"{COMMIT}/file", f"{COMMIT}/folder/", f"{COMMIT}/inner/", "e" * 40 + "/")
    for path in paths:
        assert (await browser.get(f"/builds/py/doc/{path}")).status_code == 404, path
    for target in ("../../../secret", str(tmp_path / "secret"), f"../doc/{COMMIT}", "", "."):
        (build.parent / "latest").unlink()
        (build.parent / "latest").symlink_to(target or "latest")
        assert (await browser.get("/builds/py/doc/latest/")).status_code == 404, target


@pytest.mark.parametrize(
    "path",
    [
        "py/doc/index.html",
        "py/doc/latest/%2e%2e/%2e%2e/%2e%2e/course.json",
        "py/doc/latest/..%2f..%2f..%2fcourse.json",
        "py/doc/latest//etc/passwd",
        "py/doc/latest/%2fetc/passwd",
        "py/doc/latest/%00",
        "py/doc/latest/a%00b",
        "py/doc/latest/" + "a" * 300,
        "py/doc/latest/" + "a/" * 500,
        "py/doc/latest/index.html/",
        "py/doc/latest/index.html/x",
        "py/doc/none/",
        "py/none/latest/",
        "none/doc/latest/",
        "%2e%2e/doc/latest/",
        "py/%2e%2e/latest/",
        "py/doc/../",
        "py/doc/%2e%2e/",
    ],
)
async def test_nothing_else_is_there(browser, build, path):
    (build.parents[2] / "course.json").write_text("secret")
    answer = await browser.get(f"/builds/{path}")
    assert answer.status_code == 404
    assert b"secret" not in answer.content


async def test_a_pipe_keeps_nobody_waiting(browser, build):
    os.mkfifo(build / "pipe")
    assert (await browser.get(f"/builds/py/doc/{COMMIT}/pipe")).status_code == 404


async def test_descriptors_are_closed(browser, build):
    await browser.get("/builds/py/doc/latest/")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for path in ("", "a", "b/", "none", "a/style.css"):
        for headers in ({}, {"If-None-Match": "*"}, {"Range": "bytes=0-0"}):
            await browser.get(f"/builds/py/doc/latest/{path}", headers=headers)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


async def test_nothing_is_changed_through_it(browser):
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert (await browser.request(method, "/builds/py/doc/latest/")).status_code == 405
