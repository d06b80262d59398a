"""A teacher, a site in this process, the service in its own."""

import tempfile
from pathlib import Path

import pytest

from tests.courses.service import Service
from tests.courses.site import Site
from tests.courses.teacher import Teacher


@pytest.fixture
def open_folder():
    """A folder that other users can reach too: pytest closes its own to all but root."""
    with tempfile.TemporaryDirectory(prefix="nbh-courses-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def teacher(open_folder):
    """A repository to push to."""
    return Teacher(open_folder / "teacher.git")


@pytest.fixture
def site(tmp_path, bus):
    """Courses, none yet."""
    return Site(tmp_path / "courses", bus)


@pytest.fixture
def service(open_folder, nats_url):
    """The service, not yet running."""
    return Service(open_folder, nats_url)
