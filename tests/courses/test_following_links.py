"""Links of a repository are followed in its own tree, never beyond."""

import pytest

from nbh_courses.nodes import File, Link, Submodule, follow

FILE = File(b"blob")
INNER = {"file": FILE, "up": Link(".."), "self": Link("self"), "out": Link("/etc")}
ROOT = {
    "inner": INNER,
    "file": FILE,
    "link": Link("inner/file"),
    "chain": Link("link"),
    "folder": Link("inner"),
    "module": Submodule(),
    **{f"hop{n}": Link(f"hop{n + 1}") for n in range(50)},
    "hop50": FILE,
}


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("file", FILE),
        ("./file", FILE),
        ("inner/file", FILE),
        ("inner//./file", FILE),
        ("inner/../file", FILE),
        ("link", FILE),
        ("chain", FILE),
        ("folder/file", FILE),
        ("folder/up/file", FILE),
        ("inner", INNER),
        ("folder/", INNER),
        (".", ROOT),
        ("hop15", FILE),
    ],
)
def test_what_lies_in_the_repository_is_found(target, found):
    hit = follow((ROOT,), target)
    assert hit is not None
    assert hit.node is found


@pytest.mark.parametrize(
    "target",
    [
        "",
        "none",
        "/file",
        "//file",
        "..",
        "../file",
        "inner/../../file",
        "inner/up/../file",
        "inner/out",
        "inner/out/passwd",
        "inner/self",
        "file/x",
        "file/..",
        "module",
        "module/x",
        "hop0",
    ],
)
def test_what_does_not_is_nowhere(target):
    assert follow((ROOT,), target) is None


def test_a_link_is_followed_from_where_it_lies():
    found = follow((ROOT, INNER), "../file")
    assert found is not None
    assert found.node is FILE
    assert follow((ROOT, INNER), "../../file") is None
