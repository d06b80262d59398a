"""Which courses a person means, sizes and durations as they are typed, tables that fit."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbh_cli import output, patterns, units


@pytest.mark.parametrize("module", [patterns, units])
def test_what_the_examples_say_is_true(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ([], ["py", "py-adv", "r", "stats.py"]),
        (["*"], ["py", "py-adv", "r", "stats.py"]),
        (["py*"], ["py", "py-adv"]),
        (["*py"], ["py", "stats.py"]),
        (["[a-r]*"], ["py", "py-adv", "r"]),
        (["adv"], ["py-adv"]),
        (["py"], ["py"]),
        (["tat", "r"], ["r", "stats.py"]),
        (["P*"], []),
        (["java"], []),
    ],
)
def test_a_word_is_a_name_or_a_pattern_or_a_part(words, meant):
    assert patterns.meant(["stats.py", "r", "py-adv", "py"], words) == meant


@given(st.text(), st.text())
def test_no_word_is_too_odd(name, word):
    assert patterns.meant([name], [word]) in ([], [name])


@pytest.mark.parametrize("text", ["", "G", "-1G", "1e9", "1 Q", "∞", "1,5G"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ValueError, match="is no size; write 512M"):
        units.size(text)


@pytest.mark.parametrize("text", ["", "2", "h", "-1h", "2 weeks"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="is no duration; write 90s"):
        units.seconds(text)


ROWS = [
    {"course": "python", "image": "i" * 30, "trouble": "", "giturl": "u" * 60},
    {"course": "r", "image": "i", "trouble": "", "giturl": "u"},
]


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (None, ["course", "image", "giturl"]),
        (80, ["course", "image", "giturl"]),
        (79, ["course", "image"]),
        (37, ["course"]),
        (3, ["course"]),
    ],
)
def test_a_narrow_terminal_goes_without_what_matters_least(width, shown):
    columns = ["course", "image", "trouble", "giturl"]
    assert output.fitting(ROWS, columns, ["giturl", "image"], width) == shown
