"""Other pages of Jupyter than notebooks (S15)."""

import msgspec
import pytest

from nbh_kit.testing import eventually
from nbh_router import address
from nbh_router.address import NoSuchAddress
from tests.router.world import COURSE


def forward(path, query=b""):
    return address.forward(f"/ipythonForward/py/ada/{path}".encode(), query)


@pytest.mark.parametrize(
    ("path", "query", "page"),
    [
        ("tree", b"", "tree"),
        ("tree/", b"", "tree"),
        ("lab/tree/w1/n%C3%A9.md", b"", "lab/tree/w1/n%C3%A9.md"),
        ("lab", b"reset&path=a%20b", "lab?reset&path=a%20b"),
        ("notebooks/w1/n1.ipynb", b"token=x&course=o&student=o&a=1", "notebooks/w1/n1.ipynb?a=1"),
        ("lab", b"%74oken=x", "lab"),
        ("lab/%252e%252e/x", b"", "lab/%252e%252e/x"),
        ("lab/a%3Fb%23c", b"", "lab/a%3Fb%23c"),
        ("lab", b"a=1&action=open&platform=p&signature=s", "lab?a=1"),
    ],
)
def test_a_page_is_asked_for_with_its_own_query(path, query, page):
    found = forward(path, query)
    assert (found.page, found.place.course, found.place.student) == (page, "py", "ada")
    assert found.place.notebook == ""


@pytest.mark.parametrize(
    "path",
    [
        "",
        "api/contents",
        "files/x",
        "terminals/1",
        "treehouse",
        "lab/../api",
        "lab/%2e%2e/api",
        "..%2fapi",
        "lab/%0a",
        "lab/%00",
        "%2flab",
        "lab/./x",
    ],
)
def test_no_other_page_may_be_asked_for(path):
    with pytest.raises(NoSuchAddress):
        forward(path)


def test_what_is_to_be_pulled_is_read_as_the_lab_will():
    url = b"repo=https%3A%2F%2Fgit.example.org%2Fpy&urlpath=lab"
    assert forward("git-pull", url).repository == "https://git.example.org/py"
    assert forward("git-pull", b"").repository == ""
    assert forward("lab", url).repository is None


@pytest.fixture
async def lab(site, provisioner, lab_server):
    made = await provisioner.lab(lab_server.address)
    provisioner.opens(made, "")
    return made


async def test_a_signed_link_opens_any_page_of_the_students_lab(site, provisioner, lab):
    link = site.link(notebook="", action="open")
    path, _, signed = link.partition("?")
    assert path == f"/ipythonForward/{COURSE}/ada"
    async with site.client() as browser:
        answer = await browser.get(f"{path}/lab/tree/w1?reset&token=x&{signed}")
    assert answer.status_code == 302
    assert answer.headers["location"] == (
        f"/{lab.capability}/lab/tree/w1?course={COURSE}&student=ada&reset"
    )
    (heard,) = provisioner.heard
    assert (heard.notebook, heard.page, heard.action) == ("", "lab/tree/w1", "open")


async def test_a_labs_own_page_opens_another(site, provisioner, lab):
    own = {"Referer": f"{site.origin}/{lab.capability}/notebooks/w1/n1.ipynb"}
    async with site.client(headers=own) as browser:
        answer = await eventually(lambda: _there(browser, "/ipythonForward/py/ada/tree"))
        assert answer.headers["location"].startswith(f"/{lab.capability}/tree?")
        other = await browser.get("/ipythonForward/py/bob/tree")
        assert other.status_code == 403


async def test_nobody_else_opens_one(site, provisioner, lab):
    for_a_notebook = site.link().partition("?")[2]
    to_stop = site.link(notebook="", action="stop").partition("?")[2]
    async with site.client() as browser:
        for query in ("", for_a_notebook, to_stop):
            answer = await browser.get(f"/ipythonForward/{COURSE}/ada/tree?{query}")
            assert answer.status_code == 403
        assert (await browser.head("/ipythonForward/py/ada/tree")).status_code == 405
        for path in ("api/contents", "lab/..%2fapi"):
            answer = await browser.get(f"/ipythonForward/{COURSE}/ada/{path}")
            assert answer.status_code == 404
    assert provisioner.heard == []


async def test_only_a_repository_that_the_course_allows_is_pulled(site, provisioner, lab):
    link = site.link(notebook="", action="open")
    path, _, signed = link.partition("?")
    async with site.client() as browser:
        for repo in ("https://evil.example/x", "", "https://git.example.org/py/../x"):
            answer = await browser.get(f"{path}/git-pull?repo={repo}&{signed}")
            assert answer.status_code == 403
        assert provisioner.heard == []
        answer = await browser.get(
            f"{path}/git-pull?repo=https%3A%2F%2Fgit.example.org%2Fpy.git&branch=main&{signed}"
        )
        assert answer.status_code == 302
        assert "/git-pull?course=" in answer.headers["location"]
        assert "branch=main" in answer.headers["location"]
        other = f"{path}/git-pull?repo=https://git.example.org/data&{signed}"
        assert (await browser.get(other)).status_code == 403
        held = await provisioner.courses.get("py")
        allowed = msgspec.structs.replace(
            held.value, git_pull=("https://git.example.org/data.git/",)
        )
        await provisioner.courses.update("py", allowed, held.revision)
        await eventually(lambda: _there(browser, other))


async def _there(browser, path):
    answer = await browser.get(path)
    return answer if answer.status_code == 302 else None
