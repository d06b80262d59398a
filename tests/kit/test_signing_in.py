"""Back to where somebody wanted to go, and nowhere else (no open redirect)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbh_kit import signing_in
from nbh_kit.signing_in import HOME


@pytest.mark.parametrize(
    "target", ["/", "/a", "/stats/py?from=2026-01-01&to=now", "/a%20b/%C3%A9", "/a//b", "/loginx"]
)
def test_a_path_of_ours_is_gone_to(target):
    assert signing_in.inside(target) == target


@pytest.mark.parametrize(
    "target",
    [
        "",
        "a",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        " //evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: x=y",
        "/a\\b",
        "/é",
        "/" + "x" * 1024,
        "/login",
        "/login?next=/login",
        "/logout",
    ],
)
def test_nowhere_else(target):
    assert signing_in.inside(target) == HOME


@given(st.text(alphabet=st.sampled_from("/\\.:@?#%\t\n a"), max_size=8))
def test_no_browser_reads_another_host_in_it(target):
    # WHATWG URL: tabs and line feeds go, backslashes are slashes, two slashes begin a host
    read = signing_in.inside(target + "evil.example")
    for gone in "\t\n\r":
        read = read.replace(gone, "")
    assert read.startswith("/")
    assert not read.replace("\\", "/").startswith("//")


@pytest.mark.parametrize(
    ("path", "query", "way"),
    [
        ("/dashboard/", "", "/login"),
        ("/account", "", "/login?next=%2Faccount"),
        ("/stats/é", "a=b&c=%20", "/login?next=%2Fstats%2F%25C3%25A9%3Fa%3Db%26c%3D%2520"),
        ("//evil.example", "", "/login"),
    ],
)
def test_the_way_in_leads_back(path, query, way):
    assert signing_in.way_in(path, query) == way
