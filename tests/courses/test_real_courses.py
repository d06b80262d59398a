"""Public courses made for nbhosting, commit by commit: what is published is what was pushed.

They are other people's work and are not in this repository: bundles of them are looked for in the
folder that NBH_SHARED_COURSES names, else in ``shared/courses`` beside the checkout.
"""

import os
from pathlib import Path

import pytest

from nbh_proto.names import NOTEBOOK_SUFFIXES
from tests.conftest import REPOSITORY
from tests.courses.site import MIB, Site
from tests.courses.teacher import Teacher

SHARED = Path(os.environ.get("NBH_SHARED_COURSES", REPOSITORY.parent / "shared" / "courses"))


def bundle(name: str) -> Path:
    found = SHARED / f"{name}.bundle"
    if not found.exists():
        pytest.skip(f"{found} is not there (NBH_SHARED_COURSES names its folder)")
    return found


def checked_out(folder: Path) -> dict[str, bytes]:
    """What a revision of a checkout must hold, found in another way: on a file system."""
    folder = folder.resolve()
    expected = {}
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        hidden = len(relative.parts) > 1 and relative.parts[0].startswith(".")
        is_ours = path.is_file() and path.resolve().is_relative_to(folder)
        if is_ours and not hidden and path.name.endswith(NOTEBOOK_SUFFIXES):
            expected[f"notebooks/{relative}"] = path.read_bytes()
    for top, area in (("modules", ""), ("media", "static/"), ("data", "static/")):
        for path in (folder / top).rglob("*"):
            if path.is_file():
                expected[f"{area}{path.relative_to(folder)}"] = path.read_bytes()
    return expected


@pytest.mark.parametrize(
    ("name", "mappings"),
    [
        ("flotpython", (("data", "data"), ("media", "media"))),
        ("sample-course", ()),  # it asks for none
    ],
)
async def test_every_commit_is_published_as_it_was_pushed(tmp_path, bus, name, mappings):
    teacher = Teacher(tmp_path / "teacher.git")
    teacher.git("fetch", "--quiet", str(bundle(name)), "main:refs/heads/all")
    commits = teacher.git("rev-list", "--reverse", "all").split()
    site = Site(tmp_path / "courses", bus, max_bytes=256 * MIB)
    for commit in commits:
        teacher.git("update-ref", "refs/heads/main", commit)
        record = await (site.pull() if commit != commits[0] else site.create(teacher.url))
        assert record.commit == commit
        tree = tmp_path / "trees" / commit
        tree.mkdir(parents=True)
        teacher.git("--work-tree", str(tree), "checkout", "--force", commit, "--", ".")
        wanted = checked_out(tree)
        if not record.static_mappings:
            wanted = {p: c for p, c in wanted.items() if not p.startswith("static/")}
        assert site.served() == wanted
    assert record.static_mappings == mappings
    assert len(commits) >= 8


async def test_a_bundle_is_a_course_s_url(tmp_path, bus):
    site = Site(tmp_path / "courses", bus, max_bytes=256 * MIB)
    record = await site.create(str(bundle("flotpython")), course="flotpython")
    assert "notebooks/w1/w1-s1-c1-versions-python.md" in site.served("flotpython")
    assert record.notebooks > 200
    assert record.problems == ()
