"""What a learner does with the keyboard alone, and where that leads them."""

from nbh_kit.testing import eventually
from tests.e2e.browser import no_serious_finding

FOCUSED = """() => {
  const { activeElement: e } = document;
  return e.closest(".jp-Dialog") && (e.innerText || e.ariaLabel || e.className);
}"""
"""What has the focus in a dialog; null if it is not in one."""


async def take(page, entry):
    """Open the menu and take an entry; the one that would be taken has the focus."""
    keyboard = page.page.keyboard
    await page.opener.focus()
    await keyboard.press("Enter")
    await page.page.get_by_role("menu", name="Menu").wait_for()
    item = page.page.get_by_role("menuitem", name=entry)
    for _ in range(await page.entries.count()):
        if await item.evaluate("e => e === document.activeElement"):
            break
        await keyboard.press("ArrowDown")
    await keyboard.press("Enter")


async def is_open(page, name, default):
    """A dialog of this name, in which Enter takes the default."""
    dialog = page.page.get_by_role("dialog", name=name)
    await dialog.wait_for(timeout=30_000)
    assert await dialog.get_attribute("aria-modal") == "true"
    await eventually(lambda: is_on(page, default))


async def is_on(page, text):
    """Whether this has the focus, in a dialog."""
    return await page.page.evaluate(FOCUSED) == text


async def goes_round(page, *, begins_on=1):
    """Tab leads through all of a dialog and back to where it began; Shift + Tab as well.

    Args:
        begins_on: 0 if what has the focus is nothing that Tab leads to.
    """
    for key in ("Tab", "Shift+Tab"):
        if not begins_on:
            await page.page.keyboard.press("Tab")
            begins_on = 1
        first, passed = await page.page.evaluate(FOCUSED), []
        while first not in passed:
            await page.page.keyboard.press(key)
            now_on = await page.page.evaluate(FOCUSED)
            assert now_on is not None
            assert now_on not in passed, f"{now_on} comes before {first}"
            passed.append(now_on)
        assert len(passed) == await page.dialog.locator("button, input, [tabindex='0']").count()


async def on(page, text):
    """Go to this in the dialog that is open."""
    for _ in range(20):
        if await is_on(page, text):
            return
        await page.page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {text}")


async def in_a_cell(page):
    """Somebody is in a cell, and nothing is told: what will be, a screen reader waits for."""
    await page.notebook.code().locator(".cm-content").click()
    await page.page.keyboard.press("Escape")
    await page.notice.wait_for(state="hidden")
    assert await page.notice.get_by_role("status").count() == 1


async def comes_to(page, text, deed, tmp_path):
    """What is told is heard, gone to, left, and gone to again."""
    await page.is_told(text)
    assert text in " ".join((await page.notice.get_by_role("status").inner_text()).split())
    assert await page.page.get_by_role("region", name="Notice").count() == 1
    deeds = page.notice.get_by_role("button")
    assert await deeds.first.inner_text() == deed
    await no_serious_finding(page.page)
    await page.page.screenshot(path=tmp_path / "notice.png")
    for key in ("F8", "Escape", "F8"):
        await page.page.keyboard.press(key)
        await (is_in_the_cell(page) if key == "Escape" else has_focus(deeds.first))


async def is_back_in_the_cell(page):
    """What was told is away, and they are where they were."""
    await page.notice.wait_for(state="hidden")
    await is_in_the_cell(page)


async def is_in_the_cell(page):
    """Somebody is where keys are meant for the cell."""
    cell = page.page.locator(".jp-Cell.jp-mod-active")
    await eventually(lambda: cell.evaluate("e => e.contains(document.activeElement)"))


async def has_focus(one):
    """Wait until this has the focus."""
    await eventually(lambda: one.evaluate("e => e === document.activeElement"))
