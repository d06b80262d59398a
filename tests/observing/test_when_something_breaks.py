"""What docs/operating.md promises of each failure stands in the product, and a test shows it."""

import re
from typing import NamedTuple

import pytest
import yaml

from nbh_router import languages
from tests.conftest import REPOSITORY

DOC = (REPOSITORY / "docs" / "operating.md").read_text()
_SECTION = DOC.partition("\n## When something breaks\n")[2].partition("\n## ")[0]


class Row(NamedTuple):
    """Of the table; the cells are as they stand there."""

    what: str
    students: str
    read: str
    after: str
    tests: str


ROWS = [
    Row(*(cell.strip() for cell in line.strip("|").split("|")))
    for line in _SECTION.splitlines()
    if line.startswith("| **")
]
NAMED = [(row.what, test) for row in ROWS for test in re.findall(r"`(tests/[^`]+)`", row.tests)]


def words_of_pages():
    for language in languages.ALL.values():
        for sentences in language.sentences.values():
            yield from sentences


def test_there_is_a_row_for_each_part_and_each_has_a_test():
    told = " ".join(row.what for row in ROWS).lower()
    for part in (
        *("nats", "clickhouse", "traefik", "router", "provisioner", "podman", "students' disk"),
        *("disk of images", "nats' disk", "clock", "too many", "memory", "switched off"),
    ):
        assert part in told, part
    assert {row.what for row in ROWS} == {what for what, _ in NAMED}


@pytest.mark.parametrize("test", sorted({test for _, test in NAMED}))
def test_each_test_that_is_named_is_there(test):
    file, _, name = test.partition("::")
    assert f"def {name}(" in (REPOSITORY / file).read_text()


def test_each_alert_that_is_named_is_there():
    rules = yaml.safe_load((REPOSITORY / "examples/prometheus/alerts.yml").read_text())
    there = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    named = set(re.findall(r"`(Nbhosting\w+)`", _SECTION))
    assert named
    assert named <= there


def test_each_check_of_the_doctor_that_is_named_is_there():
    checks = (REPOSITORY / "docs" / "observing.md").read_text()
    named = [
        check
        for said in re.findall(r"doctor ((?:`[\w-]+`(?:, )?)+)", _SECTION)
        for check in re.findall(r"`([\w-]+)`", said)
    ]
    assert {"nats", "disk", "engine", "clock"} <= set(named)
    assert [check for check in named if f"`{check}`" not in checks] == []


def test_each_line_of_the_log_that_is_named_is_logged():
    named = re.findall(r"log `([^`]+)`", _SECTION)
    sources = "".join(
        file.read_text() for file in (REPOSITORY / "services").glob("*/nbh_*/**/*.py")
    )
    assert len(named) >= 4
    assert [line for line in named if f'"{line}"' not in sources] == []


def test_what_students_read_stands_on_the_pages():
    named = [words for row in ROWS for words in re.findall(r'"([^"]+)"', row.students)]
    pages = list(words_of_pages())
    assert len(named) >= 6
    assert [words for words in named if not any(words in page for page in pages)] == []
