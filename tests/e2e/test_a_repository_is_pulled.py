"""A link of nbgitpuller's, as a platform emits it, brings files of a repository that the course
allows into the student's work (S15, E-14)."""

import time
from urllib.parse import urlencode

import pytest

from nbh_kit import links
from nbh_kit.testing import eventually
from tests.e2e.browser import Notebook
from tests.settings import PLATFORM

pytestmark = [
    pytest.mark.podman,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]

DATA = "https://git.example.org/data"
BESIDE = """FROM nbhosting/minimal-notebook
RUN pip install --quiet nbgitpuller
COPY beside.ipynb /srv/data/
RUN cd /srv/data && git init --quiet --initial-branch main && git add . \\
 && git -c user.name=t -c user.email=t@example.org commit --quiet -m beside \\
 && git config --system url./srv/data.insteadOf https://git.example.org/data \\
 && git config --system safe.directory '*'
"""
"""A lab reaches nothing of ours, and a test nothing of the world: the forge is in the image."""

NOTEBOOK = """{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
  {"id": "a", "cell_type": "markdown", "metadata": {}, "source": "# Beside the course"}]}"""


def pulling(system, student, **query):
    """As a platform puts together what it signed and what nbgitpuller is to do."""
    place = links.Place(course="pulled", notebook="", student=student)
    link = links.Link(
        place=place, action="open", platform=PLATFORM, expires=int(time.time() + 600)
    )
    key = links.signing_platforms(system.config.platform)[PLATFORM].keys[0]
    path, _, signed = links.sign(link, key).partition("?")
    return f"{system.url}{path}/git-pull?{urlencode(query)}&{signed}"


async def test_a_link_pulls_what_the_course_allows_and_opens_it(
    system, platform, student_browser, tmp_path
):
    repository = await system.new_course("pulled")
    repository.push({".nbhosting/Dockerfile": BESIDE, ".nbhosting/beside.ipynb": NOTEBOOK})
    await system.pull("pulled")
    await system.nbh("course", "build", "pulled", within=300)
    await system.nbh("course", "set", "pulled", "--git-pull", DATA)
    url = pulling(system, "gil", repo=DATA, branch="main", urlpath="notebooks/data/beside.ipynb")
    async with student_browser("profile") as context:
        page = await context.new_page()
        await page.goto(platform.lesson("pulled", [url]))
        frame = page.frame_locator("[name=frame0]")
        await frame.get_by_role("heading", name="Beside the course").wait_for()
        await Notebook(frame).shown()  # it names no kernel: none is asked for
        await page.screenshot(path=tmp_path / "pulled.png")
        pulled = system.path("gil", "pulled", "data/beside.ipynb")
        assert "Beside the course" in pulled.read_text()
        opened = {"course": "pulled", "student": "gil"}
        assert await eventually(lambda: system.events("access.forwarded", **opened), within=20)
        assert not await system.events("access.opened", **opened)
