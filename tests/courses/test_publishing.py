"""From a commit to what students get."""

import os
import stat

import msgspec
import pytest

from nbh_courses.failure import CourseError
from tests.courses.site import Site
from tests.courses.teacher import EXECUTABLE, LESSON, link

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


async def test_notebooks_modules_and_static_folders_go_where_they_belong(site, teacher):
    teacher.push(LESSON)
    record = await site.create(teacher.url)
    assert site.served() == {
        "notebooks/w1/first.md": b"# First\n",
        "notebooks/w1/second.py": b"# %%\nprint(6 * 7)\n",
        "notebooks/README.md": b"# A course\n",
        "notebooks/modules/lesson.py": b"ANSWER = 42\n",
        "modules/lesson.py": b"ANSWER = 42\n",
        "static/data/cities.csv": b"Nice,348085\n",
    }
    assert record.notebooks == 4
    assert record.problems == ()


async def test_all_areas_are_there_even_when_they_are_empty(site, teacher):
    teacher.push({"notes.txt": "nothing for students"})
    await site.create(teacher.url)
    revision = site.shelf.place("py").current.resolve()
    assert {area.name for area in revision.iterdir()} == {
        "jupyter",
        "modules",
        "notebooks",
        "static",
    }
    assert site.served() == {}


async def test_hidden_top_level_folders_hold_no_notebooks(site, teacher):
    hidden = {".github/ci.md": "x", ".nbhosting/n.py": "x"}
    teacher.push(hidden | {"w/.drafts/n.md": "y", ".a.md": "z"})
    await site.create(teacher.url)
    assert set(site.served()) == {"notebooks/w/.drafts/n.md", "notebooks/.a.md"}


async def test_a_revision_is_read_only_and_readable_by_labs(site, teacher):
    teacher.push({"run.py": (EXECUTABLE, b"#!"), "w/n.md": "x"})
    await site.create(teacher.url)
    revision = site.shelf.place("py").current.resolve()
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in revision.rglob("*")}
    assert modes.pop(revision / "notebooks/w/n.md") == 0o444
    assert set(modes.values()) == {0o555}
    assert stat.S_IMODE(revision.stat().st_mode) == 0o555


NAMES = [
    "accents é à ü.md",
    "日本語.md",
    "-rf.md",
    "--upload-pack=touch x.py",
    "two\nlines.md",
    "quote'\"`$(id).md",
    "back\\slash.md",
    " spaces .md",
    "colon: star* ?.md",
    "~home.md",
    os.fsdecode(b"latin \xe9.md"),
    "CON.md",
    "a" * 252 + ".md",
]


async def test_odd_names_survive(site, teacher):
    teacher.push({name: name.encode(errors="surrogateescape") for name in NAMES})
    await site.create(teacher.url)
    served = {name.removeprefix("notebooks/"): content for name, content in site.served().items()}
    assert served == {name: name.encode(errors="surrogateescape") for name in NAMES}


async def test_names_that_differ_by_case_only_are_two_notebooks(site, teacher):
    teacher.push({"W1/N.md": "1", "w1/n.md": "2", "w1/N.md": "3"})
    await site.create(teacher.url)
    assert site.served() == {
        "notebooks/W1/N.md": b"1",
        "notebooks/w1/n.md": b"2",
        "notebooks/w1/N.md": b"3",
    }


async def test_a_link_to_a_file_of_the_repository_becomes_that_file(site, teacher):
    teacher.push(
        {
            "w1/compare.py": link("../modules/compare.py"),
            "modules/compare.py": link("real/compare.py"),
            "modules/real/compare.py": (EXECUTABLE, b"print()"),
        }
    )
    await site.create(teacher.url)
    served = site.served()
    assert served["notebooks/w1/compare.py"] == b"print()"
    assert served["modules/compare.py"] == b"print()"
    revision = site.shelf.place("py").current.resolve()
    assert os.access(revision / "notebooks/w1/compare.py", os.X_OK)


async def test_a_link_to_a_folder_becomes_that_folder_in_static_and_modules_only(site, teacher):
    teacher.push(
        {
            "media": link("shared/pictures"),
            "shared/pictures/a.png": "png",
            "shared/pictures/n.md": "#",
            "modules/extra": link("../shared"),
            "w1/shared": link("../shared"),
        }
    )
    record = await site.create(teacher.url)
    assert set(site.served()) == {
        "static/media/a.png",
        "static/media/n.md",
        "modules/extra/pictures/a.png",
        "modules/extra/pictures/n.md",
        "notebooks/shared/pictures/n.md",
    }
    assert record.problems == ()


async def test_the_course_says_what_is_static(site, teacher):
    yaml = "static-mappings:\n- {source: pics, destination: images/small}\n"
    teacher.push(
        {
            ".nbhosting/nbhosting.yaml": yaml,
            "images/small/a.png": "1",
            "images/big/b.png": "2",
            "data/c.csv": "3",
        }
    )
    record = await site.create(teacher.url)
    assert set(site.served()) == {"static/images/small/a.png", "static/images/big/b.png"}
    assert record.static_mappings == (("pics", "images/small"),)


async def test_what_is_wrong_in_the_settings_is_told_and_the_defaults_stand(site, teacher):
    teacher.push({"nbhosting/nbhosting.yaml": "static-mappings: 7", "data/c.csv": "3"})
    record = await site.create(teacher.url)
    (problem,) = record.problems
    assert problem.startswith("nbhosting/nbhosting.yaml:1: static-mappings: ")
    assert f"! {problem}" in site.lines
    assert record.static_mappings == (("media", "media"), ("data", "data"))
    assert set(site.served()) == {"static/data/c.csv"}


async def test_a_declared_static_folder_that_is_not_there_is_told(site, teacher):
    yaml = "static-mappings:\n- {source: pics, destination: images}\n"
    teacher.push({".nbhosting/nbhosting.yaml": yaml})
    record = await site.create(teacher.url)
    place = ".nbhosting/nbhosting.yaml:2: static-mappings: entry 1"
    assert record.problems == (f"{place}: there is no images in the repository",)


async def test_a_pointer_of_git_lfs_is_published_as_it_is_and_told(site, teacher):
    teacher.push({"n.md": LFS, ".gitattributes": "*.md filter=lfs diff=lfs merge=lfs"})
    record = await site.create(teacher.url)
    assert site.served() == {"notebooks/n.md": LFS}
    assert record.problems == ("n.md: is a pointer of git-lfs, not the file",)


async def test_many_problems_are_cut_short(site, teacher):
    teacher.push({f"n{i:03}.md": link("/etc/shadow") for i in range(50)})
    record = await site.create(teacher.url)
    assert len(record.problems) == 21
    assert record.problems[-1] == "and 30 more"


async def test_a_course_that_is_too_big_is_not_published(tmp_path, bus, teacher):
    site = Site(tmp_path / "courses", bus, max_bytes=100_000)
    teacher.push({f"n{i}.md": b"x" * 30_000 for i in range(4)})
    with pytest.raises(CourseError, match="too-big: more than 100000 bytes"):
        await site.create(teacher.url)
    assert [left.name for left in site.shelf.folder.iterdir()] == [".gitconfig"]


async def test_what_a_course_says_to_jupyter_is_in_one_folder(site, teacher):
    teacher.push(
        {
            ".nbhosting/jupyter/jupyter_server_config.py": "old = True\n",
            ".nbhosting/jupyter/custom/custom.css": "",
            ".nbhosting/nbconfig/notebook.json": "{}",
            "nbhosting/jupyter/jupyter_server_config.py": "new = True\n",
            "nbhosting/jupyter/shared": link("../../modules"),
            "modules/lesson.py": "",
            "jupyter/no.py": "",
        }
    )
    await site.create(teacher.url)
    assert {k: v for k, v in site.served().items() if k.startswith("jupyter/")} == {
        "jupyter/jupyter_server_config.py": b"new = True\n",
        "jupyter/custom/custom.css": b"",
        "jupyter/nbconfig/notebook.json": b"{}",
        "jupyter/shared/lesson.py": b"",
    }


async def test_defaults_of_the_front_end_are_put_where_jupyter_reads_them(site, teacher):
    plugin = "lab/user-settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
    teacher.push(
        {
            ".nbhosting/labconfig/default_setting_overrides.json": '{"a:b": {"c": 1}}',
            f".nbhosting/jupyter/{plugin}": '{\n  // as saved\n  "recordTiming": true,\n}',
            ".nbhosting/jupyter/lab/user-settings/x/y.jupyterlab-settings": "{",
        }
    )
    record = await site.create(teacher.url)
    overrides = site.served()["jupyter/labconfig/default_setting_overrides.json"]
    assert msgspec.json.decode(overrides) == {
        "@jupyterlab/notebook-extension:tracker": {"recordTiming": True},
        "a:b": {"c": 1},
    }
    (problem,) = record.problems
    assert "lab/user-settings/x/y.jupyterlab-settings" in problem
