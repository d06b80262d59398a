"""Who may show a lab in a frame; and Jupyter's own sandbox around a student's files (S-18)."""

import pytest

from tests.images.lab import ANCESTORS

pytestmark = pytest.mark.podman


def policy(answer):
    assert answer.status_code == 200
    return answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["lab", "notebooks/myst.md", "tree", "api/contents"])
async def test_only_the_sites_platforms_may_frame_a_lab(lab, path):
    assert ANCESTORS in policy(await lab.get(path))


@pytest.mark.parametrize("path", ["files/page.html", "nbconvert/html/plain.ipynb"])
async def test_a_students_file_is_sandboxed_and_framed_by_nobody_else(lab, path):
    said = policy(await lab.get(path))
    assert ANCESTORS in said
    assert "sandbox allow-scripts" in said
