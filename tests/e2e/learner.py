"""A notebook as a learner has it before them: its header and its one menu."""

from playwright.async_api import Locator, Page

from tests.e2e.browser import Notebook


class LearnersPage:
    """A page of Jupyter with our extension, opened for itself and not in a frame."""

    def __init__(self, page: Page) -> None:
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

    def text(self, number: int = 0) -> Locator:
        """A cell of text."""
        return self.page.locator(".jp-MarkdownCell").nth(number)
