"""What a course says to JupyterLab and Notebook becomes its students' defaults."""

import msgspec
import pytest

from nbh_courses import front_end
from nbh_courses.front_end import MAX_BYTES, OVERRIDES

TRACKER = "jupyter/lab/user-settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings"


def defaults(files):
    overrides, problems = front_end.read(files)
    assert problems == ()
    return msgspec.json.decode(overrides)


def test_a_course_that_says_nothing_has_no_file():
    assert front_end.read({}) == (None, ())


def test_what_a_course_says_for_all_plugins_stands_over_a_plugins_own_file():
    said = {TRACKER: b'{"a": 1, "b": {"c": 1, "d": 1}}'}
    over = {OVERRIDES: b'{"@jupyterlab/notebook-extension:tracker": {"b": {"c": 2}}}'}
    assert defaults(over | said) == {
        "@jupyterlab/notebook-extension:tracker": {"a": 1, "b": {"c": 2, "d": 1}}
    }


def test_comments_and_trailing_commas_are_read_as_jupyterlab_reads_them():
    text = b"// Notebook\n{ /* x */ 'a': [1, 2,], }"
    assert defaults({TRACKER: text}) == {"@jupyterlab/notebook-extension:tracker": {"a": [1, 2]}}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"{", id="cut off"),
        pytest.param(b"[1]", id="no object"),
        pytest.param(b"\xff\xfe", id="not UTF-8"),
        pytest.param(b'{"a": ' + b"[" * 20_000, id="nested without end"),
        pytest.param(b'{"a": 1, "a": 2}', id="a key twice"),
        pytest.param(None, id="too large"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_and_the_others_stand(text):
    other = TRACKER.replace("tracker", "other")
    overrides, (problem,) = front_end.read({TRACKER: text, other: b'{"a": 1}'})
    assert problem.sentence.startswith("lab/user-settings/@jupyterlab/notebook-extension/tracker")
    assert msgspec.json.decode(overrides) == {"@jupyterlab/notebook-extension:other": {"a": 1}}


@pytest.mark.parametrize(
    ("path", "is_read"),
    [
        (OVERRIDES, True),
        (TRACKER, True),
        ("jupyter/lab/user-settings/own/plugin.jupyterlab-settings", True),
        ("jupyter/lab/user-settings/plugin.jupyterlab-settings", False),
        ("jupyter/lab/workspaces/x.jupyterlab-workspace", False),
        ("static/" + TRACKER, False),
    ],
)
def test_only_settings_of_the_front_end_are_read(path, is_read):
    assert front_end.concerns(path) is is_read


def test_the_largest_file_is_read_in_a_moment():
    text = b'{"a": "' + b"x" * (MAX_BYTES - 10) + b'"}'
    assert front_end.read({TRACKER: text}).problems == ()
