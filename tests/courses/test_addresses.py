"""Which URLs and branches are ever given to git (S-42)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbh_courses.addresses import checked_branch, checked_url, is_branch
from nbh_courses.failure import CourseError


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/flotpython/course",
        "https://github.com/flotpython/course.git",
        "https://forge.example.org:8443/~teacher/py+2.git",
        "ssh://git@forge.example.org:2222/group/course.git",
        "ssh://forge.example.org/course.git",
        "git@github.com:flotpython/course.git",
    ],
)
def test_urls_of_forges_are_taken(url):
    assert checked_url(url, local=False) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "-u",
        "--upload-pack=touch x",
        "http://github.com/a/b",
        "git://github.com/a/b",
        "ext::sh -c touch% x",
        "fd::17",
        "file:///etc",
        "/etc",
        "./course",
        "course",
        "~/course",
        "C:/course",
        "https://",
        "https:///course",
        "https://-host/course",
        "https://host",
        "https://user:secret@host/course",
        "https://token@host/course",
        "https://host/a b",
        "https://host/a\nb",
        "https://host/a\\b",
        "https://host/$(id)",
        "https://host/a?b=c",
        "https://host/a#b",
        "https://host/é",
        "https://hóst/a",
        "ssh://-oProxyCommand=x/a",
        "ssh://-u@host/a",
        "git@-host:a",
        "-u@host:a",
        "git@host:-a",
        "git@host::a",
        "git@host:a;id",
        "host:a",
        "https://host/" + "a" * 2000,
    ],
)
def test_everything_else_is_refused(url):
    with pytest.raises(CourseError) as refused:
        checked_url(url, local=False)
    assert refused.value.reason == "url-refused"
    assert refused.value.detail


@pytest.mark.parametrize("url", ["/srv/course.git", "file:///srv/a b/course.bundle", "/é"])
def test_files_are_taken_where_the_site_says_so(url):
    assert checked_url(url, local=True) == url
    with pytest.raises(CourseError, match=r"need courses\.local_urls"):
        checked_url(url, local=False)


@pytest.mark.parametrize("url", ["ext::/x", "course", "--x", "/a\nb", "file://host/a", "file:/x"])
def test_what_is_no_plain_path_is_refused_even_there(url):
    with pytest.raises(CourseError):
        checked_url(url, local=True)


@given(st.text(max_size=60))
def test_whatever_is_taken_begins_as_no_option_and_holds_no_space(url):
    try:
        checked_url(url, local=False)
    except CourseError:
        return
    assert url[0] not in "-:"
    assert url.isascii()
    assert not set(url) & set(" \t\r\n\0\\'\"`$;|&<>(){}[]!*?^")


@pytest.mark.parametrize(
    "branch", ["main", "2026/spring", "v1.2", "fix-#12", "a_b", "é".encode().hex()]
)
def test_branches_are_taken(branch):
    assert checked_branch(branch) == branch


def test_no_branch_stands_for_the_default_one():
    assert checked_branch("") == ""


@pytest.mark.parametrize(
    "branch",
    [
        "-x", "--all", "a..b", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b", "a\nb", "/a",
        "a/", "a//b", "a/.b", ".a", "a.", "a.lock", "a.lock/b", "@{u}", "a@{1}", "+a", "a" * 300,
    ],
)  # fmt: skip
def test_what_is_no_branch_or_more_than_one_is_refused(branch):
    assert not is_branch(branch)
    with pytest.raises(CourseError) as refused:
        checked_branch(branch)
    assert refused.value.reason == "branch-refused"
