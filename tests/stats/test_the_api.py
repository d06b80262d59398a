"""The statistics over HTTP: formats, parameters, who is let in."""

from datetime import UTC, datetime

import pytest

from nbh_proto import AccessOpened
from nbh_stats import numbers

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def opened(student, notebook, at=NOON, course="py", way="pool", seconds=0.5):
    return AccessOpened(
        access="a",
        course=course,
        student=student,
        notebook=notebook,
        way=way,
        seconds=seconds,
        at=at,
    )


PATHS = {"course": "courses/py/{}", "node": "nodes/n1/{}", "site": "{}"}
ALL = [(n, PATHS[n.about].format(n.name)) for n in numbers.ALL]


@pytest.mark.parametrize(("number", "path"), ALL, ids=lambda x: x if isinstance(x, str) else "")
async def test_each_number_is_there_also_of_a_course_in_which_nothing_happened(
    world, number, path
):
    world.register("py")
    answer = (await world.ask(f"{path}.json")).json()
    assert [c["name"] for c in answer["columns"]] == [c.name for c in number.columns]
    assert len(answer["data"]) == len(number.columns)
    assert {len(column) for column in answer["data"]} <= {0, 1}
    for format_ in ("csv", "parquet"):
        await world.ask(f"{path}.{format_}")
