"""What a course's nbhosting.yaml may say, and what happens when it says something else."""

import pytest

from nbh_courses import settings
from nbh_courses.settings import Settings

FILE = ".nbhosting/nbhosting.yaml"


def read(*texts: str | None):
    names = (FILE, "nbhosting/nbhosting.yaml")
    encoded = [None if text is None else text.encode() for text in texts]
    found = settings.read(list(zip(names, encoded, strict=False)))
    said = tuple(p.sentence for p in found.problems if p.level == "error")
    return found.settings._replace(declared=(), built=()), said


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("# nothing\n---\n", id="comments"),
        pytest.param("tracks: []\nbuilds: []\nhue: 7\n", id="other keys"),
        pytest.param("general:\n", id="nothing general"),
        pytest.param("general: {other: 1}\n", id="other general keys"),
    ],
)
def test_a_course_that_says_nothing_gets_the_defaults(text):
    assert read(text) == (Settings(), ())


def test_no_file_at_all_means_the_defaults():
    assert read() == (Settings((("media", "media"), ("data", "data")), "notebooks/{notebook}"), ())


def test_mappings_are_taken_as_declared():
    text = """
static-mappings:
- source: data
  destination: data
- {source: pics/, destination: media/small/}
"""
    found, problems = read(text)
    assert found.static_mappings == (("data", "data"), ("pics", "media/small"))
    assert problems == ()


@pytest.mark.parametrize("text", ["static-mappings: []", "static-mappings:"])
def test_a_course_can_have_no_mapping(text):
    assert read(text) == (Settings(static_mappings=()), ())


def test_two_files_are_joined_and_the_upper_one_has_the_last_word():
    below, above = (
        f"static-mappings: [{{source: {name}, destination: {name}}}]\n"
        f"general: {{notebook-url-format: '{way}/{{notebook}}'}}"
        for name, way in (("a", "x"), ("b", "y"))
    )
    found, problems = read(below, above)
    assert found == Settings((("a", "a"), ("b", "b")), "y/{notebook}")
    assert problems == ()


@pytest.mark.parametrize(
    ("format_", "taken"),
    [
        ("notebooks/{notebook}", "notebooks/{notebook}"),
        ("lab/tree/{notebook}", "lab/tree/{notebook}"),
        ("/edit/{notebook}?factory=Jupytext%20Notebook", None),
        ("/lab/tree/{notebook}", "lab/tree/{notebook}"),
    ],
)
def test_the_way_to_open_notebooks_can_be_chosen(format_, taken):
    found, problems = read(f"general: {{notebook-url-format: '{format_}'}}")
    assert found.notebook_url_format == (taken or format_.removeprefix("/"))
    assert problems == ()


@pytest.mark.parametrize(
    "format_",
    [
        "notebooks",
        "{notebook}{notebook}",
        "{notebook.__class__}",
        "a/{notebook}/{other}",
        "a/{{notebook}}",
        "//evil.example/{notebook}",
        "a//{notebook}",
        "https://evil.example/{notebook}",
        "javascript:{notebook}",
        "../{notebook}",
        "a/../{notebook}",
        "a/{notebook}/..",
        "a\\\\{notebook}",
        "a b/{notebook}",
        "a\\r\\nX: {notebook}",
    ],
)
def test_a_way_that_leads_out_of_the_lab_is_refused(format_):
    found, (problem,) = read(f'general: {{notebook-url-format: "{format_}"}}')
    assert found == Settings()
    assert problem.startswith(f"{FILE}:1: general: notebook-url-format: ")


@pytest.mark.parametrize(
    "entry",
    [
        "{source: a}",
        "{source: '', destination: a}",
        "{source: a/b, destination: a}",
        "{source: .., destination: a}",
        "{source: a, destination: ../a}",
        "{source: a, destination: /etc}",
        "{source: a, destination: a//b}",
        "{source: a, destination: ''}",
        '{source: "a\\0", destination: a}',
        "{source: 1, destination: a}",
        "text",
        "[a, b]",
    ],
)
def test_a_mapping_that_is_wrong_is_told_and_the_others_stand(entry):
    found, (problem,) = read(f"static-mappings: [{{source: ok, destination: ok}}, {entry}]")
    assert found.static_mappings == (("ok", "ok"),)
    assert problem.startswith(f"{FILE}:1: static-mappings: entry 2: ")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("a: [", "is no YAML: ", id="no YAML"),
        pytest.param("- a\n- b\n", "", id="a list"),
        pytest.param("text", "", id="a text"),
        pytest.param("a: \x07", "is no YAML", id="control characters"),
        pytest.param(
            "!!python/object/apply:os.system [id]", "expected keys and values", id="code"
        ),
        pytest.param(None, "is larger than", id="larger than it may be"),
        pytest.param("a: " + "[" * 10_000, "nested too deeply", id="nested without end"),
        pytest.param("{" * 40 + "}" * 40, "nested too deeply", id="nested mappings"),
        pytest.param("a: &x [1]\nb: [*x, *x]", "aliases", id="an alias"),
        pytest.param(
            "a0: &a0 {k: v}\n"
            + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 60)),
            ":2: aliases (*a0)",
            id="a bomb",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_told_and_the_defaults_stand(text, why):
    found, (problem,) = read(text)
    assert found == Settings()
    assert problem.startswith(f"{FILE}:")
    assert why in problem


def test_one_wrong_key_leaves_the_other():
    found, (problem,) = read(
        "static-mappings: 7\ngeneral: {notebook-url-format: 'tree/{notebook}'}"
    )
    assert found == Settings(notebook_url_format="tree/{notebook}")
    assert "static-mappings" in problem
