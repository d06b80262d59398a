"""Public courses made for nbhosting, commit by commit: what is published is what was pushed.

They are other people's work and are not in this repository: bundles of them are looked for in the
folder that NBH_SHARED_COURSES names, else in ``shared/courses`` beside the checkout.
"""

import contextlib
import hashlib
import os
from pathlib import Path
from posixpath import normpath

import jupytext
import pytest
import yaml

from nbh_kit.buckets import Bucket
from nbh_proto import CourseIndex
from nbh_proto.names import NOTEBOOK_SUFFIXES
from tests.conftest import REPOSITORY
from tests.courses.site import MIB, Site
from tests.courses.teacher import EXECUTABLE, FILE, FOLDER, LINK, Teacher

SHARED = Path(os.environ.get("NBH_SHARED_COURSES", REPOSITORY.parent / "shared" / "courses"))


def bundle(name: str) -> Path:
    found = SHARED / f"{name}.bundle"
    if not found.exists():
        pytest.skip(f"{found} is not there (NBH_SHARED_COURSES names its folder)")
    return found


def listed(teacher: Teacher, commit: str) -> dict[str, tuple[str, str]]:
    """Mode and blob of each file of a commit, as `git ls-tree` has them; of a link to a file
    those of that file."""
    every = teacher.git("ls-tree", "-r", "-z", "--full-tree", commit).rstrip("\0").split("\0")
    found = {}
    for about, _, path in (entry.partition("\t") for entry in every):
        mode, _, blob = about.split()
        found[path] = (mode, blob)
    for path, (mode, blob) in list(found.items()):
        if mode == LINK:
            target = teacher.git("cat-file", "blob", blob)
            found[path] = found.get(normpath(f"{path}/../{target}"), (FOLDER, ""))
    return {path: entry for path, entry in found.items() if entry[0] in (FILE, EXECUTABLE)}


def filtered(files: dict, tops: tuple[str, ...]) -> dict:
    """What of a commit's files is for students (G4), each where its revision has it."""
    wanted = {}
    for path, entry in files.items():
        top, slash, _ = path.partition("/")
        if path.endswith(NOTEBOOK_SUFFIXES) and not (slash and top.startswith(".")):
            wanted[f"notebooks/{path}"] = entry
        if slash and top == "modules":
            wanted[path] = entry
        if slash and top in tops:
            wanted[f"static/{path}"] = entry
    return wanted


def stored(revision: Path) -> dict[str, tuple[str, str]]:
    """Mode and blob of each file of a revision, as git would have them."""
    found = {}
    for path in revision.rglob("*"):
        assert not path.is_symlink()
        if path.is_file():
            content = path.read_bytes()
            blob = hashlib.sha1(b"blob %d\0%s" % (len(content), content)).hexdigest()
            mode = EXECUTABLE if path.stat().st_mode & 0o111 else FILE
            found[str(path.relative_to(revision))] = (mode, blob)
    return found


@pytest.mark.parametrize(
    ("name", "mappings"),
    [
        ("flotpython", (("data", "data"), ("media", "media"))),
        ("sample-course", ()),  # it asks for none
    ],
)
async def test_every_commit_is_published_as_git_lists_it(tmp_path, bus, name, mappings):
    teacher = Teacher(tmp_path / "teacher.git")
    teacher.git("fetch", "--quiet", str(bundle(name)), "main:refs/heads/all")
    commits = teacher.git("rev-list", "--reverse", "all").split()
    site = Site(tmp_path / "courses", bus, max_bytes=256 * MIB)
    for commit in commits:
        teacher.git("update-ref", "refs/heads/main", commit)
        record = await (site.pull() if commit != commits[0] else site.create(teacher.url))
        assert record.commit == commit
        tops = ("media", "data") if record.static_mappings else ()
        wanted = filtered(listed(teacher, commit), tops)
        assert len(wanted) > 20
        assert stored(site.shelf.place("py").current.resolve()) == wanted
    assert record.static_mappings == mappings
    assert len(commits) >= 8


async def test_a_bundle_is_a_course_s_url(tmp_path, bus):
    site = Site(tmp_path / "courses", bus, max_bytes=256 * MIB)
    record = await site.create(str(bundle("flotpython")), course="flotpython")
    assert "notebooks/w1/w1-s1-c1-versions-python.md" in site.served("flotpython")
    assert record.notebooks > 200
    # these are so: two patterns of its second track and the folder of its build lead nowhere
    assert [problem.partition(": ")[0] for problem in record.problems] == [
        ".nbhosting/nbhosting.yaml:66",
        ".nbhosting/nbhosting.yaml:69",
        ".nbhosting/nbhosting.yaml:76",
    ]


def told_by_jupytext(path: Path) -> tuple[str, str]:
    """A notebook's title and version, found in another way: its whole file is read (G16)."""
    metadata = jupytext.read(path).metadata
    ours = metadata.get("nbhosting", {})
    title = ours.get("title") or metadata.get("notebookname") or str(path.with_suffix(""))
    return title, str(ours.get("version") or metadata.get("version") or "0.1")


@pytest.mark.parametrize(
    ("name", "tracks"),
    [
        ("flotpython", {"mooc": 9, "exos": 7}),
        ("sample-course", {"book": 1, "samples": 3, "slides": 1, "plans": 1, "tp": 1}),
    ],
)
async def test_the_index_of_every_commit_is_what_jupytext_and_glob_say(
    tmp_path, bus, name, tracks, monkeypatch
):
    teacher = Teacher(tmp_path / "teacher.git")
    teacher.git("fetch", "--quiet", str(bundle(name)), "main:refs/heads/all")
    commits = teacher.git("rev-list", "--reverse", "all").split()
    site = Site(tmp_path / "courses", bus, max_bytes=256 * MIB)
    indexes = Bucket(bus, CourseIndex)
    # whole files are slow to read: those of the last commit, tracks of all
    for commit in commits:
        teacher.git("update-ref", "refs/heads/main", commit)
        await (site.pull() if commit != commits[0] else site.create(teacher.url))
        index = (await indexes.get("py")).value
        assert index.commit == commit
        tree = tmp_path / "trees" / commit
        tree.mkdir(parents=True)
        teacher.git("--work-tree", str(tree), "checkout", "--force", commit, "--", ".")
        monkeypatch.chdir(tree)
        assert _shown(index) == _declared(tree) or _is_generic(index, tree)
        if commit == commits[-1]:
            for notebook in index.notebooks:
                said = notebook.title, notebook.version
                assert said == told_by_jupytext(Path(notebook.path))
    assert {track.id: len(track.sections) for track in index.tracks} == tracks


def _shown(index) -> dict:
    return {t.id: [(s.name, list(s.notebooks)) for s in t.sections] for t in index.tracks}


def _declared(tree: Path) -> dict:
    """What the course's file says, each pattern globbed in the folder that we are in."""
    with contextlib.suppress(yaml.YAMLError, FileNotFoundError):
        tracks = yaml.safe_load(_file(tree).read_text())["tracks"]
        return {
            track["id"]: [found for s in track["sections"] if (found := _globbed(s))[1]]
            for track in tracks
        }
    return {}


def _is_generic(index, tree: Path) -> bool:
    """The oldest commits are older than that file, or it is no YAML: which is told."""
    told = any("is no YAML" in problem.what for problem in index.problems)
    return list(_shown(index)) == ["generic"] and told == _file(tree).exists()


def _file(tree: Path) -> Path:
    return next(tree.glob("*nbhosting/nbhosting.yaml"), tree / "nowhere")


def _globbed(section) -> tuple[str, list[str]]:
    found = [sorted(Path().glob(pattern)) for pattern in section["notebooks"]]
    return section["name"], [str(path) for paths in found for path in paths]
