"""Who is let in, by which rule, and for what (S-1, S-30, S14, S-10)."""

import time
from urllib.parse import urlsplit

import pytest

from nbh_kit import links
from nbh_kit.config import from_tree
from nbh_kit.links import Link, Place, Refused, SigningKey
from nbh_proto import names
from nbh_router import address
from nbh_router.admission import Admission, admission

ORIGIN = "https://notebooks.example.org"
KEY = SigningKey(id="k", secret=b"s" * 32)
ADA = names.new_capability()
TREE = {
    "platform": [
        {"name": "moodle", "courses": ["py"], "keys": [{"id": "k", "secret": "s" * 32}]},
        {"name": "fun", "strategy": "referer", "hosts": ["fun-mooc.fr"], "courses": ["py", "old"]},
    ]
}
NOW = time.time()


@pytest.fixture
def door() -> Admission:
    labs = {("py", "ada"): ADA}
    return admission(from_tree(TREE), ORIGIN, lambda course, student: labs.get((course, student)))


def click(path="/notebookLazyCopy/py/n1/ada", query=""):
    return address.click(path.encode(), query.encode())


def signed(action="open", role="student", also="", **more):
    place = Place(**{"course": "py", "notebook": "n1", "student": "ada"} | more)
    link = Link(
        place=place, action=action, platform="moodle", role=role, expires=int(NOW) + 99, nonce="n"
    )
    url = urlsplit(links.sign(link, KEY))
    return click(url.path, (f"{also}=1&" if also else "") + url.query)


def refusal(door, click_, referer=""):
    with pytest.raises(Refused) as caught:
        door.admit(click_, referer, NOW)
    return caught.value.reason


def test_a_signed_link_enters_with_the_role_it_says(door):
    entered = door.admit(signed(role="teacher"), "", NOW)
    assert (entered.action, entered.role, entered.platform) == ("open", "teacher", "moodle")
    assert entered.nonce == "n"
    assert entered.sure


def test_a_signed_reset_is_sure_and_an_unsigned_one_is_not(door):
    for action, parameter in (("reset", "forcecopy"), ("undo", "undo")):
        done = door.admit(signed(action=action), "", NOW)
        assert (done.action, done.sure) == (action, True)
        done = door.admit(signed(action=action, also=parameter), "", NOW)
        assert (done.action, done.sure) == (action, True)
        asked = door.admit(signed(also=parameter), "", NOW)
        assert (asked.action, asked.sure) == (action, False)
    # what is signed for one is not for the other
    asked = door.admit(signed(action="undo", also="forcecopy"), "", NOW)
    assert (asked.action, asked.sure) == ("reset", False)


def test_a_signature_to_stop_opens_nothing(door):
    assert refusal(door, signed(action="stop")) == "scope"


def test_who_shows_a_signature_is_judged_by_it_alone(door):
    bad = click(query="action=open&signature=" + "0" * 64)
    assert refusal(door, bad, "https://fun-mooc.fr/") == "signature"
    assert refusal(door, bad, f"{ORIGIN}/{ADA}/lab") == "signature"


def test_a_lab_may_call_for_its_own_student(door):
    page = f"{ORIGIN}/{ADA}/notebooks/n1.ipynb?course=py&student=ada"
    opened = door.admit(click(), page, NOW)
    assert (opened.action, opened.sure, opened.role) == ("open", True, "student")
    reset = door.admit(click(query="forcecopy=true"), page, NOW)
    assert (reset.action, reset.sure) == ("reset", True)
    undone = door.admit(click(query="undo=true"), page, NOW)
    assert (undone.action, undone.sure) == ("undo", True)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(f"{ORIGIN}/{names.new_capability()}/lab", id="another lab's capability"),
        pytest.param(f"{ORIGIN}/{ADA[:-1]}{(int(ADA[-1]) + 1) % 10}/lab", id="one digit off"),
        pytest.param(f"{ORIGIN}/{ADA}", id="no slash after it"),
        pytest.param(f"{ORIGIN}/x/{ADA}/lab", id="not the first segment"),
        pytest.param(f"{ORIGIN}/?{ADA}/", id="in the query"),
        pytest.param(f"{ORIGIN}.evil.example/{ADA}/lab", id="a longer host"),
        pytest.param(f"https://evil.example/{ORIGIN}/{ADA}/lab", id="another origin"),
        pytest.param(f"http://notebooks.example.org/{ADA}/lab", id="another scheme"),
        pytest.param(f"{ORIGIN}:8443/{ADA}/lab", id="another port"),
        pytest.param(f"{ORIGIN}@evil.example/{ADA}/lab", id="as a user's name"),
        pytest.param(f"{ORIGIN}//{ADA}/lab", id="two slashes"),
    ],
)
def test_no_other_page_calls_for_a_student(door, page):
    assert refusal(door, click(query="forcecopy=true"), page) in ("capability", "referer")


def test_a_lab_may_not_call_for_another_student_or_course(door):
    page = f"{ORIGIN}/{ADA}/lab"
    assert refusal(door, click("/notebookLazyCopy/py/n1/eve"), page) == "capability"
    assert refusal(door, click("/notebookLazyCopy/old/n1/ada"), page) == "capability"


def test_the_legacy_rule_lets_students_in_and_asks_before_a_reset(door):
    opened = door.admit(click(), "https://lms.fun-mooc.fr/courses/x", NOW)
    assert (opened.role, opened.platform, opened.sure) == ("student", "fun", True)
    for query in ("forcecopy=1", "undo=1"):
        assert not door.admit(click(query=query), "https://fun-mooc.fr/", NOW).sure


def test_the_legacy_rule_keeps_to_its_courses(door):
    other = click("/notebookLazyCopy/secret/n1/ada")
    assert refusal(door, other, "https://fun-mooc.fr/") == "scope"


def test_without_the_legacy_rule_no_referer_lets_anybody_in():
    tree = {"platform": TREE["platform"][:1]}
    door = admission(from_tree(tree), ORIGIN, lambda course, student: None)
    assert refusal(door, click(), "https://fun-mooc.fr/") == "referer"
    assert refusal(door, click(), "") == "referer"
