"""One running system for all end-to-end tests, on the real parts."""

import pytest
import pytest_asyncio

from tests.e2e.browser import browser
from tests.e2e.courses import small_course
from tests.e2e.learner import COURSES, LESSON, LearnersPage
from tests.e2e.platform import platform as serving_platform
from tests.system import running_system


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def system(tmp_path_factory, lab_images):
    """`nbh up` with podman, and a small course in it."""
    folder = tmp_path_factory.mktemp("system")
    async with running_system(folder, engine="podman") as running:
        course = small_course(running.shared / "lesson")
        await running.create_course("lesson", course.folder)
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def platform(system):
    """A learning platform that may show notebooks in its frames."""
    async with serving_platform(system.platform_port) as shown:
        yield shown


@pytest.fixture
def student_browser(system, tmp_path):
    """Opens a browser that reaches the notebooks and the platform: ``student_browser("name")``."""

    def opened(name, *more_ports, **options):
        ports = (system.port, system.platform_port, *more_ports)
        return browser(tmp_path / name, ports=ports, **options)

    return opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def learners_courses(system):
    """Those in which a learner's page is looked at."""
    for name, more in COURSES.items():
        repository = await system.new_course(name)
        repository.push({"w1/loops.md": LESSON, **more})
        await system.pull(name)


@pytest.fixture
def opened(system, learners_courses):
    """Opens the lesson: ``await opened(context, "learner", "ada")``."""

    async def open_(context, course, student):
        page = LearnersPage(await context.new_page())
        return await page.open(system.link(course, "w1/loops", student))

    return open_
