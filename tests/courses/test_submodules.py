"""Submodules: fetched where they are allowed, as plain files, and never anything of theirs."""

import msgspec
import pytest

from nbh_courses import submodules
from nbh_courses.nodes import Submodule
from tests.courses import git_server
from tests.courses.site import Site
from tests.courses.teacher import LESSON, LINK, SUBMODULE, Teacher, link

COURSE = "https://forge.example.org/group/course.git"
PIN = "a" * 40


def listed(url, path="lib"):
    return f"submodule.x.y.path\n{path}\0submodule.x.y.url\n{url}\0"


def judged(url, giturl=COURSE, *, local=False):
    return submodules.judge(
        {"lib": Submodule(bytes.fromhex(PIN))}, listed(url), giturl, local=local
    )


@pytest.mark.parametrize(
    ("url", "full"),
    [
        ("https://forge.example.org/other/lib", "https://forge.example.org/other/lib"),
        ("https://FORGE.example.org/lib", "https://FORGE.example.org/lib"),
        ("../lib.git", "https://forge.example.org/group/lib.git"),
        ("../../other/lib.git", "https://forge.example.org/other/lib.git"),
        ("./lib.git", "https://forge.example.org/group/course.git/lib.git"),
    ],
)
def test_one_at_the_course_s_own_forge_is_taken(url, full):
    assert judged(url) == (((("lib", full, PIN)),), ())


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example.org/lib",
        "https://forge.example.org.evil.org/lib",
        "https://user:secret@forge.example.org/lib",
        "ssh://git@forge.example.org/lib",
        "git@forge.example.org:lib",
        "http://forge.example.org/lib",
        "git://forge.example.org/lib",
        "ext::sh -c touch% x",
        "file:///etc",
        "/etc",
        "--upload-pack=x",
        "-u",
        "",
        "../../../../../../etc",
        "https://forge.example.org/lib\r",
    ],
)
def test_every_other_is_refused_and_told(url):
    wanted, problems = judged(url)
    assert wanted == ()
    assert len(problems) == 1
    assert problems[0].startswith("lib: the submodule is left out: ")


def test_a_file_is_taken_where_the_course_is_one_too_and_that_is_allowed():
    assert judged("/srv/lib", "/srv/course", local=True).wanted
    assert judged("../lib", "/srv/course", local=True).wanted[0].url == "/srv/lib"
    assert not judged("/srv/lib", "/srv/course", local=False).wanted
    assert not judged("/srv/lib", COURSE, local=True).wanted


def test_they_are_counted():
    root = {f"m{n}": Submodule(bytes.fromhex(PIN)) for n in range(30)}
    text = "".join(f"submodule.{n}.path\nm{n}\0submodule.{n}.url\n../l{n}\0" for n in range(30))
    found = submodules.judge(root, text, COURSE, local=False)
    assert (len(found.wanted), len(found.problems)) == (submodules.MOST, 30 - submodules.MOST)


def gitmodules(url, path="modules/lib"):
    return f'[submodule "lib"]\n\tpath = {path}\n\turl = {url}\n'


async def allowed(site, url, course="py"):
    """A course that may have submodules."""
    await site.create(url, course=course)
    place = site.shelf.place(course)
    place.remember(msgspec.structs.replace(place.record, submodules=True))


@pytest.fixture
def lib(open_folder):
    return Teacher(open_folder / "lib.git")


async def test_one_is_fetched_at_its_commit_as_ordinary_files(site, teacher, lib, tmp_path):
    pinned = lib.push({"tool.py": "OLD = 1\n", "w/n.md": "# in it\n"})
    lib.push({"tool.py": "NEW = 1\n"})
    teacher.push(LESSON)
    await allowed(site, teacher.url)
    files = {"modules/lib": (SUBMODULE, pinned), ".gitmodules": gitmodules("../lib.git")}
    teacher.push(LESSON | files)
    record = await site.pull()
    assert record.problems == ()
    assert site.served()["modules/lib/tool.py"] == b"OLD = 1\n"
    assert site.served()["notebooks/modules/lib/w/n.md"] == b"# in it\n"
    # students' clones see the course and nothing else
    mirror = site.shelf.place("py").mirror
    assert "nbh/" not in teacher.git("-C", str(mirror), "for-each-ref", "refs/heads")
    assert not (mirror / "shallow").exists()
    assert (await site.pull()).commit == record.commit


async def test_one_of_a_forge_is_fetched_over_https(tmp_path, bus, monkeypatch):
    folder = tmp_path / "repositories"
    lib, teacher = Teacher(folder / "lib.git"), Teacher(folder / "course.git")
    pinned = lib.push({"tool.py": "x"})
    teacher.push(LESSON)
    pem = git_server.certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "c.pem"))
    async with git_server.forge(folder, pem) as url:
        site = Site(tmp_path / "courses", bus, local=False)
        await allowed(site, f"{url}/course.git")
        files = {"modules/lib": (SUBMODULE, pinned), ".gitmodules": gitmodules("../lib.git")}
        teacher.push(LESSON | files)
        assert (await site.pull()).problems == ()
        assert site.served()["modules/lib/tool.py"] == b"x"
        await site.heads.close()


async def test_where_they_are_not_allowed_nothing_of_them_stays(site, teacher, lib):
    pinned = lib.push({"tool.py": "x"})
    files = {"modules/lib": (SUBMODULE, pinned), ".gitmodules": gitmodules("../lib.git")}
    teacher.push(LESSON)
    await allowed(site, teacher.url)
    teacher.push(LESSON | files)
    await site.pull()
    place = site.shelf.place("py")
    assert (place.folder / "submodules.git").exists()
    place.remember(msgspec.structs.replace(place.record, submodules=False))
    teacher.push(LESSON | files | {"n.md": "x"})
    record = await site.pull()
    assert record.problems == ("modules/lib: submodules are not fetched",)
    assert "modules/lib/tool.py" not in site.served()
    assert not (place.folder / "submodules.git").exists()


@pytest.mark.parametrize("url", ["../none.git", "ext::sh -c touch% ran", "https://x.invalid/l"])
async def test_one_that_fails_is_told_and_the_rest_is_published(site, teacher, url):
    teacher.push(LESSON)
    await allowed(site, teacher.url)
    files = {"modules/lib": (SUBMODULE, "1" * 40), ".gitmodules": gitmodules(url)}
    commit = teacher.push(LESSON | files)
    record = await site.pull()
    assert (record.commit, record.failure) == (commit, None)
    assert any(p.startswith("modules/lib: the submodule is left out") for p in record.problems)
    assert site.served()["notebooks/w1/first.md"] == b"# First\n"


async def test_those_of_a_submodule_are_not_fetched_and_its_links_stay_within(
    site, teacher, lib, open_folder
):
    inner = Teacher(open_folder / "inner.git")
    pinned = lib.push(
        {
            "inner": (SUBMODULE, inner.push({"x.py": "x"})),
            ".gitmodules": gitmodules("../inner.git", "inner"),
            "out.md": (LINK, b"../../../../../etc/passwd"),
            "home.md": link("../../README.md"),
            ".git2/x.md": "x",
        }
    )
    teacher.push(LESSON)
    await allowed(site, teacher.url)
    modules = gitmodules("../lib.git") + "[include]\n\tpath = /etc/passwd\n"
    teacher.push(LESSON | {"modules/lib": (SUBMODULE, pinned), ".gitmodules": modules})
    record = await site.pull()
    served = site.served()
    assert not any("x.py" in path or "passwd" in path for path in served)
    assert served["modules/lib/home.md"] == b"# A course\n"
    assert any("out.md: a link that leads out" in problem for problem in record.problems)


async def test_a_list_of_submodules_that_is_none_breaks_nothing_but_itself(site, teacher):
    teacher.push(LESSON)
    await allowed(site, teacher.url)
    commit = teacher.push(LESSON | {"lib": (SUBMODULE, PIN), ".gitmodules": "[[[ junk"})
    record = await site.pull()
    assert record.commit == commit
    assert record.problems
