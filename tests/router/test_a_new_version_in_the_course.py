"""A lab's page asks whether the course has a new version of its notebook, and keeps its own."""

from contextlib import AsyncExitStack

import pytest_asyncio

from nbh_kit.testing import eventually
from nbh_proto import FindOriginal, OriginalFound, OriginalPassedOver, PassOverOriginal


@pytest_asyncio.fixture
async def asked(bus):
    """The node n1 answers that there is a new one; what it was asked."""
    heard = []

    async def find(question):
        heard.append(question)
        return OriginalFound(is_new=True, text="# New\n")

    async def pass_over(question):
        heard.append(question)
        return OriginalPassedOver(done=True)

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(bus.answering(FindOriginal, find, node="n1"))
        await stack.enter_async_context(bus.answering(PassOverOriginal, pass_over, node="n1"))
        yield heard


async def answered(site, lab, method="GET", notebook="w1/n1.ipynb", **more):
    async with site.client() as browser:
        path = f"/-/lab/{lab.capability}/original"
        return await browser.request(method, path, params={"notebook": notebook}, **more)


async def is_known(site, lab):
    return (await answered(site, lab)).status_code == 200


async def test_a_page_hears_of_a_new_version_and_its_student_keeps_theirs(
    site, provisioner, asked
):
    lab = await provisioner.lab("127.0.0.1:9")
    await eventually(lambda: is_known(site, lab))
    found = await answered(site, lab)
    assert found.json() == {"is_new": True, "text": "# New\n"}
    assert found.headers["Cache-Control"] == "no-store"
    kept = await answered(site, lab, "POST", headers={"Origin": site.origin})
    assert kept.json() == {"done": True}
    last = asked[-1]
    assert isinstance(last, PassOverOriginal)
    assert (last.course, last.student, last.notebook) == (lab.course, "ada", "w1/n1")


async def test_nobody_else_asks(site, provisioner, asked):
    lab = await provisioner.lab("127.0.0.1:9")
    await eventually(lambda: is_known(site, lab))
    asked.clear()
    evil = await answered(site, lab, "POST", headers={"Origin": "https://evil.example"})
    assert evil.status_code == 403
    async with site.client() as browser:
        nobodys = await browser.get("/-/lab/1234567890/original", params={"notebook": "w1/n1"})
    assert nobodys.status_code == 404
    assert (await answered(site, lab, notebook="../../etc/passwd")).status_code == 404
    assert asked == []


async def test_while_the_node_is_away_the_page_hears_so(site, provisioner):
    lab = await provisioner.lab("127.0.0.1:9", node="n2")

    async def is_away():
        return (await answered(site, lab)).status_code == 503

    await eventually(is_away, within=20)
