"""Whatever a repository holds ends in a revision or a typed failure, and touches nothing else."""

import os
import zlib

import pytest

from nbh_courses import layout
from nbh_courses.failure import CourseError
from tests.courses.site import MIB, Site
from tests.courses.teacher import FILE, FOLDER, LESSON, LINK, SUBMODULE, link


def all_but_courses(in_memory):
    """What lies beside the courses, with its content."""
    inside = (in_memory / "courses", in_memory / "nats")
    return {
        path: path.read_bytes() if path.is_file() else None
        for path in in_memory.rglob("*")
        if not any(path.is_relative_to(folder) for folder in inside)
    }


@pytest.mark.parametrize(
    "name", [b".git", b".GIT", b".git ", b"git~1", b".g\xe2\x80\x8cit", b"..", b"."]
)
async def test_a_name_that_means_git_s_own_folder_or_leads_up_is_refused(
    site, teacher, in_memory, name
):
    teacher.push(LESSON)
    await site.create(teacher.url)
    before, around = site.served(), all_but_courses(in_memory)
    inner = teacher.tree({b"config.md": (FILE, teacher.blob(b"[core]"))})
    _push_tree(teacher, teacher.tree({name: (FOLDER, inner)}))
    with pytest.raises(CourseError) as failed:
        await site.pull()
    assert failed.value.reason == "unreadable"
    assert site.served() == before
    assert all_but_courses(in_memory) == around


async def test_a_name_with_a_slash_is_refused(site, teacher):
    teacher.push(LESSON)
    await site.create(teacher.url)
    before = site.served()
    _push_tree(teacher, teacher.tree({b"../../up.md": (FILE, teacher.blob(b"x"))}))
    with pytest.raises(CourseError, match="unreadable"):
        await site.pull()
    assert site.served() == before


async def test_a_submodule_is_not_fetched_and_runs_nothing(site, teacher, in_memory):
    ran = in_memory / "ran"
    modules = f'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch {ran}"\n'
    teacher.push(LESSON | {"x": (SUBMODULE, "1" * 40), ".gitmodules": modules})
    record = await site.create(teacher.url)
    assert record.problems == ("x: submodules are not fetched",)
    assert not ran.exists()


async def test_attributes_and_filters_change_nothing_and_run_nothing(site, teacher, in_memory):
    content = b"$Id$ $Format:%H$\r\nna\xc3\xafve\n"
    attributes = "*.md ident eol=lf working-tree-encoding=UTF-16 filter=evil export-subst\n"
    teacher.push({"n.md": content, ".gitattributes": attributes})
    evil = f'[filter "evil"]\n\tsmudge = touch {in_memory / "ran"}\n\trequired = true\n'
    teacher.push({"n.md": content, ".gitattributes": attributes, ".gitconfig": evil})
    await site.create(teacher.url)
    assert site.served() == {"notebooks/n.md": content}
    assert not (in_memory / "ran").exists()


async def test_hooks_of_the_mirror_are_never_run(site, teacher, in_memory):
    teacher.push(LESSON)
    await site.create(teacher.url)
    hooks = site.shelf.place("py").mirror / "hooks"
    hooks.mkdir()
    for name in ("reference-transaction", "post-checkout", "pre-auto-gc", "post-update"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {in_memory / 'ran'}\n")
        (hooks / name).chmod(0o755)
    teacher.push(LESSON | {"n.md": "x"})
    await site.pull()
    assert not (in_memory / "ran").exists()


async def test_a_small_pack_that_inflates_beyond_measure_is_refused(in_memory, bus, teacher):
    site = Site(in_memory / "courses", bus, max_bytes=4 * MIB)
    teacher.push(LESSON)
    await site.create(teacher.url)
    before = site.served()
    teacher.push({"bomb.md": bytes(64 * MIB)})
    assert len(zlib.compress(bytes(64 * MIB))) < MIB
    with pytest.raises(CourseError) as failed:
        await site.pull()
    assert failed.value.reason == "too-big"
    assert site.served() == before


async def test_a_history_of_many_small_files_is_measured_as_a_whole(in_memory, bus, teacher):
    site = Site(in_memory / "courses", bus, max_bytes=200_000)
    for _ in range(8):
        teacher.push({"n.md": "# Small\n", "data/d.bin": os.urandom(50_000)})
    with pytest.raises(CourseError) as failed:
        await site.create(teacher.url)
    assert failed.value.reason == "too-big"


async def test_trees_that_multiply_beyond_measure_are_refused(site, teacher):
    """Ten folders in each of ten folders, ten times: a kilobyte that checks out as 10^10 files."""
    tree = teacher.tree({b"n.md": (FILE, teacher.blob(b"x"))})
    for _ in range(10):
        tree = teacher.tree({b"f%d" % n: (FOLDER, tree) for n in range(10)})
    _push_tree(teacher, tree)
    with pytest.raises(CourseError, match="too-big: more than 300000 files and folders"):
        await site.create(teacher.url)


async def test_links_that_multiply_beyond_measure_are_refused(site, teacher):
    """Each folder leads twice to the next one: thirty of them are 2^30 files."""
    files: dict = {"modules/l30/n.py": "x"}
    for n in range(30):
        files[f"modules/l{n}/a"] = files[f"modules/l{n}/b"] = link(f"../l{n + 1}")
    teacher.push(files)
    with pytest.raises(CourseError, match=f"too-big: more than {layout.MAX_FILES} files"):
        await site.create(teacher.url)


async def test_links_in_circles_end(site, teacher):
    teacher.push(
        {
            "modules/self": link("self"),
            "modules/here": link("."),
            "modules/up": link(".."),
            "modules/a/b": link("../c"),
            "modules/c/d": link("../a"),
            "modules/m.py": "x",
            "a.md": link("b.md"),
            "b.md": link("a.md"),
        }
    )
    record = await site.create(teacher.url)
    assert site.served()["modules/m.py"] == b"x"
    assert "modules/self: a link that leads out of the repository or nowhere is left out" in (
        record.problems
    )
    assert "modules/here: a link to a folder that it lies in is left out" in record.problems


async def test_ten_thousand_folders_in_each_other_are_left_out(site, teacher):
    deep = "ff/" * 10_000
    commands = (
        "commit refs/heads/main\ncommitter a <a@b> 0 +0000\ndata 0\n"
        f"M 100644 inline {deep}n.md\ndata 4\ndeep\nM 100644 inline n.md\ndata 1\n#\n"
    )
    teacher.git("fast-import", "--quiet", given=commands.encode())
    await site.create(teacher.url)
    assert site.served() == {"notebooks/n.md": b"#"}


async def test_a_name_that_no_file_system_takes_is_left_out_and_told(site, teacher):
    teacher.push({"a" * 300 + ".md": "x", "w/" * 400 + "x" * 250 + ".md": "y", "n.md": "#"})
    record = await site.create(teacher.url)
    assert set(site.served()) == {"notebooks/n.md"}
    assert len(record.problems) == 2
    assert all("a name this long is left out" in problem for problem in record.problems)


async def test_a_hundred_thousand_files_are_published(site, teacher):
    blob = teacher.blob(b"#")
    thousand = teacher.tree({b"n%03d.csv" % n: (FILE, blob) for n in range(1000)})
    data = teacher.tree({b"f%d" % n: (FOLDER, thousand) for n in range(100)})
    _push_tree(teacher, teacher.tree({b"data": (FOLDER, data), b"n.md": (FILE, blob)}))
    assert (await site.create(teacher.url)).notebooks == 1
    revision = site.shelf.place("py").current.resolve()
    assert sum(len(files) for _, _, files in os.walk(revision)) == 100_001


async def test_more_files_than_are_taken_are_refused_and_the_last_good_ones_served(site, teacher):
    teacher.push(LESSON)
    await site.create(teacher.url)
    before = site.served()
    blob = teacher.blob(b"#")
    many = teacher.tree({b"n%06d.md" % n: (FILE, blob) for n in range(layout.MAX_FILES + 1)})
    _push_tree(teacher, many)
    with pytest.raises(CourseError, match=f"too-big: more than {layout.MAX_FILES} files"):
        await site.pull()
    assert site.served() == before


async def test_a_link_with_an_endless_target_leads_nowhere(site, teacher):
    teacher.push({"n.md": (LINK, b"a/" * 100_000), "m.md": (LINK, b"x"), "x": "ok"})
    await site.create(teacher.url)
    assert site.served() == {"notebooks/m.md": b"ok"}


async def test_what_the_other_side_says_cannot_touch_the_terminal(site, in_memory):
    with pytest.raises(CourseError) as failed:
        await site.create(f"{in_memory}/\u009b31mred")
    assert failed.value.reason == "url-refused"
    assert failed.value.detail.isprintable()


def _push_tree(teacher, tree):
    commit = teacher.git("commit-tree", tree, "-m", "hostile")
    teacher.git("update-ref", "refs/heads/main", commit)
