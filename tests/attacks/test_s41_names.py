"""S-41: whatever is asked for, it is a plain path beneath the workspace, or it is refused."""

import os
import unicodedata
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nbh_proto import Course, names
from nbh_provisioner.files.failure import FilesError
from nbh_provisioner.files.workspace import Wanted, Workspaces
from nbh_provisioner.revision import Revisions
from tests.provisioner import world

ROOT = "/students/ada/python"

pieces = st.one_of(
    st.sampled_from(["..", ".", "", "~", "-rf", "/", "\\", "C:", "%2e%2e", "%252e", "\0", "\n"]),
    st.sampled_from(["w1", "n1", "n1.ipynb", "1.2-intro", "été", "été", "．．", "\u2024\u2024"]),
    st.text(max_size=12),
)
paths = st.lists(pieces, max_size=6).map("/".join)


@given(paths)
@example("../../etc/passwd")
@example("/etc/passwd")
@example("w1/../../x")
@example("a" * 5000)
def test_a_name_that_is_taken_is_a_normal_path_beneath_the_root(text):
    try:
        name = names.notebook(text)
    except names.BadName:
        return
    for candidate in names.candidates(name):
        joined = f"{ROOT}/{candidate}"
        assert os.path.normpath(joined) == joined
        assert os.path.commonpath([ROOT, os.path.normpath(joined)]) == ROOT
        assert "\0" not in candidate
    assert unicodedata.is_normalized("NFC", name)


@given(paths)
def test_a_name_is_never_decoded_again(text):
    encoded = quote(text, safe="")
    try:
        name = names.notebook(encoded)
    except names.BadName:
        return
    assert name == encoded or encoded.startswith(name)
    assert unquote(name) == unquote(encoded)[: len(unquote(name))]


@pytest.fixture
def site(tmp_path):
    """A course of one notebook, and a file outside that nobody may reach."""
    data = tmp_path / "data"
    world.publish(data, {"n1.ipynb": "original"})
    (tmp_path / "outside.ipynb").write_text("secret")
    return data


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(paths)
@example("../../../../outside")
def test_whatever_a_message_asks_for_nothing_outside_is_touched(site, text):
    # The provisioner parses names itself; this is about a message that nobody parsed.
    course = Course(course="python", giturl="x", image="x")
    wanted = Wanted("ada", Revisions(site / "courses").current(course), text)
    workspaces = Workspaces(site / "students", None)
    before = _outside(site)
    try:
        ready = workspaces.prepare(wanted)
    except FilesError:
        pass
    else:
        made = (site / "students/ada/python" / ready.notebook).resolve()
        assert made.is_relative_to(site / "students/ada/python")
    assert _outside(site) == before


def _outside(data: Path) -> set[str]:
    everywhere = {p for p in data.parent.rglob("*") if "students" not in p.parts}
    return {f"{p}={p.read_bytes()!r}" if p.is_file() else str(p) for p in everywhere}
