"""`nbh stats` as an operator types it, against the service as it runs."""

import json
from datetime import UTC, datetime

import pytest

from nbh_kit.testing import eventually
from nbh_proto import AccessOpened
from tests.cli.test_commands import Nbh
from tests.stats.service import found

EVENTS = (
    "2023-03-04T05:06:07 python ada w1/n1 created 8888\n"
    "2023-03-04T05:06:08 python bob w1/n1 existing 8889\n"
    "nonsense\n"
    "2023-03-04T05:06:09 python bob - killing -\n"
)
COUNTS = (
    "# date\n2023-03-04T05:06:07 3 1 4 250 150 100 50 40 2048 30 1024 20 512 8000 4000 6000 9 12\n"
)


def opened(student, notebook):
    at = datetime(2026, 1, 5, 12, tzinfo=UTC)
    given = {"access": "a", "course": "py", "way": "pool", "seconds": 0.1, "at": at}
    return AccessOpened(**given, student=student, notebook=notebook)


async def have_come(bus, wanted):
    async def asked():
        assert len(await found(bus)) == wanted
        return True

    await eventually(asked, within=20)


@pytest.fixture
async def nbh(service, bus):
    """The command, beside a service that has heard of three clicks."""
    service.secret()
    for event in (opened("ada", "w1/a.md"), opened("ada", "w1/b.md"), opened("bob", "w1/a.md")):
        await bus.tell(event)
    async with service.running():
        await have_come(bus, 3)
        yield Nbh(service.file)


async def test_numbers_are_shown_and_written(nbh, tmp_path):
    status, out, _ = await nbh("stats", "summary", "py", "--json")
    assert (status, json.loads(out)["students"]) == (0, 2)
    _, out, _ = await nbh("stats", "summary")
    assert out.splitlines()[1].split()[:3] == ["py", "2", "3"]
    _, out, _ = await nbh("stats", "students", "py", "--limit", "1", "--json")
    assert [json.loads(line)["student"] for line in out.splitlines()] == ["ada"]
    _, out, _ = await nbh("stats", "notebooks", "py", "--from", "2026-01-06")
    assert out == "Nothing happened.\n"
    _, out, _ = await nbh("stats", "export", "notebooks", "--course", "py")
    assert out == '"notebook","students","opens"\n"w1/a",2,2\n"w1/b",1,1\n'
    file = tmp_path / "out.parquet"
    await nbh("stats", "export", "courses", "--format", "parquet", "--output", str(file))
    assert file.read_bytes()[:4] == b"PAR1"


async def test_what_cannot_be_had_is_a_sentence(nbh):
    for words, status, said in (
        (("stats", "export", "nothing", "--course", "py"), 1, "there is no such number"),
        (("stats", "students", "never"), 1, "there is no such course"),
        (("stats", "notebooks", "py", "--from", "soon"), 1, "from: write a day as"),
        (("stats", "export", "labs", "--course", "py", "--node", "n1"), 2, "of a machine"),
        (("stats", "import"), 2, "name a file"),
        (("stats", "import", "/etc/passwd"), 2, "neither `events` nor `counts`"),
        (("stats", "erase", "ada"), 2, "say --yes"),
        (("stats", "erase", "a/b", "--yes"), 2, "not the name of a student"),
    ):
        got, _, err = await nbh(*words)
        assert (got, said in err) == (status, True), err


async def test_old_files_are_imported_once_and_bad_lines_told(nbh, tmp_path):
    events = tmp_path / "python" / "events.raw"
    events.parent.mkdir()
    events.write_text(EVENTS)
    counts = events.with_name("counts.raw")
    counts.write_text(COUNTS)
    status, out, _ = await nbh("stats", "import", str(events), str(counts))
    assert status == 1
    assert out.splitlines() == [
        f"{events}:3: has 1 words, not 6",
        f"{events}: 2 lines stored, 0 known already, 1 passed over, 1 not readable",
        f"{counts}: 1 line stored, 0 known already, 1 passed over, 0 not readable",
    ]
    _, out, _ = await nbh("stats", "import", str(events))
    assert "0 lines stored, 2 known already" in out
    _, out, _ = await nbh("stats", "export", "notebooks", "--course", "python")
    assert out.splitlines()[1:] == ['"w1/n1",2,2']


async def test_a_student_is_handed_out_and_erased(nbh, bus):
    _, out, _ = await nbh("stats", "student", "ada")
    notebooks = {json.loads(line)["notebook"] for line in out.splitlines()}
    assert notebooks == {"w1/a.md", "w1/b.md"}
    status, out, _ = await nbh("stats", "erase", "ada", "--yes")
    assert status == 0
    assert "erased: 2 events in 1 course\n" in out
    assert (await nbh("stats", "student", "ada"))[1] == ""
    assert {event.student for event in await found(bus)} == {"bob"}


async def test_without_the_service_that_is_said(service, nats_url):
    status, _, err = await Nbh(service.file)("stats", "summary")
    assert (status, "secrets/stats is not there: `nbh up` makes it" in err) == (1, True)
    service.secret()
    status, _, err = await Nbh(service.file)("stats", "summary")
    assert (status, "Is the system up" in err) == (1, True)
