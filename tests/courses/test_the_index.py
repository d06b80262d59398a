"""What others read of a course, and never parse: the bucket INDEXES."""

import asyncio
import os

import msgspec
import pytest

from nbh_courses.fitting import MOST_BYTES, fitting
from nbh_courses.kept import Indexes
from nbh_courses.parsing import Parser, Patience
from nbh_kit.buckets import Bucket
from nbh_kit.testing import eventually
from nbh_proto import Build, Course, CourseIndex, Notebook, Section, Track
from nbh_proto.packing import packed
from tests.courses.site import Site
from tests.courses.teacher import LESSON

YAML = """\
tracks:
- name: The lesson
  sections:
  - name: week 1
    notebooks: [w1/*]
builds:
- {name: book, script: make}
"""


def titled(title: str, version: str = "1.2") -> str:
    return f"---\njupyter:\n  nbhosting: {{title: {title}, version: '{version}'}}\n---\n\n# x\n"


COURSE = LESSON | {".nbhosting/nbhosting.yaml": YAML, "w1/first.md": titled("First steps")}


async def shown(bus, course="py") -> CourseIndex:
    held = await Bucket(bus, CourseIndex).get(course)
    assert held is not None
    return held.value


def sentences(index, level="error"):
    return [problem.sentence for problem in index.problems if problem.level == level]


async def test_titles_tracks_and_builds_are_there_when_a_course_is_published(site, teacher, bus):
    record = await site.create((teacher.push(COURSE), teacher.url)[1])
    index = await shown(bus)
    assert index.commit == record.commit
    assert {n.path: (n.title, n.version) for n in index.notebooks} == {
        "README.md": ("README", "0.1"),
        "modules/lesson.py": ("modules/lesson", "0.1"),
        "w1/first.md": ("First steps", "1.2"),
        "w1/second.py": ("w1/second", "0.1"),
    }
    sections = (Section(name="week 1", notebooks=("w1/first.md", "w1/second.py")),)
    assert index.tracks == (Track(id="The-lesson", name="The lesson", sections=sections),)
    assert index.builds == (Build(id="book", name="book", script="make"),)
    assert sentences(index) == []
    assert sentences(index, "warning") == [
        "w1/second.py: has no title of its own (nbhosting: title: in its metadata)"
    ]


async def test_a_notebook_that_cannot_be_read_is_told_by_its_name_and_the_rest_stands(
    site, teacher, bus
):
    teacher.push(COURSE | {"w1/broken.ipynb": "{"})
    await site.create(teacher.url)
    index = await shown(bus)
    (broken,) = (n for n in index.notebooks if n.path == "w1/broken.ipynb")
    assert (broken.title, broken.version) == ("w1/broken", "n/a")
    (sentence,) = sentences(index)
    assert sentence.startswith("w1/broken.ipynb: cannot be read as a notebook: ")
    assert len(index.notebooks) == 5


async def test_names_that_no_link_can_open_are_told(site, teacher, bus):
    names = (os.fsdecode(b"latin \xe9.md"), "-rf.md", "e\u0301.md", "~x/n.md", "good.md")
    teacher.push(dict.fromkeys(names, "x"))
    record = await site.create(teacher.url)
    index = await shown(bus)
    assert [n.path for n in index.notebooks] == ["good.md"]
    assert record.notebooks == 5
    told = [s for s in sentences(index, "warning") if "no link can open it" in s]
    assert len(told) == 4


class Counting(Parser):
    """Reads, and remembers what it read."""

    def __init__(self):
        super().__init__(Patience(idle=0))
        self.read: list[bytes] = []

    def parse(self, text, suffix):
        self.read.append(text)
        return super().parse(text, suffix)


async def test_a_notebook_that_did_not_change_is_not_read_again(tmp_path, teacher, bus):
    counting = Counting()
    site = Site(tmp_path / "courses", bus, reading=counting)
    teacher.push(COURSE)
    await site.create(teacher.url)
    counting.read.clear()
    moved = {("w2/" + k if k == "w1/second.py" else k): v for k, v in COURSE.items()}
    teacher.push(moved | {"w1/first.md": titled("Second thoughts")})
    await site.pull()
    assert counting.read == [titled("Second thoughts").encode()]
    assert "Second thoughts" in {n.title for n in (await shown(bus)).notebooks}
    await asyncio.to_thread(counting.close)


async def test_what_the_operator_says_stands_over_the_course_at_the_next_pull(site, teacher, bus):
    teacher.push(COURSE)
    await site.create(teacher.url)
    ours = site.local / "py" / "nbhosting.yaml"
    ours.parent.mkdir(parents=True)
    ours.write_text(
        "general: {notebook-url-format: 'lab/tree/{notebook}'}\n"
        "tracks: [{id: ours, sections: [{name: all, notebooks: ['**/*.md']}]}]\n"
        "tracks-filter: [ours]\nbuilds-filter: [none]\n"
    )
    record = await site.pull()
    index = await shown(bus)
    assert [t.id for t in index.tracks] == ["ours"]
    assert index.builds == ()
    assert record.notebook_url_format == index.notebook_url_format == "lab/tree/{notebook}"
    assert (await Bucket(bus, Course).get("py")).value.notebook_url_format.startswith("lab/")
    ours.unlink()
    await site.pulls.index_all()
    assert [t.id for t in (await shown(bus)).tracks] == ["The-lesson"]


async def test_a_course_of_an_older_release_gets_its_index_as_it_is(site, teacher, bus):
    teacher.push(COURSE)
    record = await site.create(teacher.url)
    indexes = Indexes(site.shelf.place("py").folder)
    (site.shelf.place("py").folder / "indexes" / f"{record.commit}.json").unlink()
    again = Site(site.shelf.folder, bus)
    await again.pulls.index_all()
    assert indexes.of(record.commit) is not None


async def test_the_bucket_is_made_again_from_the_disk(site, teacher, bus):
    teacher.push(COURSE)
    await site.create(teacher.url)
    wanted = await shown(bus)
    bucket = Bucket(bus, CourseIndex)
    await bucket.delete("py", (await bucket.get("py")).revision)
    await bucket.put("gone", msgspec.structs.replace(wanted, course="gone"))
    keeping = asyncio.create_task(Site(site.shelf.folder, bus).shown.keep_true())
    try:

        async def is_true():
            return await bucket.get("gone") is None and (await bucket.get("py")) is not None

        await eventually(is_true)
        assert await shown(bus) == wanted
    finally:
        keeping.cancel()


async def test_what_is_looked_for_in_the_repository_and_not_there_is_told_with_its_line(
    site, teacher, bus
):
    yaml = (
        "static-mappings:\n- {source: a, destination: media/none}\n"
        "builds:\n- name: b\n  script: x\n  directory: none\n"
    )
    teacher.push({".nbhosting/nbhosting.yaml": yaml, "media/x": "x", "Dockerfile": "FROM x"})
    await site.create(teacher.url)
    index = await shown(bus)
    assert sentences(index) == [
        ".nbhosting/nbhosting.yaml:2: static-mappings: entry 1: "
        "there is no media/none in the repository",
        ".nbhosting/nbhosting.yaml:6: builds: entry 1: directory: "
        "there is no folder none in the repository",
    ]
    assert sentences(index, "warning") == [
        "Dockerfile: is not looked at here: an image is built of .nbhosting/Dockerfile"
    ]


async def test_two_folders_of_settings_both_hold_and_that_is_told(site, teacher, bus):
    teacher.push({".nbhosting/nbhosting.yaml": "tracks: []", "nbhosting/nbhosting.yaml": ""})
    await site.create(teacher.url)
    (warning,) = sentences(await shown(bus), "warning")
    assert warning.startswith("nbhosting/nbhosting.yaml: there is .nbhosting/nbhosting.yaml too")


def large(notebooks: int) -> CourseIndex:
    """Titles and paths as long as people make them, none like another."""
    paths = [
        f"week-{n % 40:02}/w{n % 40}-s{n % 7}-c{n}-notebook-about-{hash_(n)}.md"
        for n in range(notebooks)
    ]
    section = Section(name=".", notebooks=tuple(paths))
    return CourseIndex(
        course="py",
        commit="0" * 40,
        notebooks=tuple(
            Notebook(path=path, title=f"Leçon {n}: {hash_(n + 7)}", version="1.0")
            for n, path in enumerate(paths)
        ),
        tracks=(Track(id="generic", name="generic", sections=(section,)),),
        builds=(Build(id="b", name="b", script="x"),),
    )


def hash_(n: int) -> str:
    return f"{n * 2654435761 % 2**32:08x}"


@pytest.mark.parametrize("notebooks", [10, 10_000])
def test_an_index_of_ten_thousand_notebooks_is_shown_whole(notebooks):
    index = large(notebooks)
    assert fitting(index) == index


@pytest.mark.parametrize("most", [MOST_BYTES // 16, 10_000, 300])
def test_what_does_not_fit_is_left_out_and_counted(most):
    index = fitting(large(10_000), most)
    assert len(packed(msgspec.json.encode(index))) <= most
    assert index.left_out == 10_000 - len(index.notebooks) > 0
    assert index.commit == "0" * 40


def push_many(teacher, files: dict[str, str]) -> None:
    """Commit more files than a process for each would do."""
    lines = ["commit refs/heads/main\ncommitter x <x@example.org> 0 +0000\ndata 0\n"]
    lines += [
        f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}\n"
        for path, text in files.items()
    ]
    teacher.git("fast-import", "--quiet", given="".join(lines).encode())


async def test_a_course_of_ten_thousand_notebooks_is_published_with_all_its_titles(
    site, teacher, bus
):
    title = "a title that is as long as those of some teachers are, and longer than most: "
    push_many(teacher, {f"w{n // 100}/n{n}.md": titled(f"'{title}{n}'") for n in range(10_000)})
    await site.create(teacher.url)
    index = await shown(bus)
    assert (len(index.notebooks), index.left_out) == (10_000, 0)
    assert index.notebooks[-1].title == f"{title}9999"
    assert sum(len(s.notebooks) for s in index.tracks[0].sections) == 10_000
    assert len(msgspec.json.encode(index)) > 1024**2  # more than NATS carries as it is
