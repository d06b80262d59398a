"""Labs for the tests of the images."""

from functools import partial

import pytest
import pytest_asyncio

from nbh_cli import images
from nbh_cli.host import machine, packages, podman
from nbh_cli.host.service import podman_service
from tests.conftest import REPOSITORY
from tests.images import lab as labs

MINIMAL, SCIPY = (f"localhost/nbhosting/{kind}-notebook" for kind in ("minimal", "scipy"))

NOTEBOOKS = {
    "myst.md": """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# Été

```{code-cell} ipython3
1 + 1
```
""",
    "percent.py": "# %% [markdown]\n# # Été\n\n# %%\n1 + 1\n",
    "plain.ipynb": """{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}""",
    "page.html": "<script>1</script>",
}


def pytest_collection_modifyitems(items):
    if machine.look().root and not packages.missing():
        return
    missing = ", ".join(need.what for need in packages.missing()) or "root"
    for item in items:
        if item.get_closest_marker("podman"):
            item.add_marker(pytest.mark.skip(reason=f"this machine has no {missing}"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def podman_socket(tmp_path_factory):
    """podman's API, running for all tests."""
    async with podman_service(tmp_path_factory.mktemp("podman")) as socket:
        yield socket


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def lab_images(tmp_path_factory):
    """The images of labs, built once if they are out of date."""
    here = podman.prepare(machine.look(), tmp_path_factory.mktemp("images"))
    await images.build_all(here, REPOSITORY, say=print)
    return [image.repository for image in images.IMAGES]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def lab(podman_socket, lab_images, tmp_path_factory):
    """A lab of the larger image, for tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("lab")
    async with labs.running(podman_socket, SCIPY, folder, files=NOTEBOOKS) as running:
        yield running


@pytest.fixture
def start_lab(podman_socket, lab_images, tmp_path):
    """Starts a lab of the test's own: ``async with start_lab(given={...}) as lab``."""
    return partial(labs.running, podman_socket, MINIMAL, tmp_path / "lab")
