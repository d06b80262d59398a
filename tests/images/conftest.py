"""Labs for the tests of the images."""

from functools import partial

import pytest
import pytest_asyncio

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
