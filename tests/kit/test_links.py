"""The promises of signed launch links (S-30, S-31)."""

import time
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbh_kit import links
from nbh_kit.config import BadConfig, from_tree
from nbh_kit.links import (
    ONCE_SECONDS,
    REUSABLE_SECONDS,
    Link,
    Place,
    Refused,
    SigningKey,
    SigningPlatform,
)
from nbh_proto import names

NOW = 1_800_000_000
OLD = SigningKey(id="old", secret=b"o" * 32)
NEW = SigningKey(id="new", secret=b"n" * 32)
PLACE = Place(course="py", notebook="w1/n1", student="ada")
PLATFORMS = {
    "moodle": SigningPlatform(name="moodle", courses=("py", "data-*"), keys=(OLD, NEW)),
    "edx": SigningPlatform(
        name="edx", courses=("*",), keys=(SigningKey(id="e", secret=b"e" * 32),)
    ),
}


def link(**more):
    given = {"place": PLACE, "platform": "moodle", "expires": NOW + 60} | more
    return Link(**given)


def query_of(link_, key=NEW):
    return urlsplit(links.sign(link_, key)).query


def refusal(query, place=PLACE, now=NOW):
    with pytest.raises(Refused) as caught:
        links.verify(place, query, PLATFORMS, now)
    return caught.value.reason


def test_a_signed_link_says_what_was_signed():
    signed = link(action="reset", role="teacher", nonce="n-0_1")
    assert links.verify(PLACE, query_of(signed), PLATFORMS, NOW) == signed


def test_a_link_is_spelt_in_one_way():
    place = Place(course="py", notebook="w 1/élan", student="ada", workspace="git")
    url = links.sign(link(place=place, nonce="abc"), NEW)
    head, _, signature = url.rpartition("=")
    assert head == (
        "/notebookGitRepo/py/w%201/%C3%A9lan/ada?action=open&platform=moodle&role=student"
        f"&expires={NOW + 60}&nonce=abc&key=new&signature"
    )
    assert len(signature) == 64


def test_both_live_keys_are_believed_and_no_third():
    for key in (OLD, NEW):
        assert links.verify(PLACE, query_of(link(), key), PLATFORMS, NOW) == link()
    assert refusal(query_of(link(), SigningKey(id="older", secret=b"o" * 32))) == "signature"


def test_the_key_of_one_platform_signs_for_no_other():
    forged = query_of(link(platform="moodle"), SigningKey(id="new", secret=b"e" * 32))
    assert refusal(forged) == "signature"


@pytest.mark.parametrize(
    ("more", "after", "reason"),
    [
        pytest.param({"expires": NOW}, 0, "expired", id="just over"),
        pytest.param({"expires": NOW + 60}, 61, "expired", id="a second late"),
        pytest.param({"expires": NOW + REUSABLE_SECONDS + 1}, 0, "expired", id="lives too long"),
        pytest.param(
            {"expires": NOW + ONCE_SECONDS + 1, "nonce": "x"}, 0, "expired", id="once, too long"
        ),
        pytest.param({"platform": "nobody"}, 0, "platform", id="a platform nobody knows"),
    ],
)
def test_what_is_signed_but_not_now_or_not_by_us_is_refused(more, after, reason):
    assert refusal(query_of(link(**more)), now=NOW + after) == reason


def test_the_longest_lives_are_allowed():
    for more in (
        {"expires": NOW + REUSABLE_SECONDS},
        {"expires": NOW + ONCE_SECONDS, "nonce": "x"},
    ):
        assert links.verify(PLACE, query_of(link(**more)), PLATFORMS, NOW).expires > NOW


@pytest.mark.parametrize(
    ("course", "is_allowed"),
    [
        pytest.param("py", True, id="the bare word itself"),
        pytest.param("pyx", False, id="a bare word is no prefix"),
        pytest.param("xpy", False, id="a bare word is no part"),
        pytest.param("PY", False, id="case counts"),
        pytest.param("data-1", True, id="a pattern"),
        pytest.param("mydata-1", False, id="a pattern is anchored"),
    ],
)
def test_a_platform_speaks_for_its_own_courses(course, is_allowed):
    place = Place(course=course, notebook="w1/n1", student="ada")
    query = query_of(link(place=place))
    if is_allowed:
        assert links.verify(place, query, PLATFORMS, NOW).place == place
    else:
        assert refusal(query, place) == "scope"


@pytest.mark.parametrize(
    "other",
    [
        {"course": "data-1"},
        {"notebook": "w1/n2"},
        {"student": "eve"},
        {"workspace": "git"},
    ],
    ids=lambda other: f"other {next(iter(other))}",
)
def test_a_signature_holds_for_its_place_only(other):
    here = {"course": "py", "notebook": "w1/n1", "student": "ada"} | other
    assert refusal(query_of(link()), Place(**here)) == "signature"


def test_lines_cannot_be_shifted_into_one_another():
    # "a" signed before "b/c" is not "a/b" before "c", nor is any field the end of another.
    one = link(place=Place(course="py", notebook="a/b", student="c"))
    two = Place(course="py", notebook="a", student="b")
    assert refusal(query_of(one), two) == "signature"


def test_every_changed_byte_of_the_query_is_refused():
    query = query_of(link(nonce="abc"))
    for at in range(len(query)):
        for other in ("0", "f", "A", "&", "%", "=", " "):
            changed = query[:at] + other + query[at + 1 :]
            if changed != query:
                refusal(changed)
        refusal(query[:at] + query[at + 1 :])


def test_any_other_order_number_or_spelling_of_parameters_is_refused():
    query = query_of(link())
    parameters = query.split("&")
    for at in range(len(parameters)):
        without = parameters[:at] + parameters[at + 1 :]
        refusal("&".join(without))
        refusal("&".join([*parameters, parameters[at]]))
        refusal("&".join([parameters[at], *parameters]))
        for to in range(len(without) + 1):
            moved = [*without[:to], parameters[at], *without[to:]]
            if moved != parameters:
                refusal("&".join(moved))
    refusal(query + "&")
    refusal("&" + query)
    refusal(query + "&x=1")
    refusal(query.replace("moodle", "mood%6ce"))
    refusal(query.replace("moodle", "moodle+"))
    refusal(query.replace("&", ";"))
    refusal(query.upper())
    refusal(query + "\n")


def test_a_place_is_canonical_or_is_not():
    for odd in (
        {"notebook": "n1.ipynb"},
        {"notebook": "../n1"},
        {"notebook": "e\u0301lan"},
        {"student": "a/b"},
        {"course": "a\nb"},
    ):
        with pytest.raises(names.BadName):
            Place(**{"course": "py", "notebook": "n1", "student": "ada"} | odd)


def test_a_configuration_without_its_secret_is_refused():
    tree = {"platform": [{"name": "m", "keys": [{"id": "k", "secret": "too short"}]}]}
    with pytest.raises(BadConfig, match="32 characters"):
        links.signing_platforms(from_tree(tree).platform)


@given(st.one_of(st.text(max_size=8192), st.text("acinoplatfrm=&0123456789%", max_size=8192)))
@settings(max_examples=300, deadline=None)
def test_junk_is_refused_and_nothing_else_happens(junk):
    refusal(junk)


@pytest.mark.parametrize(
    "junk",
    [
        "a" * 8192,
        "&" * 8192,
        "action=open&platform=" + "a" * 8171,
        query_of(link()) + "0" * 7900,
        "action=open" * 744,
    ],
    ids=range(5),
)
def test_eight_kibibytes_of_junk_cost_less_than_a_millisecond(junk):
    best = min(_seconds(junk) for _ in range(5))
    assert best < 0.001


def _seconds(junk):
    began = time.perf_counter()
    refusal(junk)
    return time.perf_counter() - began
