"""Staff, and a course's teachers, look at a student's notebook as a page made of it (S-16)."""

import re

import pytest

from nbh_kit.consuming import consume
from nbh_kit.testing import eventually
from nbh_proto import Answer, NotebookViewed, Share, ShareFailed, ShareMade, ShowNotebook, now
from nbh_proto.streams import COMMANDS, EVENTS
from tests.courses.people import House

NAME = "7" * 32
ASKED = {"course": "py", "student": "s.1", "notebook": "w1/intro.ipynb"}


@pytest.fixture
def house(tmp_path, bus):
    made = House(tmp_path, bus)
    for course in ("py", "ml"):
        made.course(course)
    return made


@pytest.fixture
async def asked(bus):
    """What the provisioner is asked; it knows the notebooks of one student."""
    heard = []

    async def show(command):
        heard.append(command)
        answer: Answer
        if command.student == "s.1":
            of = {"course": command.course, "student": "s.1", "notebook": command.notebook}
            answer = ShareMade(about=command.id, share=Share(**of, name=NAME, at=now(), size=1))
        else:
            answer = ShareFailed(about=command.id, reason="notebook-unknown")
        await bus.answer(command.answer_to, answer)

    async with consume(bus, COMMANDS, "provisioner", [ShowNotebook], show):
        yield heard


@pytest.mark.parametrize(("role", "courses"), [("staff", ()), ("teacher", ("py",))])
async def test_who_may_see_a_course_looks_and_that_is_recorded(house, asked, bus, role, courses):
    looks = []

    async def hear(event):
        looks.append(event)

    await house.add("ada", role=role, courses=courses)
    async with (
        consume(bus, EVENTS, "test", [NotebookViewed], hear),
        house.browser() as browser,
    ):
        await browser.signed_in("ada")
        page = await browser.get("/view?course=py&student=s.1&notebook=w1/intro")
        assert page.status_code == 200
        for value in ("py", "s.1", "w1/intro"):
            assert f'value="{value}"' in page.text
        shown = await browser.post("/view", data=ASKED)
        assert shown.status_code == 303
        share = house.config.origins.share
        assert shown.headers["location"] == f"{share}/snapshots/{NAME}.html"
        assert f"form-action 'self' {share};" in page.headers["content-security-policy"]
        await eventually(lambda: looks)
    [look] = looks
    said = (look.account, look.course, look.student, look.notebook)
    assert said == ("ada", "py", "s.1", "w1/intro")
    assert [command.notebook for command in asked] == ["w1/intro"]


async def test_a_teacher_looks_at_nothing_of_others_courses(house, asked):
    await house.add("bob", role="teacher", courses=("ml",))
    async with house.browser() as browser:
        await browser.signed_in("bob")
        assert (await browser.get("/view?course=py&student=s.1")).status_code == 403
        for course in ("py", "absent", "", "../ml"):
            answer = await browser.post("/view", data=ASKED | {"course": course})
            assert answer.status_code == 403
            assert "not yours" in answer.text
        elsewhere = await browser.post(
            "/view", data=ASKED | {"course": "ml"}, headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert elsewhere.status_code == 403
    assert asked == []


async def test_what_cannot_be_shown_is_said_in_words(house, asked):
    await house.add()
    async with house.browser(**{"Accept-Language": "fr"}) as browser:
        await browser.signed_in()
        cases = {
            ("student", "s.2"): (404, "n’a enregistré aucun notebook"),
            ("student", "<b>"): (422, "Aucun étudiant ne peut"),
            ("notebook", "../x"): (422, "Aucun notebook ne peut"),
            ("course", "a b"): (404, "Ce cours n’existe pas"),
            ("notebook", "x" * 9000): (413, "trop long"),
        }
        for (field, value), (status, words) in cases.items():
            answer = await browser.post("/view", data=ASKED | {field: value})
            assert answer.status_code == status
            assert words in answer.text
            assert not re.search(r"<b>", answer.text.replace("[<b>*</b>]", ""))
    assert [command.student for command in asked] == ["s.2"]


async def test_who_is_nobody_signs_in_first(house, asked):
    async with house.browser() as browser:
        answer = await browser.get("/view?course=py&student=s.1&notebook=w1/intro")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login?next=%2Fview%3Fcourse")
        assert (await browser.post("/view", data=ASKED)).headers["location"] == "/login"
    assert asked == []
