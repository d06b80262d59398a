"""What a student sees who has no room left: why, and a way to their files (S-35, R-15)."""

from nbh_proto import AccessDenied


async def test_who_has_no_room_for_a_notebook_is_led_to_their_files(site, provisioner, lab_server):
    lab = await provisioner.lab(lab_server.address)
    provisioner.script = [AccessDenied(about="", reason="disk-full", capability=lab.capability)]
    async with site.client() as browser:
        page = await browser.get(site.link())
        assert page.status_code == 503
        assert "There is no room for “w1/n1”" in page.text
        files = page.text.split('href="')[1].split('"')[0].replace("&amp;", "&")
        assert files == f"/{lab.capability}/tree?course=py&student=ada"
        assert "/again" in page.text
        assert (await browser.get(files)).json()["name"] == "lab"
