"""A teacher, a site in this process, the service in its own."""

import pytest

from tests import memory
from tests.courses.service import Service
from tests.courses.site import Site
from tests.courses.teacher import Teacher


@pytest.fixture
def open_folder():
    """A folder that other users can reach too: pytest closes its own to all but root."""
    with memory.folder() as folder:
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def teacher(open_folder):
    """A repository to push to."""
    return Teacher(open_folder / "teacher.git")


@pytest.fixture
def site(in_memory, bus):
    """Courses, none yet."""
    return Site(in_memory / "courses", bus)


@pytest.fixture
def service(open_folder, nats_url):
    """The service, not yet running."""
    return Service(open_folder, nats_url)
