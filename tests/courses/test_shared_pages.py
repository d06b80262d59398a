"""Pages that students share, as they are served: who has a link reads one, and nothing else."""

from pathlib import Path

import httpx2
import pytest

from tests.courses.people import House

NAME = "0123456789abcdef" * 2


@pytest.fixture
def snapshots(tmp_path):
    """One page, and what it is of."""
    folder = tmp_path / "snapshots"
    folder.mkdir()
    (folder / f"{NAME}.html").write_text("<p>été</p>")
    (folder / f"{NAME}.json").write_text('{"student": "ada"}')
    return folder


@pytest.fixture
async def browser(tmp_path, bus, snapshots):
    house = House(tmp_path, bus)
    transport = httpx2.ASGITransport(house.app)
    async with httpx2.AsyncClient(
        transport=transport, base_url=house.config.origins.share
    ) as client:
        yield client


async def test_a_page_is_there_for_who_has_its_link(browser):
    answer = await browser.get(f"/snapshots/{NAME}.html")
    assert (answer.status_code, answer.text) == (200, "<p>été</p>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_it_is_closed_in_and_framed_by_anybody(browser):
    headers = (await browser.get(f"/snapshots/{NAME}.html")).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts allow-popups")
    assert "allow-same-origin" not in policy
    assert "allow-top-navigation" not in policy
    assert "default-src 'none'" in policy
    assert "connect-src" not in policy
    assert "frame-ancestors *" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-robots-tag"] == "noindex"
    assert "set-cookie" not in headers


async def test_it_is_asked_for_again_and_gone_once_it_is_withdrawn(browser, snapshots):
    page = snapshots / f"{NAME}.html"
    first = await browser.get(f"/snapshots/{NAME}.html")
    assert first.headers["cache-control"] == "no-cache"
    known = {"If-None-Match": first.headers["etag"]}
    assert (await browser.get(f"/snapshots/{NAME}.html", headers=known)).status_code == 304
    newer = page.with_suffix(".part")
    newer.write_text("<p>new</p>")
    newer.replace(page)
    assert (await browser.get(f"/snapshots/{NAME}.html", headers=known)).text == "<p>new</p>"
    page.unlink()
    gone = await browser.get(f"/snapshots/{NAME}.html", headers=known)
    assert (gone.status_code, "no longer" in gone.text) == (404, True)


@pytest.mark.parametrize(
    "path",
    [
        "",
        f"{NAME}",
        f"{NAME}.json",
        f"{NAME[:-1]}0.html",
        f"{NAME.upper()}.html",
        f"{NAME}.html/",
        f"%2e%2e/snapshots/{NAME}.html",
        f"..%2fsnapshots%2f{NAME}.html",
        f"{NAME}.html%00",
        f"{NAME}.html%0a",
        ".making",
        ".making/x/page.html",
        "*.html",
    ],
)
async def test_nothing_else_is_there(browser, path):
    answer = await browser.get(f"/snapshots/{path}")
    assert answer.status_code == 404
    assert "ada" not in answer.text


async def test_what_is_no_file_is_not_there(browser, snapshots, tmp_path):
    (tmp_path / "secret").write_text("ada")
    (snapshots / f"{'1' * 32}.html").symlink_to(tmp_path / "secret")
    (snapshots / f"{'2' * 32}.html").mkdir()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for digit in "12":
        assert (await browser.get(f"/snapshots/{digit * 32}.html")).status_code == 404
    assert len(list(Path("/proc/self/fd").iterdir())) == before


async def test_nothing_is_changed_through_it(browser):
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert (await browser.request(method, f"/snapshots/{NAME}.html")).status_code == 405
