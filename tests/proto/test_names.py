"""One parser for the names that people type."""

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbh_proto import names
from nbh_proto.names import BadName


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("w1/n1", "w1/n1"),
        ("w1/n1.ipynb", "w1/n1"),
        ("w1/n1.ipynb.ipynb", "w1/n1"),
        ("w1/n1.ipynb.ipynb.ipynb", "w1/n1.ipynb"),
        ("w1/n1.py", "w1/n1.py"),
        ("1.2-intro", "1.2-intro"),
        ("with space", "with space"),
        ("cafe\u0301", "caf\u00e9"),
    ],
)
def test_a_name_has_one_canonical_form(typed, name):
    assert names.notebook(typed) == name


@pytest.mark.parametrize(
    "typed",
    [
        "", ".ipynb", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "./a", ".git/config",
        "a/.ssh", "-rf", "a/-rf", "~root", "a\0b", "a\nb", "a\\b", "\udcff", "x" * 5000, "x" * 256,
        "a/" * 600 + "b", "\x7f", "..", ".",
    ],
)  # fmt: skip
def test_what_could_leave_the_workspace_is_no_name(typed):
    with pytest.raises(BadName):
        names.notebook(typed)


@given(st.text(max_size=60))
def test_no_accepted_name_leaves_its_folder(typed):
    try:
        name = names.notebook(typed)
    except BadName:
        return
    assert posixpath.normpath(posixpath.join("/w", name)) == f"/w/{name}"
    assert all(c.startswith(name.rsplit(".", 1)[0]) for c in names.candidates(name))


@given(st.from_regex(names.ID, fullmatch=True))
def test_an_id_and_its_token_name_each_other(id_):
    assert names.id_of(names.token(id_)) == id_
    assert "." not in names.token(id_)


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("n", ["n.py", "n.ipynb", "n.md"]),
        ("n.py", ["n.py", "n.ipynb"]),
        ("n.md", ["n.md"]),
        ("1.2-intro", ["1.2-intro.py", "1.2-intro.ipynb", "1.2-intro.md"]),
    ],
)
def test_files_are_looked_for_in_the_original_order(name, files):
    assert list(names.candidates(name)) == files


def test_a_capability_is_digits_and_never_the_same():
    some = {names.new_capability() for _ in range(1000)}
    assert len(some) == 1000
    assert all(names.CAPABILITY.fullmatch(c) for c in some)
