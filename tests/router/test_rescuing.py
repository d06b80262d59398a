"""A student gets at their work when their lab does not serve it, and nobody else does."""

import base64
import contextlib
import io
import re
import zipfile

import pytest

from nbh_kit.consuming import consume
from nbh_kit.testing import eventually
from nbh_proto import (
    Answer,
    CommandDone,
    CommandFailed,
    FileFound,
    FilesFound,
    FindFiles,
    NotebookRead,
    ReadFile,
    ReadNotebook,
    Share,
    ShareFailed,
    ShareMade,
    ShowNotebook,
    StopLab,
    TroubleReported,
    names,
    now,
)
from nbh_proto.rescue import PIECE
from nbh_proto.streams import COMMANDS, EVENTS
from tests.router.world import BY_REFERER, PLATFORM

NAME = "5" * 32
FORMS = re.compile(r'action="(/-/rescue/[^"]+/(?:restart|read|report))"')


@pytest.fixture
def platforms():
    return PLATFORM + BY_REFERER


class Helper:
    """The provisioner's side."""

    def __init__(self, bus):
        self.bus = bus
        self.commands = []
        self.reports = []
        self.content = b"not much"
        self.files = {"w1/été.ipynb": b"{}"}
        self.left_out = ()
        self.fails = False
        self.saved_meanwhile = False

    async def carry_out(self, command):
        self.commands.append(command)
        answer: Answer
        match command:
            case StopLab() if self.fails:
                answer = CommandFailed(about=command.id, reason="expired")
            case StopLab():
                answer = CommandDone(about=command.id)
            case ShowNotebook() if self.fails:
                answer = ShareFailed(about=command.id, reason="unreadable")
            case ShowNotebook(course=course, student=student, notebook=notebook):
                of = {"course": course, "student": student, "notebook": notebook}
                share = Share(**of, name=NAME, at=now(), size=1)
                answer = ShareMade(about=command.id, share=share)
        await self.bus.answer(command.answer_to, answer)

    async def read(self, asked):
        if asked.notebook != "w1/été":
            return NotebookRead(reason="notebook-unknown")
        data = self.content[asked.offset : asked.offset + PIECE]
        version = f"{self.saved_meanwhile and asked.offset}"
        size = len(self.content)
        return NotebookRead(file="w1/été.ipynb", size=size, version=version, data=data)

    async def find(self, asked):
        assert (asked.course, asked.student) == ("py", "ada")
        found = [FileFound(path=p, size=0, changed=0) for p in self.files]
        return FilesFound(files=tuple(found), left_out=self.left_out)

    async def read_file(self, asked):
        content = self.files[asked.path]
        if content is None:
            return NotebookRead(reason="workspace-unusable")
        version = f"{self.saved_meanwhile and asked.offset}"
        data = content[asked.offset : asked.offset + PIECE]
        return NotebookRead(file=asked.path, size=len(content), version=version, data=data)

    async def hear(self, reported):
        self.reports.append(reported)


@pytest.fixture
async def helper(bus):
    made = Helper(bus)
    types = [StopLab, ShowNotebook]
    async with contextlib.AsyncExitStack() as stack:
        for each in (
            consume(bus, COMMANDS, "helper", types, made.carry_out),
            consume(bus, EVENTS, "helper-reports", [TroubleReported], made.hear),
            bus.answering(ReadNotebook, made.read),
            bus.answering(FindFiles, made.find),
            bus.answering(ReadFile, made.read_file),
        ):
            await stack.enter_async_context(each)
        yield made


async def led(browser, address, **headers):
    """The page that an address leads to: where it is, and what it says."""
    answer = await browser.get(address, headers=headers)
    assert answer.status_code == 303, answer.text
    here = answer.headers["location"]
    assert re.fullmatch(r"/-/rescue/[\w.-]+", here)
    return here, await browser.get(here, headers=headers)


def from_lab(lab, notebook="w1/été.ipynb"):
    return f"/-/lab/{lab.capability}/rescue?notebook={notebook}"


async def test_a_labs_own_page_leads_to_all_that_can_be_done(world, lab, helper):
    async with world.direct() as browser:
        _, page = await led(browser, from_lab(lab), **{"Accept-Language": "fr"})
    assert page.status_code == 200
    assert "Votre notebook est bloqué" in page.text
    assert "w1/été</p>" in page.text
    assert "Votre serveur de notebooks tourne" in page.text
    assert [form.rpartition("/")[2] for form in FORMS.findall(page.text)] == [
        "restart",
        "read",
        "report",
    ]
    assert helper.commands == []


async def test_an_ended_labs_page_still_leads_there_and_no_other_does(
    world, router, lab, helper, provisioner
):
    await provisioner.remove(lab)
    await eventually(lambda: not router.routes.capability_of("py", "ada"))
    async with world.direct() as browser:
        gone = await browser.get(
            f"/{lab.capability}/notebooks/w1/%C3%A9t%C3%A9.ipynb", headers={"Accept": "text/html"}
        )
        assert gone.status_code == 404
        link = re.search(r'href="(/-/lab/[^"]+)"', gone.text)
        assert link is not None
        _, page = await led(browser, link[1])
        assert "not running" in page.text
        assert "w1/été</p>" in page.text
        for stranger in (names.new_capability(), "123"):
            answer = await browser.get(f"/-/lab/{stranger}/rescue")
            assert answer.status_code == 404
            gone = await browser.get(f"/{stranger}/lab", headers={"Accept": "text/html"})
            assert "/rescue" not in gone.text


async def test_a_page_that_stands_for_a_silent_lab_leads_there(world, lab):
    asked = f"/-/silent/lab?url=%2F{lab.capability}%2Flab%2Ftree%2Fw1%2Fn1.md%3Fcourse%3Dpy"
    async with world.direct() as browser:
        page = await browser.get(asked, headers={"Accept": "text/html"})
        assert f'href="/-/lab/{lab.capability}/rescue?notebook=w1/n1.md"' in page.text
        page = await browser.get("/-/silent/lab?url=%2F123%2F", headers={"Accept": "text/html"})
        assert "/rescue" not in page.text


async def test_who_may_open_a_notebook_may_ask_for_help_with_it(world, lab, helper):
    async with world.direct() as browser:
        for link in (world.link(), world.link(workspace="git"), world.link(nonce="once")):
            _, page = await led(browser, f"/rescue{link}")
            assert "w1/n1</p>" in page.text
        again = await browser.get(f"/rescue{link}")
        assert again.status_code == 403, "it opens once"
        by_referer = "/rescue/ipythonExercice/py/w1/n1/ada"
        _, page = await led(browser, by_referer, Referer="https://www.fun-mooc.fr/x")
        assert "w1/n1</p>" in page.text
    assert helper.commands == []


async def test_nobody_else_is_let_in(world, lab, helper):
    link = world.link(student="eve")
    strangers = [
        "/rescue/notebookLazyCopy/py/w1/n1/ada",
        f"/rescue{link.replace('/eve?', '/ada?')}",
        f"/rescue{world.link(expires=1)}",
        "/-/rescue/x",
        "/-/rescue/x/notebook",
    ]
    async with world.direct() as browser:
        for address in strangers:
            assert (await browser.get(address)).status_code == 403
        assert (await browser.get("/rescue/py/w1")).status_code == 404
        assert (await browser.head(f"/rescue{world.link()}")).status_code == 405
        # a ticket is for one thing
        following = world.link(notebook="", action="stop")
        asked = await browser.get(
            following.partition("?")[0], headers={"Referer": "https://www.fun-mooc.fr/x"}
        )
        ticket = re.search(r'name="ticket" value="([^"]+)"', asked.text)
        assert ticket is not None
        assert (await browser.get(f"/-/rescue/{ticket[1]}")).status_code == 403
        here, _ = await led(browser, from_lab(lab))
        assert (await browser.get(here.replace("rescue", "access"))).status_code == 403


async def test_another_site_presses_no_button(world, lab, helper):
    async with world.direct() as browser:
        here, _ = await led(browser, from_lab(lab))
        for origin in ({}, {"Origin": "null"}, {"Origin": "https://evil.example"}):
            for deed in ("restart", "read", "report"):
                answer = await browser.post(f"{here}/{deed}", headers=origin)
                assert answer.status_code == 403
        assert (await browser.get(f"{here}/restart")).status_code == 404
    assert helper.commands == helper.reports == []


async def test_a_restart_stops_the_lab_and_opens_the_notebook_anew(
    world, lab, helper, provisioner
):
    own = {"Origin": world.origin}
    async with world.direct() as browser:
        here, _ = await led(browser, from_lab(lab))
        done = await browser.post(f"{here}/restart", headers=own)
        assert done.status_code == 303
        [stop] = helper.commands
        assert (stop.student, stop.generation, stop.reason) == ("ada", lab.generation, "asked")
        await browser.get(done.headers["location"])
        asked = await provisioner.hears()
        assert (asked.notebook, asked.student, asked.action) == ("w1/été", "ada", "open")
        helper.fails = True
        failed = await browser.post(f"{here}/restart", headers=own)
    assert failed.status_code == 503
    assert "could not be stopped" in failed.text


async def test_where_no_notebook_was_open_jupyter_is(world, lab, helper, provisioner):
    async with world.direct() as browser:
        here, page = await led(browser, f"/-/lab/{lab.capability}/rescue?notebook=../x")
        assert "/read" not in page.text
        done = await browser.post(f"{here}/restart", headers={"Origin": world.origin})
        await browser.get(done.headers["location"])
    asked = await provisioner.hears()
    assert (asked.notebook, asked.page) == ("", "lab")


async def test_work_is_downloaded_whole_however_large(world, lab, helper):
    helper.content = base64.b85encode(bytes(range(256))) * 4000
    assert len(helper.content) > 2 * PIECE
    async with world.direct() as browser:
        here, _ = await led(browser, from_lab(lab))
        got = await browser.get(f"{here}/notebook")
        assert got.content == helper.content
        assert got.headers["content-disposition"] == (
            "attachment; filename*=UTF-8''%C3%A9t%C3%A9.ipynb"
        )
        assert got.headers["content-type"] == "application/octet-stream"
        other, _ = await led(browser, from_lab(lab, "w9/n9"))
        missing = await browser.get(f"{other}/notebook")
    assert missing.status_code == 404
    assert "Nothing was saved of this notebook" in missing.text


async def test_what_is_saved_in_the_middle_is_no_download(world, lab, helper):
    helper.content = b"x" * (PIECE + 1)
    helper.saved_meanwhile = True
    async with world.direct() as browser:
        here, _ = await led(browser, from_lab(lab))
        with pytest.raises(Exception, match=r"incomplete|closed|disconnected"):
            await browser.get(f"{here}/notebook")


async def test_all_work_is_downloaded_as_one_archive(world, lab, helper):
    film = base64.b85encode(bytes(range(256))) * 4000
    helper.files |= {"a-film": film, "back\\slash": b"x", "gone": None}
    helper.left_out = ("out",)
    async with world.direct() as browser:
        here, page = await led(browser, from_lab(lab))
        assert f'href="{here}/work"' in page.text
        got = await browser.get(f"{here}/work", headers={"Accept-Language": "fr"})
        assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''py.zip"
        assert got.headers["content-type"] == "application/zip"
        with zipfile.ZipFile(io.BytesIO(got.content)) as archive:
            assert archive.testzip() is None
            assert archive.read("py/w1/été.ipynb") == b"{}"
            assert archive.read("py/a-film") == film
            assert archive.read("py/back_slash") == b"x"
            said = archive.read("py/pas-dans-cette-archive.txt").decode()
            assert len(archive.namelist()) == 4
        assert said.split("\n")[2:] == ["gone", "out", ""]
        assert "Ceci est à vous" in said
        assert (await browser.head(f"{here}/work")).status_code == 405
        helper.files = {}
        nothing = await browser.get(f"{here}/work")
    assert nothing.status_code == 404
    assert "no files in this course yet" in nothing.text


async def test_what_is_saved_while_an_archive_is_made_is_said_not_to_be_whole(world, lab, helper):
    helper.files = {"changes": b"x" * (PIECE + 1), "stays": b"y"}
    helper.saved_meanwhile = True
    async with world.direct() as browser:
        here, _ = await led(browser, from_lab(lab))
        got = await browser.get(f"{here}/work")
    with zipfile.ZipFile(io.BytesIO(got.content)) as archive:
        assert archive.read("py/stays") == b"y"
        assert "changes" in archive.read("py/not-in-this-archive.txt").decode()


async def test_a_notebook_is_read_as_a_page_for_oneself(world, lab, helper):
    own = {"Origin": world.origin}
    async with world.direct() as browser:
        here, page = await led(browser, from_lab(lab))
        share = world.config.origins.share
        assert f"form-action 'self' {share};" in page.headers["content-security-policy"]
        done = await browser.post(f"{here}/read", headers=own)
        assert done.status_code == 303
        assert done.headers["location"] == f"{share}/snapshots/{NAME}.html"
        helper.fails = True
        failed = await browser.post(f"{here}/read", headers=own)
    assert failed.status_code == 422
    assert "Download it instead" in failed.text
    assert {command.notebook for command in helper.commands} == {"w1/été"}


async def test_a_report_is_told_with_the_id_that_the_student_quotes(world, lab, helper):
    async with world.direct() as browser:
        here, _ = await led(browser, from_lab(lab))
        said = "words=rien+ne+va+plus+" + "%C3%A9" * 1000
        done = await browser.post(f"{here}/report", content=said, headers={"Origin": world.origin})
        assert done.status_code == 303
        page = await browser.get(done.headers["location"])
        quoted = re.search(r"quote <code>(\w+)</code>", page.text)
        assert quoted is not None
        await eventually(lambda: helper.reports)
        too_long = "words=" + "x" * 10_000
        done = await browser.post(
            f"{here}/report", content=too_long, headers={"Origin": world.origin}
        )
        assert done.status_code == 403
    [report] = helper.reports
    assert report.report == quoted[1]
    assert (report.course, report.student, report.notebook) == ("py", "ada", "w1/été")
    assert report.has_lab
    assert report.words.startswith("rien ne va plus é")
    assert len(report.words) == 600


async def test_a_page_goes_on_when_the_router_is_another_one(world, provisioner, helper):
    async with world.router():
        await world.ready(but=("traefik",))
        lab = await provisioner.lab("127.0.0.1:9")
        async with world.direct() as browser:

            async def is_known():
                return (await browser.get(from_lab(lab))).status_code == 303

            await eventually(is_known)
            here, _ = await led(browser, from_lab(lab))
    async with world.router():
        await world.ready(but=("traefik",))
        async with world.direct() as browser:
            assert (await browser.get(here)).status_code == 200
