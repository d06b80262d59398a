"""What a course's nbhosting.yaml says about tracks and builds"""

import pytest

from nbh_courses import leading, settings
from nbh_courses.settings import OPERATORS
from nbh_proto import Build

BELOW, ABOVE = ".nbhosting/nbhosting.yaml", "nbhosting/nbhosting.yaml"
NOTEBOOKS = (
    "README.md",
    "w1/w1-s1-c1.md",
    "w1/w1-s1-x1.md",
    "w1/w1-s2-c1.ipynb",
    "w2/w2-s1-c1.py",
    "w2/deep/er/n.md",
    "w10/n.md",
    ".hidden.md",
)


def read(below="", above="", local=""):
    layers = ((BELOW, below), (ABOVE, above), (OPERATORS, local))
    return settings.read([(name, text.encode()) for name, text in layers if text])


def track(id_, *patterns):
    sections = f"sections: [{{name: s, notebooks: [{', '.join(map(repr, patterns or ['*']))}]}}]"
    return f"{{id: {id_}, {sections}}}"


def tracks(*entries):
    return f"tracks: [{', '.join(entries)}]\n"


def ids(found):
    return [each.id for each in found]


def said(found):
    return [(p.level, p.sentence) for p in found.problems]


def test_lists_of_layers_are_joined_from_the_lowest_up():
    found = read(tracks(track("a"), track("b")), tracks(track("c")), tracks(track("d")))
    assert ids(found.settings.tracks) == ["a", "b", "c", "d"]
    assert said(found) == []


def test_of_a_filter_the_highest_stands():
    below = tracks(track("a"), track("b"), track("c")) + "tracks-filter: [a]"
    assert ids(read(below).settings.tracks) == ["a"]
    assert ids(read(below, "tracks-filter: [c, b]").settings.tracks) == ["b", "c"]
    assert ids(read(below, "", "tracks-filter: []").settings.tracks) == ["a", "b", "c"]


def test_no_build_is_left_by_a_filter_that_names_none():
    builds = "builds: [{name: a, script: x}, {name: b, script: x}]\n"
    found = read(builds, "", "builds-filter: [none]")
    assert found.settings.builds == ()
    assert said(found) == [
        ("warning", f"{OPERATORS}:1: builds-filter: entry 1: nothing has the id 'none'")
    ]


def test_values_of_the_highest_layer_stand():
    def way(to):
        return f"general: {{notebook-url-format: '{to}/{{notebook}}'}}"

    assert read(way("a"), way("b"), way("c")).settings.notebook_url_format == "c/{notebook}"
    assert read(way("a"), way("b"), "tracks: []").settings.notebook_url_format == "b/{notebook}"


def test_mappings_of_layers_are_joined_each_once():
    def mapping(name):
        return f"static-mappings: [{{source: {name}, destination: {name}}}]"

    found = read(mapping("a"), mapping("b"), mapping("a")).settings
    assert found.static_mappings == (("a", "a"), ("b", "b"))


def test_a_layer_that_cannot_be_read_leaves_the_others():
    found = read(tracks(track("a")), "tracks: [", tracks(track("b")))
    assert ids(found.settings.tracks) == ["a", "b"]
    ((_, sentence),) = said(found)
    assert sentence.startswith(f"{ABOVE}:2: is no YAML")


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("exercices & corrigés", "exercices-and-corrigés"),
        ("3. a / b", "3.-a-b"),
        ("R&D", "RandD"),
    ],
)
def test_an_id_that_is_missing_follows_from_the_name(name, id_):
    found = read(f"tracks: [{{name: '{name}', sections: []}}]")
    assert [(t.id, t.name) for t in found.settings.tracks] == [(id_, name)]


def test_two_tracks_of_one_id_are_told_and_the_first_stands():
    found = read(tracks("{id: a, name: one, sections: []}", "{id: a, name: two, sections: []}"))
    assert [t.name for t in found.settings.tracks] == ["one"]
    assert said(found) == [
        ("error", f"{BELOW}:1: tracks: entry 2: another one has the id 'a' already")
    ]


@pytest.mark.parametrize(
    ("text", "level", "sentence"),
    [
        ("tracks: 7", "error", "1: tracks: expected a list, got 7"),
        ("tracks:\n- 7", "error", "2: tracks: entry 1: expected keys and values, got 7"),
        ("tracks:\n- sections: []", "error", "2: tracks: entry 1: has neither a name nor an id"),
        ("tracks:\n- id: a", "error", "2: tracks: entry 1: sections is missing"),
        (
            "tracks:\n- id: a\n  sections:\n  - name: s",
            "error",
            "4: tracks: entry 1: sections: entry 1: notebooks is missing",
        ),
        (
            "tracks:\n- id: a\n  sections:\n  - notebooks: n.md",
            "error",
            "4: tracks: entry 1: sections: entry 1: notebooks: expected a list, got 'n.md'",
        ),
        (
            "tracks:\n- id: a\n  sections:\n  - notebooks:\n    - ../n.md",
            "error",
            "5: tracks: entry 1: sections: entry 1: notebooks: entry 1: "
            "'../n.md' is no path in the course",
        ),
        (
            "tracks:\n- id: a b\n  sections: []",
            "error",
            "2: tracks: entry 1: id: 'a b' cannot be an id: no blanks, none of / \\ : @ ? # %",
        ),
        (
            "tracks:\n- id: a\n  hue: 7\n  sections: []",
            "warning",
            "3: tracks: entry 1: hue: is not known",
        ),
        ("hue: 7", "warning", "1: hue: is not known"),
        ("track: []", "warning", "1: track: is not known; is tracks meant?"),
        ("tracks: []\ntracks: []", "warning", "1: 'tracks' is given twice: the last one counts"),
        ("general:\n  hue: 7", "warning", "2: general: hue: is not known"),
        ("builds:\n- script: x", "error", "2: builds: entry 1: name is missing"),
        (
            "builds:\n- name: a",
            "error",
            "2: builds: entry 1: has neither a script nor an external-url",
        ),
        (
            "builds:\n- name: a\n  script: x\n  hue: 7",
            "error",
            "4: builds: entry 1: hue: is not known",
        ),
        (
            "builds:\n- name: a\n  script: x\n  result_foldr: y",
            "error",
            "4: builds: entry 1: result_foldr: is not known; is result-folder meant?",
        ),
        (
            "builds:\n- name: a\n  script: x\n  directory: ../..",
            "error",
            "4: builds: entry 1: directory: '../..' is no path inside",
        ),
        (
            "builds:\n- name: a\n  script: x\n  id: a/b",
            "error",
            "4: builds: entry 1: id: 'a/b' cannot be an id: no blanks, none of / \\ : @ ? # %",
        ),
        (
            "builds:\n- name: é\n  script: x",
            "error",
            "2: builds: entry 1: 'é' is no id: ASCII letters, digits, _ . -",
        ),
        (
            "builds:\n- name: a\n  external-url: javascript:alert(1)",
            "error",
            "3: builds: entry 1: external-url: is no address that begins with http:// or https://",
        ),
        (
            "builds:\n- name: a\n  script: x\n  result-folder: a\n  result_folder: b",
            "error",
            "5: builds: entry 1: result_folder: is given twice",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_key_and_the_rest_stands(text, level, sentence):
    rest = "\nstatic-mappings: [{source: s, destination: s}]"
    found = read(text + rest)
    assert said(found) == [(level, f"{BELOW}:{sentence}")]
    assert found.settings.static_mappings == (("s", "s"),)


def test_a_section_whose_notebooks_have_a_typo_says_what_is_meant():
    found = read("tracks:\n- id: a\n  sections:\n  - notbooks: [n.md]")
    at = f"{BELOW}:4: tracks: entry 1: sections: entry 1"
    assert said(found) == [
        ("warning", f"{at}: notbooks: is not known; is notebooks meant?"),
        ("error", f"{at}: notebooks is missing"),
    ]


def test_an_unknown_key_spoils_that_build_only():
    found = read("builds: [{name: a, script: x, hue: 7}, {name: b, script: y}]")
    assert ids(found.settings.builds) == ["b"]


def test_a_build_is_taken_with_its_defaults_and_either_kind_of_key():
    found = read(
        "builds:\n- {name: My book, script: make}\n"
        "- {name: b, id: c, description: d, external-url: 'https://x.org/'}\n"
        "- {name: e, script: x, directory: d, result_folder: r, entry-point: e.html}\n"
    )
    assert found.settings.builds == (
        Build(id="My-book", name="My book", script="make"),
        Build(id="c", name="b", description="d", external_url="https://x.org/"),
        Build(
            id="e", name="e", script="x", directory="d", result_folder="r", entry_point="e.html"
        ),
    )
    assert said(found) == []


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("w1/*-c*.*", ["w1/w1-s1-c1.md", "w1/w1-s2-c1.ipynb"]),
        ("w1/w1-s1-[cx]1.md", ["w1/w1-s1-c1.md", "w1/w1-s1-x1.md"]),
        ("w1/w1-s2-c1", ["w1/w1-s2-c1.ipynb"]),
        ("w2/w2-s?-c1", ["w2/w2-s1-c1.py"]),
        ("w?/*.md", ["w1/w1-s1-c1.md", "w1/w1-s1-x1.md"]),
        ("**/n.md", ["w10/n.md", "w2/deep/er/n.md"]),
        ("w2/**/*", ["w2/deep/er/n.md", "w2/w2-s1-c1.py"]),
        ("README.md", ["README.md"]),
        ("./w1//w1-s1-c1.md", ["w1/w1-s1-c1.md"]),
        ("*.md", [".hidden.md", "README.md"]),
        ("readme.md", []),
        ("w1", []),
        ("w1/[", []),
    ],
)
def test_a_pattern_names_what_a_glob_of_a_folder_would(tmp_path, pattern, named):
    for path in NOTEBOOKS:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    globbed = sorted(p for p in tmp_path.glob(pattern) if p.is_file()) or sorted(
        p for p in tmp_path.glob(f"{pattern}.*") if p.is_file()
    )
    assert [str(p.relative_to(tmp_path)) for p in globbed] == named
    led = leading.lead(read(tracks(track("a", pattern))).settings.tracks, NOTEBOOKS)
    found = [n for t in led.tracks if t.id == "a" for s in t.sections for n in s.notebooks]
    assert found == named


def test_patterns_are_joined_in_their_order_and_each_notebook_is_there_once():
    wanted = read(tracks(track("a", "w2/*.py", "w1/*-x*", "w1/*"))).settings.tracks
    ((section,),) = (t.sections for t in leading.lead(wanted, NOTEBOOKS).tracks)
    assert section.notebooks == (
        "w2/w2-s1-c1.py",
        "w1/w1-s1-x1.md",
        "w1/w1-s1-c1.md",
        "w1/w1-s2-c1.ipynb",
    )


def test_what_leads_nowhere_is_told_and_not_shown():
    text = (
        "tracks:\n- id: a\n  sections:\n  - {name: one, notebooks: [README]}\n"
        "  - {name: two, notebooks: [nowhere]}\n- id: b\n  sections:\n  - notebooks: [w9/*]\n"
    )
    led = leading.lead(read(text).settings.tracks, NOTEBOOKS)
    assert [(t.id, [s.name for s in t.sections]) for t in led.tracks] == [("a", ["one"])]
    assert [p.sentence.removeprefix(f"{BELOW}:") for p in led.problems] == [
        "5: tracks: entry 1: sections: entry 2: notebooks: entry 1: 'nowhere' names no notebook",
        "8: tracks: entry 2: sections: entry 1: notebooks: entry 1: 'w9/*' names no notebook",
        "6: tracks: entry 2: has no notebook: it is not shown",
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="no file"),
        pytest.param("hue: 7", id="a file without tracks"),
        pytest.param("tracks: []", id="no track in the list"),
        pytest.param(tracks(track("a", "nowhere")), id="tracks without notebooks"),
        pytest.param(tracks(track("a")) + "tracks-filter: [b]", id="all filtered"),
    ],
)
def test_a_generic_track_stands_in_for_none(text):
    (only,) = leading.lead(read(text).settings.tracks, NOTEBOOKS).tracks
    assert (only.id, only.name) == ("generic", "generic")
    assert [(s.name, s.notebooks) for s in only.sections] == [
        (".", (".hidden.md", "README.md")),
        ("w1", ("w1/w1-s1-c1.md", "w1/w1-s1-x1.md", "w1/w1-s2-c1.ipynb")),
        ("w10", ("w10/n.md",)),
        ("w2", ("w2/w2-s1-c1.py",)),
        ("w2/deep/er", ("w2/deep/er/n.md",)),
    ]


def test_a_course_without_notebooks_has_no_track():
    assert leading.lead((), ()).tracks == ()


def test_patterns_made_to_take_for_ever_do_not():
    hostile = track("a", "**/" * 100 + "x", "*a" * 100 + "b", *(f"**/{n}*" for n in range(500)))
    many = [f"{'a' * 100}/{n}/aaaaaaaa.md" for n in range(2000)]
    led = leading.lead(read(tracks(hostile)).settings.tracks, many)
    assert any("too many patterns" in problem.what for problem in led.problems)
