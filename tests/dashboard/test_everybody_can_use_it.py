"""The dashboard for who cannot see it, has no mouse, a narrow screen, paper, or speaks French."""

from pathlib import Path

import axe_playwright_python
import pytest
from playwright.async_api import expect

from tests.dashboard.site import drawn

pytestmark = pytest.mark.browser

PATHS = ("", "courses/python", "nodes/n1", "courses/unused", "courses/nowhere")
HERE = "document.activeElement.outerHTML.slice(0, 200)"
FINDINGS = """async () => (await axe.run()).violations.map(({ id, impact, nodes }) =>
  [impact, id, nodes.map((node) => node.html.slice(0, 200)).slice(0, 3)])"""


def axe():
    """axe-core, as the package of its Playwright adapter carries it."""
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_has_nothing_serious_to_say(site, scheme):
    async with site.looking(scheme=scheme) as page:
        for path in PATHS:
            await page.goto(f"{site.ui}/dashboard/{path}")
            if path != "courses/nowhere":
                await drawn(page)
            for summary in await page.locator(
                "#students summary:visible, #load summary:visible"
            ).all():
                await summary.click()
            await page.evaluate(axe())
            found = await page.evaluate(FINDINGS)
            assert [each for each in found if each[0] in ("serious", "critical")] == [], path


async def test_all_is_reached_by_the_keyboard(site):
    async with site.looking() as page:
        await drawn(page)
        await page.keyboard.press("Tab")
        await expect(page.locator(":focus")).to_have_text("To the content")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(page.locator(":focus")).to_have_text("python")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/dashboard/courses/python")
        await drawn(page)
        reached = []
        while "footer" not in reached:
            await page.keyboard.press("Tab")
            seen = "getComputedStyle(document.activeElement).outlineStyle !== 'none'"
            assert await page.evaluate(seen), await page.evaluate(HERE)
            reached.append(
                await page.evaluate(
                    "document.activeElement.closest('article')?.id || "
                    "document.activeElement.closest('footer, form')?.localName || ''"
                )
            )
        assert {"form", "students-by-day", "notebooks", "map", "funnel", "labs"} <= set(reached)


@pytest.mark.parametrize("width", [320, 390, 768])
async def test_nothing_leaves_a_narrow_screen(site, width):
    async with site.looking(width=width, height=800) as page:
        for path in PATHS:
            await page.goto(f"{site.ui}/dashboard/{path}")
            if path != "courses/nowhere":
                await drawn(page)
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, path


async def test_it_is_printed_on_white_without_what_only_a_screen_can_do(site):
    async with site.looking(scheme="dark") as page:
        await page.goto(f"{site.ui}/dashboard/courses/python")
        await drawn(page)
        await page.emulate_media(media="print", color_scheme="light")
        for gone in (".bar", ".range", "#notebooks details"):
            await expect(page.locator(gone).first).to_be_hidden()
        await expect(page.locator("#figures")).to_be_visible()
        ink = "(id) => document.querySelector(`#${id} .plot`).layout.font.color"
        night = await page.evaluate(ink, "labs")
        await page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert await page.evaluate(ink, "labs") != night
        widths = await page.locator(".main-svg").evaluate_all(
            "(all) => all.map((e) => e.clientWidth)"
        )
        assert max(widths) <= 660
        await page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert await page.evaluate(ink, "labs") == night


async def test_it_speaks_french(site):
    async with site.looking(language="fr-CA,fr;q=0.9,en;q=0.5") as page:
        await drawn(page)
        await page.get_by_role("link", name="python", exact=True).click()
        await page.wait_for_url("**/dashboard/courses/python")
        await drawn(page)
        await expect(page.locator("html")).to_have_attribute("lang", "fr")
        await expect(page.locator("#live")).to_have_text("en direct")
        await expect(page.get_by_role("heading", name="Étudiants par jour")).to_be_visible()
        await page.locator("#starts summary").click()
        heads = page.locator("#starts thead th")
        await expect(heads).to_have_text(
            ["Façon", "Ouvertures", "La moitié en", "95 % en", "99 % en"]
        )
        assert await page.locator("#hours tbody th").first.inner_text() == "lun."
