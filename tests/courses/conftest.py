"""A site and a teacher."""

import pytest

from tests.courses.site import Site
from tests.courses.teacher import Teacher


@pytest.fixture
def teacher(tmp_path):
    """A repository to push to."""
    return Teacher(tmp_path / "teacher.git")


@pytest.fixture
def site(tmp_path, bus):
    """Courses, none yet."""
    return Site(tmp_path / "courses", bus)
