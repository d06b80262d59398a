"""The way of one click, through a real Traefik."""

PAGE = "text/html; charset=utf-8"


async def test_a_running_lab_is_redirected_to(site, provisioner, lab_server):
    lab = await provisioner.lab(lab_server.address)
    provisioner.opens(lab)
    async with site.client() as browser:
        answer = await browser.get(site.link())
        assert answer.status_code == 302
        where = answer.headers["location"]
        assert where == f"/{lab.capability}/notebooks/w1/n1.ipynb?course=py&student=ada"
        page = await browser.get(where)
    assert page.json()["name"] == "lab"
    assert page.json()["headers"]["authorization"] == f"token {lab.token}"
