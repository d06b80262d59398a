"""All that is kept of a student is handed out, and removed (S-55)."""

import re
import zipfile

import msgspec
import pytest

from nbh_kit.testing import eventually
from tests.backups.work import LAST, counted, has_counted, worked
from tests.e2e.student import Student
from tests.system import Failed, running_system

pytestmark = pytest.mark.podman

WRITTEN_OVER_LATER = "nats/jetstream/$G/streams/KV_LABS/msgs/"
"""What stood in a bucket and stands there no more: NATS makes room in its files when it wants."""

PART = re.compile(r"clickhouse/store/\w+/[\w-]+/all_[\d_]+/(data.bin|primary.cidx)")
"""Parts of tables in whose place others are: ClickHouse removes them after eight minutes."""

ADA, BOB = "ada-lovelace-1815", "bob"


@pytest.fixture
async def system(tmp_path, lab_images):
    async with running_system(tmp_path) as running:
        await running.new_course("lesson")
        yield running


def files_with(folder, word):
    """The files in which a word stands, or in whose name."""
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if word in path.name or (path.is_file() and word.encode() in path.read_bytes())
    ]


async def of(system, student):
    """What is counted of a student."""
    return {key: times for key, times in (await counted(system)).items() if key[3] == student}


async def test_a_student_is_handed_out_then_nothing_is_left(system, tmp_path):
    data = system.config.site.data
    student = await worked(system, ADA)
    await student.close()
    other = Student(system.link("lesson", "w1/first", BOB))
    await other.open()
    await other.save("w1/first.md", LAST)
    await other.close()
    await eventually(lambda: has_counted(system, "notebook.reset"), within=30)
    (lab,) = [lab for lab in await system.labs() if lab.student == ADA]

    await system.nbh("student", "export", "all", ADA, str(tmp_path / "ada.zip"))
    with zipfile.ZipFile(tmp_path / "ada.zip") as archive:
        assert archive.read("files/lesson/w1/first.md").decode() == LAST
        kept = [n for n in archive.namelist() if "first" in n and n.endswith(".md")]
        assert len(kept) == 2
        (page,) = (n for n in archive.namelist() if n.startswith("shared/"))
        assert b"what was reset" in archive.read(page)
        lines = archive.read("messages.jsonl").splitlines()
        said = [msgspec.json.decode(line) for line in lines]
        assert {"nbh.event.notebook.reset.lesson"} <= {each["subject"] for each in said}
        assert BOB not in {each["message"].get("student") for each in said}
        assert b"notebook.reset" in archive.read("statistics.jsonl")
        assert b"LABS" in archive.read("buckets.jsonl")
        everything = b"".join(archive.read(name) for name in archive.namelist())
        assert lab.capability.encode() not in everything
        assert lab.token.encode() not in everything
    await system.nbh("student", "export", "another", ADA, str(tmp_path / "none.zip"))
    with zipfile.ZipFile(tmp_path / "none.zip") as archive:
        assert not [n for n in archive.namelist() if n.startswith(("files", "shared"))]

    with pytest.raises(Failed, match="--yes"):
        await system.nbh("student", "erase", ADA)
    assert files_with(data, ADA)
    of_bob = await of(system, BOB)
    print(await system.nbh("student", "erase", ADA, "--yes"))
    assert not (data / "students" / ADA).exists()
    assert [lab.student for lab in await system.labs()] == [BOB]
    assert "Nothing is shared" in await system.nbh("share", "list")
    assert await of(system, ADA) == {}
    assert await system.nbh("stats", "student", ADA) == ""
    assert of_bob.items() <= (await of(system, BOB)).items()
    assert system.file(BOB, "lesson", "w1/first.md") == LAST
    left = [path for path in files_with(data, ADA) if not path.startswith(WRITTEN_OVER_LATER)]
    assert [path for path in left if not PART.fullmatch(path)] == []
    assert "0" in await system.nbh("student", "erase", ADA, "--yes")
