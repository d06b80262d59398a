"""S-18, the router's part: a lab's policy passes as it is; ours lets platforms frame us only."""

import pytest

from nbh_kit.testing import eventually
from tests.router.upstream import upstream
from tests.router.world import site


@pytest.fixture
async def running(tmp_path, nats_url, bus):
    async with site(tmp_path / "site", nats_url, bus) as (world, provisioner):
        yield world, provisioner


async def test_a_labs_content_security_policy_is_left_alone(running):
    world, provisioner = running
    async with upstream("lab") as server, world.client() as browser:
        lab = await provisioner.lab(server.address)
        answer = await _until_there(browser, f"/{lab.capability}/files/x.html")
        policies = answer.headers.get_list("content-security-policy")
    assert policies == ["frame-ancestors 'self'; sandbox allow-scripts"]


async def test_what_a_lab_says_beyond_its_own_path_does_not_leave_it(running):
    """S-17, and S-19's rule on what the browser tells other sites."""
    world, provisioner = running
    async with upstream("lab") as server, world.client() as browser:
        lab = await provisioner.lab(server.address)
        answer = await _until_there(browser, f"/{lab.capability}/lab")
        for header in (
            "set-cookie",
            "service-worker-allowed",
            "clear-site-data",
            "strict-transport-security",
        ):
            assert header not in answer.headers
        assert answer.headers["referrer-policy"] == "same-origin"
        cookies = {"Cookie": "staff=secret", "Authorization": "token mine"}
        seen = (await browser.get(f"/{lab.capability}/lab", headers=cookies)).json()["headers"]
    assert "cookie" not in seen
    assert seen["authorization"] == f"token {lab.token}"


async def test_our_own_pages_can_be_framed_by_platforms_only(running):
    world, provisioner = running
    provisioner.says("starting")
    async with world.client() as browser:
        pages = [
            await browser.get(path, headers={"Accept": "text/html"})
            for path in (world.link(), "/notebookLazyCopy/py/n1/ada", "/123/lab", "/nothing")
        ]
    assert [p.status_code for p in pages] == [200, 403, 404, 404]
    for page in pages:
        policy = page.headers["content-security-policy"]
        assert "frame-ancestors 'self' https://moodle.example.org" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["referrer-policy"] == "same-origin"
        assert "set-cookie" not in page.headers


async def _until_there(browser, path):
    async def there():
        answer = await browser.get(path)
        return answer if answer.status_code == 200 else None

    return await eventually(there)
