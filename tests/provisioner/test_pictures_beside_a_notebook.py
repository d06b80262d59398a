"""A page of a notebook has the pictures in it that lie beside the notebook, and nothing else."""

import json
import os

import pytest

from nbh_proto import Course
from nbh_provisioner.files import beside
from nbh_provisioner.revision import Revisions
from nbh_provisioner.shares import pictures
from nbh_provisioner.shares.page_maker import with_pictures
from tests.provisioner import world

PICTURE = "data:image/png;base64,AAAA"


@pytest.mark.parametrize(
    ("source", "name", "path"),
    [
        ("![a figure](media/fig.png)", "media/fig.png", "w1/media/fig.png"),
        ("![](../media/x.svg 'a title')", "../media/x.svg", "media/x.svg"),
        ("![](<my fig.png>) and [more](x.html)", "my fig.png", "w1/my fig.png"),
        ("![](my%20fig.PNG)", "my fig.PNG", "w1/my fig.PNG"),
        ("![](fig(1).jpeg)", "fig(1).jpeg", "w1/fig(1).jpeg"),
        ("[![été](été.png)](http://x.org/)", "été.png", "w1/été.png"),
        ("![a][fig]\n\n[fig]: media/fig.webp\n", "media/fig.webp", "w1/media/fig.webp"),
        ('<img width="3" src="a&amp;b.gif?v=2#x">', "a&b.gif", "w1/a&b.gif"),
        ("<IMG SRC = 'a b.png'/>", "a b.png", "w1/a b.png"),
        ('<img src="l\'image.png">', "l'image.png", "w1/l'image.png"),
        ("<img alt=x src=./plain.png>", "./plain.png", "w1/plain.png"),
    ],
)
def test_pictures_are_found_however_they_are_written(source, name, path):
    in_json = (json.dumps([source], ensure_ascii=is_ascii) for is_ascii in (True, False))
    for text in (source, *in_json):
        assert pictures.shown("w1/n1.ipynb", text.encode()) == {name: path}


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("![](../../../etc/passwd)", id="no picture"),
        pytest.param("![](../../bob/python/fig.png)", id="another's workspace"),
        pytest.param("![](a/../../../fig.png)", id="out and in"),
        pytest.param("![](%2e%2e/%2e%2e/fig.png)", id="out, in another spelling"),
        pytest.param("![](/home/jovyan/work/fig.png)", id="from the root"),
        pytest.param("![](//x.org/fig.png) ![](https://x.org/fig.png)", id="elsewhere"),
        pytest.param("![](file:fig.png) <img src='data:image/png;base64,x.png'>", id="a scheme"),
        pytest.param("![](attachment:fig.png)", id="within the notebook"),
        pytest.param("![](a%00.png)", id="no name"),
        pytest.param("open('fig.png') # fig.png", id="not shown"),
    ],
)
def test_what_is_not_beside_the_notebook_is_not_looked_for(source):
    assert pictures.shown("w1/n1.ipynb", source.encode()) == {}


def test_no_more_are_looked_for_than_a_person_looks_at():
    many = " ".join(f"![](fig{n}.png)" for n in range(2 * pictures.MOST))
    assert len(pictures.shown("n1.md", many.encode())) == pictures.MOST
    assert pictures.shown("n1.md", b"](" * 10**6 + b"\xff\\ud800.png") == {}


def test_a_page_has_those_that_fit_and_of_others_what_it_had():
    page = '<img alt="one" src="a&amp;b.png"/> <IMG src=other.png> <img src="late.png">'
    given = {"a&b.png": PICTURE, "other.png": "data:" + "x" * 400, "late.png": PICTURE}
    most = len(page) + 2 * len(PICTURE)
    made = with_pictures(page, given, most)
    assert made == (f'<img alt="one" src="{PICTURE}"/> <IMG src=other.png> <img src="{PICTURE}">')
    assert with_pictures(page, given, len(page)) == page


def test_a_name_is_replaced_where_a_picture_is_shown_and_nowhere_else():
    page = '<a href="a.png">a.png</a><script>x = "a.png"</script>&lt;img src="a.png"&gt;'
    assert with_pictures(page, {"a.png": PICTURE}, 10**6) == page


@pytest.fixture
def work(data):
    """The student's folder."""
    folder = data / "students/ada/python"
    (folder / "w1").mkdir(parents=True)
    return folder


@pytest.fixture
def read(data, work):
    """Reads a file as the student's lab has it, of a course with a static area."""
    world.publish(data, {"w1/n1.ipynb": "{}"}, static={"media/fig.png": "the course's"})
    mapped = (("media", "media"), ("w1/one.png", "media/fig.png"))
    course = Course(course="python", giturl="x", image="x", static_mappings=mapped)
    revision = Revisions(data / "courses").current(course)

    def read(path, most=100):
        root = os.open(work, os.O_RDONLY | os.O_DIRECTORY)
        try:
            return beside.read(root, path, revision, most)
        finally:
            os.close(root)

    return read


def test_a_file_of_the_students_is_read(read, work):
    (work / "w1/fig.png").write_text("mine")
    assert read("w1/fig.png") == b"mine"
    assert read("w1/fig.png", most=3) is None
    assert read("w1/absent.png") is None
    assert read("w1") is None


def test_behind_a_link_that_we_made_is_the_courses(read, work):
    (work / "w1/media").symlink_to("/home/jovyan/static/media")
    (work / "w1/one.png").symlink_to("/home/jovyan/static/media/fig.png")
    assert read("w1/media/fig.png") == b"the course's"
    assert read("w1/one.png") == b"the course's"
    assert read("w1/media/absent.png") is None
    assert read("media/fig.png") is None, "no link stands there"


@pytest.mark.parametrize(
    "target",
    ["/etc", "../../bob", "/proc/self/cwd", "/home/jovyan/static", "/home/jovyan/static/media/.."],
)
def test_behind_no_other_link_is_anything(read, work, data, target):
    (data / "students/bob").mkdir()
    for secret in (data / "students/bob/fig.png", data / "courses/python/revisions/c1/fig.png"):
        secret.write_text("secret")
    (work / "media").symlink_to(target)
    (work / "fig.png").symlink_to("media/fig.png")
    for path in ("media/fig.png", "media/media/fig.png", "fig.png", "media/passwd"):
        assert read(path) is None


def test_a_link_in_the_courses_own_files_leads_nowhere(read, work, data):
    static = data / "courses/python/revisions/c1/static/media"
    (static / "out").symlink_to("/etc")
    (work / "media").symlink_to("/home/jovyan/static/media")
    assert read("media/out/passwd") is None


def test_nobody_waits_for_a_pipe(read, work):
    os.mkfifo(work / "fig.png")
    assert read("fig.png") is None
