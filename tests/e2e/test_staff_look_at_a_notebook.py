"""Staff look at a student's notebook, from the dashboard: a page made of it, not the live one."""

import json
import re

import pytest
from playwright.async_api import expect

from tests.dashboard.site import drawn
from tests.e2e.browser import no_serious_finding
from tests.e2e.student import Student

pytestmark = [
    pytest.mark.podman,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]

_FIGURE = """\
<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><path d="M0 0h40v30z"/></svg>
"""
_CODE = """# how much
@staticmethod
def much(n: int) -> float:
    return n * 7.0 if n != 0x6 else "42"
"""
_TRACEBACK = [
    "\x1b[0;31m----------\x1b[0m",
    "\x1b[0;36mCell In[2]\x1b[0m \x1b[0;32m----> 1\x1b[0m",
    "\x1b[1;33m1\x1b[0m\x1b[34m/\x1b[0m\x1b[1;36m0",
    "\x1b[0;31mZeroDivisionError\x1b[0m: \x1b[35mdivision\x1b[0m by zero",
]
_SCRIPT = """<p id="said">nothing</p><script>
let kept;
try { kept = document.cookie; } catch (e) { kept = e.name; }
document.getElementById("said").textContent = `${self.origin} ${kept}`;
</script>"""


def _notebook() -> str:
    """One that was worked with: a text with a picture, and a cell that has run."""
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": "42 as Vera saw it\n"},
        {"output_type": "display_data", "metadata": {}, "data": {"text/html": _SCRIPT}},
        {"output_type": "stream", "name": "stderr", "text": "a warning\n"},
        {"output_type": "error", "ename": "E", "evalue": "e", "traceback": _TRACEBACK},
        {"output_type": "execute_result", "metadata": {}, "execution_count": 1}
        | {"data": {"text/plain": "'forty-two'"}},
    ]
    text = "# Vera's work\n\n![a figure](media/fig.svg)\n"
    cells = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": text},
        {"cell_type": "code", "id": "b", "metadata": {}, "source": _CODE}
        | {"outputs": outputs, "execution_count": 1},
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


async def test_staff_see_what_a_student_saved_with_its_outputs_and_its_scripts_reach_nothing(
    system, student_browser, tmp_path
):
    vera = Student(system.link("lesson", "w1/first", "vera"))
    await vera.open()
    await vera.save("w1/mine.ipynb", _notebook())
    media = system.path("vera", "lesson", "w1/media")
    media.mkdir()
    (media / "fig.svg").write_text(_FIGURE)
    await vera.close()
    again = Student(system.link("lesson", "w1/mine", "vera"))
    await again.open()
    await again.close()
    made = await system.nbh("account", "add", "rita", "--role", "staff", "--generate")
    (password,) = re.findall(r"Password  (\S+)", made)

    async with student_browser("rita") as context:
        page = await context.new_page()
        await page.goto(f"{system.config.origins.ui}/login?next=/dashboard/courses/lesson")
        await page.locator("#name").fill("rita")
        await page.locator("#password").fill(password)
        await page.locator("button").click()
        await page.wait_for_url("**/dashboard/courses/lesson")
        await drawn(page)
        await page.locator("#map summary").click()
        link = page.locator('#map a[href*="student=vera"]').filter(has_text="w1/mine")
        await link.click()
        await expect(page.get_by_label("Student")).to_have_value("vera")
        await no_serious_finding(page)
        await page.get_by_role("button", name="Show").click()

        await page.wait_for_url(re.compile(r"/snapshots/[0-9a-f]{32}\.html$"))
        assert page.url.startswith(system.config.origins.share)
        await expect(page.get_by_role("heading", name="Vera's work")).to_be_visible()
        await expect(page.get_by_text("42 as Vera saw it")).to_be_visible()
        await expect(page.locator("#said")).to_have_text("null SecurityError")
        figure = page.get_by_role("img", name="a figure")
        assert await figure.evaluate("(it) => [it.naturalWidth, it.naturalHeight]") == [40, 30]
        await page.screenshot(path=tmp_path / "looked-at.png")
        await no_serious_finding(page)
