"""What a forge sends is understood, and believed only if it is signed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbh_courses.hooks import forges
from tests.courses import forge

SECRET = "5" * 64


def heard(made):
    headers, body = made
    return {name.lower(): value for name, value in headers.items()}, body


@pytest.mark.parametrize("send", forge.ALL)
def test_a_signed_push_of_each_forge_is_believed_and_concerns_its_course(send):
    headers, body = heard(send(SECRET))
    assert forges.may_be_signed(headers)
    assert forges.is_authentic(headers, body, SECRET)
    assert forges.concerns(headers, body, "main", "")
    assert forges.concerns(headers, body, "", "main")


@pytest.mark.parametrize("send", forge.ALL)
def test_another_secret_is_not_believed(send):
    headers, body = heard(send("6" * 64))
    assert not forges.is_authentic(headers, body, SECRET)


@pytest.mark.parametrize("send", [f for f in forge.ALL if f is not forge.gitlab])
def test_a_body_that_was_changed_is_not_believed(send):
    headers, body = heard(send(SECRET))
    assert not forges.is_authentic(headers, body + b" ", SECRET)


@given(
    st.dictionaries(
        st.sampled_from((*forges._SIGNATURES, "x-gitlab-token")),
        st.text(st.characters(codec="latin-1"), max_size=80),
    ),
    st.binary(max_size=20),
)
def test_what_is_made_up_is_not_believed_and_breaks_nothing(headers, body):
    assert not forges.is_authentic(headers, body, SECRET)


def test_without_a_signature_nothing_is_believed_whatever_the_secret():
    assert not forges.may_be_signed({"x-github-event": "push"})
    assert not forges.is_authentic({}, b"{}", "")
    assert not forges.is_authentic({"x-hub-signature": "sha1=0"}, b"{}", SECRET)


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (forge.github(SECRET, {"zen": "Design for failure."}, "ping"), "ping"),
        (forge.github(SECRET, {"action": "opened"}, "issues"), "no push"),
        (forge.github(SECRET, forge.MAIN | {"ref": "refs/heads/draft"}), "another branch"),
        (forge.github(SECRET, forge.MAIN | {"ref": "refs/tags/main"}), "a tag of that name"),
        (forge.gitea(SECRET, forge.MAIN | {"ref": "refs/heads/x/main"}), "a longer name"),
        (forge.gitlab(SECRET, event="Tag Push Hook"), "a tag"),
        (forge.bitbucket(SECRET, "draft"), "another branch"),
    ],
)
def test_what_is_no_push_to_the_course_s_branch_is_no_news(made, why):
    headers, body = heard(made)
    assert not forges.concerns(headers, body, "main", "main"), why


def test_a_course_without_a_branch_follows_the_default_one_wherever_it_goes():
    renamed = {"ref": "refs/heads/trunk", "repository": {"default_branch": "trunk"}}
    headers, body = heard(forge.github(SECRET, renamed))
    assert forges.concerns(headers, body, "", "main")
    assert not forges.concerns(headers, body, "main", "main")


@given(st.binary(max_size=50) | st.sampled_from([b"[]", b"{}", b'{"ref": 3}', b'{"push": {}}']))
def test_a_signed_push_that_cannot_be_read_is_a_hint_all_the_same(body):
    assert forges.concerns({"x-github-event": "push"}, body, "main", "main")


def test_what_is_sent_again_has_the_same_name_under_whatever_id():
    headers, body = heard(forge.github(SECRET))
    first = forges.delivery(headers, "py", body)
    assert forges.delivery(headers | {"x-github-delivery": "another"}, "py", body) == first
    assert forges.delivery(headers, "ml", body) != first
    assert forges.delivery(headers, "py", body + b" ") != first


def test_gitlab_s_pushes_are_told_apart_by_its_own_id():
    names = {forges.delivery(*_split(forge.gitlab(SECRET, uuid=uuid))) for uuid in ("a", "b")}
    assert len(names) == 2


def _split(made):
    headers, body = heard(made)
    return headers, "py", body
