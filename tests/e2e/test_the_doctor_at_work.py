"""`nbh doctor` of a system with podman: what it says of the engine and its images (E-5)."""

import json

import pytest

from tests.system import Failed

pytestmark = [pytest.mark.podman, pytest.mark.asyncio(loop_scope="session")]


async def found(system, check):
    """What it says of one thing, as (level, sentence, advice)."""
    try:
        said = await system.nbh("doctor", "--json")
    except Failed as e:
        said = str(e).partition("\n")[2]
    findings = [json.loads(line) for line in said.splitlines()]
    return [(f["level"], f["says"], f["advice"]) for f in findings if f["check"] == check]


async def test_podman_its_images_and_the_ranges_of_users_are_there(system):
    for check in ("podman", "engine", "programs", "subuid"):
        assert [level for level, *_ in await found(system, check)] == ["ok"], check
    images = await found(system, "images")
    assert ("ok", f"{system.config.lab.image} is there", "") in images


async def test_a_course_whose_image_is_missing_is_told(system):
    await system.new_course("imageless")
    await system.nbh("course", "set", "imageless", "--image", "localhost/nobody/has-it:1")
    errors = [f for f in await found(system, "images") if f[0] == "error"]
    await system.nbh("course", "delete", "imageless", "--yes")
    assert len(errors) == 1, errors
    assert "no lab of imageless starts" in errors[0][1]
