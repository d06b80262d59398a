"""A notebook as a learner has it before them: its header and its one menu."""

import json

from playwright.async_api import Frame, Locator, Page

from nbh_kit.testing import eventually
from tests.e2e.browser import Notebook

LESSON = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3 (ipykernel)
  language: python
  name: python3
nbhosting:
  title: Loops, and how to leave them
  version: '2.1'
---

# Loops

Read this first.

```{code-cell} ipython3
print("hello from the course")
```

Read this afterwards.

```{code-cell} ipython3
print("the end")
```
"""
IN_LAB = "general:\n  notebook-url-format: lab/tree/{notebook}\n"


def wishes(plugin: str) -> str:
    """The file in which a course says what it wishes of a plugin of Jupyter's or ours."""
    package, _, name = plugin.rpartition(":")
    return f".nbhosting/jupyter/lab/user-settings/{package}/{name}.jupyterlab-settings"


WISHED = {
    "interface": "full",
    "textCells": "editable",
    "menu": ["help", "save"],
    "language": "fr",
}
STILL = LESSON.replace("  version: '2.1'", "  show_up_down_buttons: false")
COURSES = {
    "learner": {"w1/still.md": STILL},
    "learner-lab": {".nbhosting/nbhosting.yaml": IN_LAB},
    "learner-full": {wishes("nbh-notebook:plugin"): json.dumps(WISHED)},
}
"""One course for each front end, and one with wishes: by name, its files beside the lesson."""


class LearnersPage:
    """A page of Jupyter with our extension, opened for itself or in a frame."""

    def __init__(self, page: Page | Frame) -> None:
        self.page = page
        self.notebook = Notebook(page)

    @property
    def header(self) -> Locator:
        return self.page.locator(".nbh-Header")

    @property
    def title(self) -> Locator:
        return self.header.get_by_role("heading")

    @property
    def save(self) -> Locator:
        """The button that says whether the notebook is saved."""
        return self.header.locator(".nbh-Save")

    @property
    def opener(self) -> Locator:
        return self.header.locator(".nbh-Opener")

    @property
    def entries(self) -> Locator:
        """What is in the open menu."""
        return self.page.locator("#nbh-menu .lm-Menu-item:visible .lm-Menu-itemLabel")

    @property
    def dialog(self) -> Locator:
        return self.page.locator(".jp-Dialog-content")

    async def open(self, url: str) -> "LearnersPage":
        """Open a launch URL and wait until it can be worked with."""
        await self.page.goto(url)
        await self.notebook.shown()
        await self.opener.wait_for()
        return self

    async def menu(self) -> list[str]:
        """Open the menu; return what is in it."""
        await self.opener.click()
        await self.entries.first.wait_for()
        return await self.entries.all_inner_texts()

    async def choose(self, entry: str) -> None:
        """Open the menu and take an entry."""
        await self.menu()
        await self.entries.filter(has_text=entry).click()

    async def answer(self, button: str) -> None:
        """Take a button of the dialog that is open."""
        await self.dialog.get_by_role("button", name=button, exact=True).click()

    @property
    def notice(self) -> Locator:
        """The line at the foot."""
        return self.page.locator(".nbh-Notice")

    async def is_told(self, text: str) -> None:
        """Wait until the line at the foot says so. Who comes back to a page is told at once."""

        async def told() -> bool:
            await self.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
            return await self.notice.filter(has_text=text).is_visible()

        await eventually(told, within=30, pause=0.5)

    async def do(self, deed: str) -> None:
        """Take a button of the line at the foot."""
        await self.notice.get_by_role("button", name=deed, exact=True).click()

    def text(self, number: int = 0) -> Locator:
        """A cell of text."""
        return self.page.locator(".jp-MarkdownCell").nth(number)
