"""A student's browser: real Chromium with third-party cookies blocked, and what they do in it."""

import json
import re
import shutil
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import (
    BrowserContext,
    Frame,
    FrameLocator,
    Locator,
    Page,
    async_playwright,
)

from nbh_kit.testing import eventually
from tests.e2e import apart

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")

_QUIET = [
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # the strictest of what browsers do to a frame of another site
    "--test-third-party-cookie-phaseout",
]
_PREFERENCES = {"profile": {"block_third_party_cookies": True, "cookie_controls_mode": 1}}

KERNEL_IS_IDLE = r"""async () => {
  const [, lab, path] = location.pathname.match(/^\/(\d+)\/(?:notebooks|\w+\/tree)\/(.*)$/) || [];
  const sessions = await (await fetch(`/${lab}/api/sessions`)).json();
  const { kernel } = sessions.find((s) => s.path === path) || {};
  return kernel && kernel.connections > 0 && kernel.execution_state === "idle";
}"""

PATIENCE = 60_000
"""Milliseconds a person would wait for a notebook before giving up."""


@asynccontextmanager
async def browser(
    profile: Path,
    *,
    ports: Sequence[int] = (),
    javascript: bool = True,
    width: int = 1100,
    height: int = 900,
    locale: str | None = None,
    cable: apart.Cable | None = None,
) -> AsyncGenerator[BrowserContext]:
    """A fresh browser with a profile of its own.

    Args:
        locale: if given, what its pages ask to be answered in, over any header that a test sets.
        ports: if given, it lives in a network of its own that has these alone (`apart`).
        cable: what joins that network to this machine's.
    """
    (profile / "Default").mkdir(parents=True)
    (profile / "Default" / "Preferences").write_text(json.dumps(_PREFERENCES))
    through = Path(tempfile.mkdtemp(prefix="nbh-apart-"))
    async with apart.passing(through, ports, cable), async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            str(profile),
            executable_path=apart.wrapper(through, CHROMIUM) if ports else CHROMIUM,
            headless=True,
            chromium_sandbox=False,
            args=_QUIET,
            java_script_enabled=javascript,
            viewport={"width": width, "height": height},
            locale=locale,
        )
        context.set_default_timeout(PATIENCE)
        try:
            yield context
        except BaseException:
            # what the student saw when it went wrong
            for number, page in enumerate(context.pages):
                await page.screenshot(path=profile / f"failed-{number}.png")
            raise
        finally:
            await context.close()
            shutil.rmtree(through)


async def no_serious_finding(page: Page) -> None:
    """What axe finds in a page is nothing serious."""
    found = (await Axe().run(page)).response["violations"]
    grave = [each for each in found if each["impact"] in ("serious", "critical")]
    assert not grave, "\n".join(_said(each) for each in grave)


def _said(finding: dict[str, Any]) -> str:
    nodes = [f"{node['html'][:300]}\n{node['failureSummary']}" for node in finding["nodes"]]
    return "\n".join((finding["id"], *nodes))


class Notebook:
    """A notebook as a student has it before them, in a page or in a frame of one."""

    def __init__(self, where: Page | Frame | FrameLocator) -> None:
        self._where = where

    async def shown(self) -> "Notebook":
        """Wait until it can be worked with: its cells are there and its kernel is idle."""
        await self._where.locator(".jp-Cell").first.wait_for()
        # The page says "idle" before there is a kernel; a cell run then asks for one to be chosen.
        await eventually(self._kernel_is_idle, within=PATIENCE / 1000, pause=0.1)
        return self

    async def _kernel_is_idle(self) -> bool:
        return bool(await self._where.locator("body").evaluate(KERNEL_IS_IDLE))

    def code(self, number: int = 0) -> Locator:
        """The code cell with this number, from 0."""
        return self._where.locator(".jp-CodeCell").nth(number)

    async def write(self, source: str, number: int = 0) -> None:
        """Put this into a code cell instead of what is there."""
        editor = self.code(number).locator(".cm-content")
        await editor.click()
        await editor.press("ControlOrMeta+a")
        await editor.press_sequentially(source)

    async def run(self, number: int = 0) -> str:
        """Run a code cell and return what it printed."""
        await self.begin(number)
        output = self.code(number).locator(".jp-OutputArea-output").first
        await output.wait_for()
        await self._prompt_is_a_number(number)
        return (await output.inner_text()).strip()

    async def begin(self, number: int = 0) -> None:
        """Run a code cell, and do not wait."""
        await self.code(number).locator(".cm-content").click()
        await self._where.locator('[data-jp-item-name="run"]').first.click()

    async def prints(self, text: str, number: int = 0) -> None:
        """Wait until this stands below a code cell."""
        output = self.code(number).locator(".jp-OutputArea-output")
        await output.filter(has_text=text).first.wait_for()

    async def confirm(self) -> None:
        """Answer the dialog that is open with what it proposes."""
        await self._where.locator(".jp-Dialog .jp-mod-accept").click()

    async def _prompt_is_a_number(self, number: int) -> None:
        prompt = self.code(number).locator(".jp-InputPrompt")
        await prompt.filter(has_text=re.compile(r"\[\d+\]")).wait_for()

    async def save(self) -> None:
        """Save as a student does."""
        await self.code().locator(".cm-content").press("ControlOrMeta+s")

    async def shows(self, source: str, number: int = 0) -> None:
        """Wait until this stands in a code cell; editors are drawn a moment after their cells."""
        await self.code(number).locator(".cm-content").filter(has_text=source).wait_for()
