"""The three documents of nbhosting 0.59 at their addresses, in their shapes (T6, T10, T13)."""

import pytest

from nbh_proto import NodeSampled
from tests.stats import small_course
from tests.stats.test_numbers_of_labs import NOON, counts, machine


@pytest.fixture
async def world(door):
    return await small_course.told(door)


@pytest.fixture
async def document(world):
    async def asked(name):
        async with world.browser() as browser:
            answer = await browser.get(f"/staff/stats/{name}/py")
        assert answer.status_code == 200, answer.text
        return answer.json()

    return asked


async def test_days_on_which_anything_happened(document):
    """They are UTC's: bob's second click is of Monday."""
    assert await document("daily_metrics") == {
        "daily": {
            "timestamps": [f"2026-01-{day} 23:59:59" for day in ("05", "12", "14")],
            "unique_students": [2, 1, 2],
            "unique_notebooks": [2, 1, 1],
            "new_students": [2, 0, 1],
            "new_notebooks": [2, 1, 0],
        },
        "events": {
            "timestamps": [
                *("2026-01-05T09:00:00", "2026-01-05T09:30:00", "2026-01-05T22:30:00"),
                *("2026-01-12T09:00:00", "2026-01-14T10:00:00"),
            ],
            "total_students": [1, 1, 2, 2, 3],
            "total_notebooks": [1, 2, 2, 3, 3],
        },
    }


async def test_who_opened_what(document):
    monday = [["w1/a", 2], ["w1/b", 2]]
    assert await document("material_usage") == {
        "nbnotebooks": 3,
        "nbstudents": 3,
        "nbstudents_per_notebook": [["w1/a", 3], ["w1/b", 2], ["w2/c", 1]],
        "nbstudents_per_notebook_animated": {
            "2026-01-05T12:00:00": [["w1/a", 1], ["w1/b", 1]],
            "2026-01-06T00:00:00": monday,
            "2026-01-12T12:00:00": [*monday, ["w2/c", 1]],
            "2026-01-14T12:00:00": [["w1/a", 3], ["w1/b", 2], ["w2/c", 1]],
        },
        "nbstudents_per_nbnotebooks": [[1, 1], [2, 1], [3, 1]],
        "heatmap": {
            "x": ["w1/a", "w1/b", "w2/c"],
            "y": ["cleo", "bob", "ada"],
            "z": [[1, None, None], [1, 1, None], [2, 1, 1]],
            "zmin": 1,
            "zmax": 2,
        },
    }


async def test_what_was_sampled(document, world):
    here, everywhere = counts(3, 1, 4, 9), counts(10, 2, 12, 20)
    sample = {"machine": machine(1.5, 400), "total": everywhere, "courses": {"py": here}}
    await world.say(NodeSampled(node="n1", at=NOON, **sample))
    found = await document("monitor_counts")
    assert found["timestamps"] == ["2026-01-05T12:00:00"]
    assert {name: value for name, (value,) in found.items() if name != "timestamps"} == {
        **{"running_containers": 3, "frozen_containers": 1, "running_kernels": 4},
        **{"student_homes": 9, "load1s": 150, "load5s": 75, "load15s": 38},
        **{"container_ds_percents": None, "container_ds_frees": None},
        **{"nbhosting_ds_percents": 40, "nbhosting_ds_frees": 400},
        **{"system_ds_percents": 40, "system_ds_frees": 400},
        **{"memory_totals": 8 * 1024**3, "memory_frees": 400, "memory_availables": 800},
        **{"system_containers": 12, "system_kernels": 12},
    }


async def test_a_course_in_which_nothing_happened_has_them_too(world):
    world.register("new")
    async with world.browser() as browser:
        for name in ("daily_metrics", "monitor_counts", "material_usage"):
            assert (await browser.get(f"/staff/stats/{name}/new")).status_code == 200
            assert (await browser.get(f"/staff/stats/{name}/never")).status_code == 404
