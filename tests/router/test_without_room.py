"""What a student sees who has no room left: why, and a way to their files (S-35, R-15)."""

import msgspec

from nbh_proto import AccessDenied, AccessReady
from nbh_proto.workspace import Full

_FULL = Full(of="bytes", taken=2 * 1024**3, limit=1024**3)


async def test_who_has_no_room_for_a_notebook_is_led_to_their_files(site, provisioner, lab_server):
    lab = await provisioner.lab(lab_server.address)
    provisioner.script = [AccessDenied(about="", reason="disk-full", capability=lab.capability)]
    async with site.client() as browser:
        page = await browser.get(site.link())
        assert page.status_code == 503
        assert "There is no room for “w1/n1”" in page.text
        files = _there(page.text.split('href="')[1])
        assert files == f"/{lab.capability}/tree?course=py&student=ada"
        assert "/again" in page.text
        assert (await browser.get(files)).json()["name"] == "lab"


async def test_who_may_not_have_more_reads_how_much_they_have(site, provisioner, lab_server):
    lab = await provisioner.lab(lab_server.address)
    denied = AccessDenied(about="", reason="workspace-full", capability=lab.capability, full=_FULL)
    provisioner.script = [denied]
    async with site.client() as browser:
        page = (await browser.get(site.link())).text
        assert "2\u00a0GiB of 1\u00a0GiB" in page
        provisioner.script = [msgspec.structs.replace(denied, full=None)]
        assert "take all the room that they may" in (await browser.get(site.link())).text


async def test_who_has_no_room_left_is_told_before_the_notebook_opens(
    site, provisioner, lab_server
):
    lab = await provisioner.lab(lab_server.address)
    ready = AccessReady(about="", capability=lab.capability, notebook="w1/n1.ipynb", full=_FULL)
    provisioner.script = [ready]
    async with site.client() as browser:
        page = await browser.get(site.link())
        assert page.status_code == 200
        assert "You have no room left in “py”" in page.text
        where = [_there(part) for part in page.text.split('href="')[1:]]
        of = "course=py&student=ada"
        assert where == [
            f"/{lab.capability}/tree?{of}",
            f"/{lab.capability}/notebooks/w1/n1.ipynb?{of}",
        ]
        for url in where:
            assert (await browser.get(url)).json()["name"] == "lab"
        provisioner.script = [msgspec.structs.replace(ready, full=None)]
        assert (await browser.get(site.link())).status_code == 302


async def test_who_waits_on_the_progress_page_is_told_too(site, provisioner, lab_server):
    async with site.client() as browser:
        page = await browser.get(site.link())
        here = page.text.split('data-here="')[1].split('"')[0]
        lab = await provisioner.lab(lab_server.address)
        ready = AccessReady(about="", capability=lab.capability, notebook="n.md", full=_FULL)
        async with browser.stream("GET", f"{here}/events") as events:
            await provisioner.tell(ready)
            assert "event: over" in [line async for line in events.aiter_lines()]
        assert "You have no room left" in (await browser.get(here)).text


def _there(part):
    return part.split('"')[0].replace("&amp;", "&")
