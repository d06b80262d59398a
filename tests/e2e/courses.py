"""Courses for tests: small real git repositories."""

import os
import subprocess
from pathlib import Path

from nbh_kit import programs

MYST = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3 (ipykernel)
  language: python
  name: python3
nbhosting:
  title: {title}
---

# {title}

```{{code-cell}} ipython3
print("{greeting}")
```
"""

PERCENT = """# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Second

# %%
print(6 * 7)
"""

_AUTHOR = {
    "GIT_AUTHOR_NAME": "a teacher",
    "GIT_AUTHOR_EMAIL": "teacher@example.org",
    "GIT_COMMITTER_NAME": "a teacher",
    "GIT_COMMITTER_EMAIL": "teacher@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}


class Repository:
    """A teacher's clone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self._git("init", "--quiet", "--initial-branch=main")

    def push(self, files: dict[str, str]) -> str:
        """Write files and commit them; return the commit's id."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", "a lesson")
        return self._git("rev-parse", "HEAD")

    def _git(self, *words: str) -> str:
        done = subprocess.run(
            [str(programs.find("git")), "-C", str(self.folder), *words],
            env=os.environ | _AUTHOR,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()


def small_course(folder: Path) -> Repository:
    """Two notebooks, a module and a data file."""
    course = Repository(folder)
    course.push(
        {
            "w1/first.md": MYST.format(title="First", greeting="hello from the course"),
            "w1/second.py": PERCENT,
            "modules/lesson.py": "ANSWER = 42\n",
            "data/cities.csv": "name,people\nNice,348085\n",
        }
    )
    return course
