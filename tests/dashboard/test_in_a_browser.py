"""The dashboard in Chromium: what is drawn is what the numbers say (E-8 to E-10)."""

import asyncio
import csv
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from nbh_proto import AccessOpened, now
from nbh_stats.dashboard import charts
from tests.dashboard.site import drawn

pytestmark = pytest.mark.browser

PYTHON = "courses/python"

# what plotly holds of a chart, with its typed arrays as lists
TRACES = """(id) => document.querySelector(`#${id} .plot`).data.map((trace) => Object.fromEntries(
  ["x", "y", "z"].filter((key) => trace[key]).map((key) => [key, Array.from(trace[key], (each) =>
    each && each.length && typeof each !== "string" ? Array.from(each) : each)])))"""
VALUES = (
    "(id) => [...document.querySelectorAll(`#${id} [data-value]`)].map((e) => +e.dataset.value)"
)
LABELS = "(id) => [...document.querySelectorAll(`#${id} .bars .label`)].map((e) => e.textContent)"


async def columns(site, path, **query):
    """A number's columns by their names."""
    answer = await site.ask(path, **query)
    return dict(zip((c["name"] for c in answer["columns"]), answer["data"], strict=True))


async def open_course(page):
    """From the list to the course, as a person goes."""
    await page.get_by_role("link", name="python", exact=True).click()
    await page.wait_for_url("**/dashboard/courses/python")
    await drawn(page)


async def test_the_list_shows_each_course_s_last_thirty_days(site):
    async with site.looking() as page:
        await drawn(page)
        cards = page.locator("#courses li")
        await expect(cards.locator("a")).to_have_text(["python", "unused"])
        line = await cards.first.locator(".spark").get_attribute("data-values")
        by_day = await columns(site, "courses-by-day")
        in_line = [int(value) for value in line.split()]
        assert len(in_line) == 30
        assert in_line == _filled(in_line, by_day)
        assert max(in_line) > 0
        students = (await columns(site, "courses", **{"from": _days_ago(29)}))["students"]
        await expect(cards.first.locator(".facts b")).to_have_text(str(students[0]))
        await expect(page.locator("#nodes li")).to_contain_text(["n1"])
        await expect(page.locator("#no-machines")).to_be_hidden()


def _days_ago(days):
    here = now().astimezone(ZoneInfo("Europe/Paris"))
    return (here - timedelta(days=days)).date().isoformat()


def _filled(line, by_day):
    came = dict(zip(by_day["day"], by_day["students"], strict=True))
    return [came.get(_days_ago(29 - at), 0) for at in range(len(line))]


async def test_each_chart_of_a_course_is_drawn_with_the_points_of_its_number(site):
    async with site.looking() as page:
        await open_course(page)
        for group in charts.COURSE:
            for chart in group.charts:
                answer = await site.ask(f"{PYTHON}/{chart.number}")
                rows = len(answer["data"][0])
                article = page.locator(f"#{chart.id}")
                assert await article.get_attribute("data-drawn") == str(rows), chart.id
                if rows:
                    await expect(article.locator(".drawing > *").first).to_be_visible()
        await _points_are_right(site, page)


async def _points_are_right(site, page, **query):
    for name in ("students", "notebooks"):
        by_day = await columns(site, f"{PYTHON}/{name}-by-day", **query)
        await expect(page.locator(f"#{name}-by-day .nothing")).to_be_hidden()
        before, new, total = await page.evaluate(TRACES, f"{name}-by-day")
        assert before["x"] == new["x"] == total["x"] == by_day["day"]
        assert [sum(pair) for pair in zip(before["y"], new["y"], strict=True)] == by_day[name]
        assert (new["y"], total["y"]) == (by_day["new"], by_day["total"])
    per_student = await columns(site, f"{PYTHON}/notebooks-per-student", **query)
    (trace,) = await page.evaluate(TRACES, "notebooks-per-student")
    assert (trace["x"], trace["y"]) == (per_student["notebooks"], per_student["students"])
    await _map_is_right(page, await columns(site, f"{PYTHON}/map", **query))
    starts = await columns(site, f"{PYTHON}/starts-by-day", **query)
    for trace, share in zip(
        await page.evaluate(TRACES, "starts-by-day"), ("p50", "p95", "p99"), strict=True
    ):
        assert (trace["x"], trace["y"]) == (starts["day"], starts[share])
    labs = await columns(site, f"{PYTHON}/labs", **query)
    names = ("running", "frozen", "pooled", "kernels")
    for trace, name in zip(await page.evaluate(TRACES, "labs"), names, strict=True):
        assert (trace["x"], trace["y"]) == (labs["at"], labs[name])
    notebooks = await columns(site, f"{PYTHON}/notebooks", **query)
    assert await page.evaluate(LABELS, "notebooks") == notebooks["notebook"]
    assert await page.evaluate(VALUES, "notebooks") == notebooks["students"]
    funnel = await columns(site, f"{PYTHON}/funnel", **query)
    assert await page.evaluate(VALUES, "funnel") == funnel["reached"]
    hours = await columns(site, f"{PYTHON}/hours", **query)
    assert sum(await page.evaluate(VALUES, "hours")) == sum(hours["opens"])
    cohorts = await columns(site, f"{PYTHON}/return-visits", **query)
    assert sum(await page.evaluate(VALUES, "return-visits")) == sum(cohorts["students"])


async def _map_is_right(page, cells):
    (trace,) = await page.evaluate(TRACES, "map")
    drawn_ = {
        (student, notebook): opens
        for student, row in zip(trace["y"], trace["z"], strict=True)
        for notebook, opens in zip(trace["x"], row, strict=True)
        if opens is not None
    }
    told = zip(cells["student"], cells["notebook"], cells["opens"], strict=True)
    assert drawn_ == {(student, notebook): opens for student, notebook, opens in told}


async def test_a_range_stands_in_the_address_and_comes_back_with_it(site):
    async with site.looking() as page:
        await open_course(page)
        await page.get_by_role("link", name="7 days").click()
        await expect(page).to_have_url(f"{site.ui}/dashboard/courses/python?last=7")
        await drawn(page)
        await _points_are_right(site, page, **{"from": _days_ago(6)})
        await page.locator("[name=from]").fill(_days_ago(20))
        await page.locator("[name=to]").fill(_days_ago(10))
        await page.get_by_role("button", name="Show").click()
        await drawn(page)
        query = {"from": _days_ago(20), "to": _days_ago(10)}
        assert page.url.endswith(f"?from={query['from']}&to={query['to']}")
        await _points_are_right(site, page, **query)
        await page.reload()
        await drawn(page)
        await expect(page.locator("[name=from]")).to_have_value(query["from"])
        await _points_are_right(site, page, **query)
        await page.go_back()
        await expect(page).to_have_url(f"{site.ui}/dashboard/courses/python?last=7")


async def test_a_network_that_changes_meanwhile_is_not_seen(site):
    async with site.looking() as page:
        lost = []

        async def lose(route):
            lost.append(route.request.url)
            await (route.abort("connectionaborted") if len(lost) <= 2 else route.continue_())

        await page.route("**/students-by-day.json?*", lose)
        await open_course(page)
        await _points_are_right(site, page)
        assert len(lost) == 3


async def test_a_page_is_drawn_when_all_is_drawn_that_was_asked_for(site):
    async with site.looking() as page:
        await open_course(page)
        held = asyncio.Queue()
        await page.route("**/map.json?*", held.put)
        for days in ("7 days", "30 days"):
            await page.get_by_role("link", name=days).click()
        for _ in range(2):
            route = await asyncio.wait_for(held.get(), 60)
            async with page.expect_event("requestfinished", lambda asked: "map.json" in asked.url):
                await route.continue_()
        await drawn(page)
        await _points_are_right(site, page, **{"from": _days_ago(29)})
        assert await page.evaluate("performance.getEntriesByName('drawn').length") == 2


async def test_a_chart_has_its_table_and_its_files(site):
    async with site.looking() as page:
        await open_course(page)
        await page.get_by_role("link", name="30 days").click()
        await drawn(page)
        chart = page.locator("#notebooks")
        await chart.locator("summary").click()
        told = await columns(site, f"{PYTHON}/notebooks", **{"from": _days_ago(29)})
        rows = list(zip(*told.values(), strict=True))
        cells = await chart.locator("tbody tr").evaluate_all(
            "(rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
        )
        assert cells == [[name, str(students), str(opens)] for name, students, opens in rows]
        async with page.expect_download() as coming:
            await chart.get_by_role("link", name="CSV").click()
        download = await coming.value
        assert download.suggested_filename == "python-notebooks.csv"
        text = Path(await download.path()).read_text()
        head, *lines = csv.reader(text.splitlines())
        assert head == list(told)
        assert lines == [[name, str(students), str(opens)] for name, students, opens in rows]
        async with page.expect_download() as coming:
            await chart.get_by_role("link", name="Parquet").click()
        assert (await coming.value).suggested_filename == "python-notebooks.parquet"


async def test_who_looks_sees_what_happens_without_doing_anything(site):
    async with site.looking() as page:
        await open_course(page)
        await expect(page.locator("#live")).to_have_text("live")
        before = await columns(site, f"{PYTHON}/notebooks")
        await page.locator("#notebooks").scroll_into_view_if_needed()
        opened = AccessOpened(
            access="a",
            course="python",
            student="somebody-new",
            notebook="w0/surprise.md",
            way="pool",
            seconds=0.1,
        )
        await site.world.say(opened)
        label = page.locator("#notebooks .label", has_text="w0/surprise")
        await expect(label).to_have_count(1)
        assert await page.evaluate(LABELS, "notebooks") == ["w0/surprise", *before["notebook"]]
        await expect(page.locator("[data-figure=students] b")).to_have_text(
            str((await columns(site, f"{PYTHON}/summary"))["students"][0])
        )


async def test_an_empty_course_fills_by_itself(site):
    async with site.looking("bob") as page:
        await page.get_by_role("link", name="unused", exact=True).click()
        await expect(
            page.get_by_text("Nobody has opened a notebook of unused yet")
        ).to_be_visible()
        await expect(page.locator("#live")).to_have_text("live")
        opened = AccessOpened(
            access="a", course="unused", student="eve", notebook="n.md", way="pool", seconds=0.1
        )
        await site.world.say(opened)
        await expect(page.locator("#notebooks .label")).to_have_text(["n"])
        # its machines were not looked at lately, which is not to have none
        await expect(page.locator("[data-figure=now]")).to_contain_text("not counted yet")


async def test_how_the_notebooks_were_opened_can_be_played(site):
    async with site.looking() as page:
        await open_course(page)
        chart = page.locator("#notebooks")
        last = await page.evaluate(VALUES, "notebooks")
        await chart.get_by_role("button", name="Play").click()
        slider = chart.get_by_role("slider")
        await expect(slider).to_be_visible()
        await slider.fill("0")
        await expect(chart.get_by_role("button", name="Play")).to_be_visible()
        grew = await columns(site, f"{PYTHON}/notebooks-over-time")
        first = grew["until"][0]
        then = {n: s for u, n, s in zip(*grew.values(), strict=True) if u == first}
        names = await page.evaluate(LABELS, "notebooks")
        assert await page.evaluate(VALUES, "notebooks") == [then.get(name, 0) for name in names]
        await slider.press("End")
        assert await page.evaluate(VALUES, "notebooks") == last


async def test_a_machine_has_a_page(site):
    async with site.looking() as page:
        await drawn(page)
        await page.get_by_role("link", name="n1").click()
        await page.wait_for_url("**/dashboard/nodes/n1")
        await drawn(page)
        machine = await columns(site, "nodes/n1/machine")
        loads = await page.evaluate(TRACES, "load")
        assert [trace["y"] for trace in loads] == [machine[f"load{m}"] for m in (1, 5, 15)]
        gib = [value / 2**30 for value in machine["memory_available"]]
        assert (await page.evaluate(TRACES, "memory"))[0]["y"] == pytest.approx(gib)
        disks = await page.evaluate(TRACES, "disks")
        wanted = [machine[f"{disk}_free_percent"] for disk in ("data", "containers", "system")]
        assert [trace["y"] for trace in disks] == wanted
        labs = await columns(site, "nodes/n1/labs")
        assert (await page.evaluate(TRACES, "node-labs"))[0]["y"] == labs["running"]


async def test_the_other_track_and_who_is_left_out_can_be_chosen(site):
    async with site.looking() as page:
        await open_course(page)
        await page.get_by_label("Track", exact=True).select_option("short")
        await drawn(page)
        short = await columns(site, f"{PYTHON}/funnel", track="short")
        assert await page.evaluate(VALUES, "funnel") == short["reached"]
        await page.get_by_label("Count staff and tests, too").check()
        await drawn(page)
        assert page.url.endswith("?track=short&everyone=true")
        everyone = await columns(site, f"{PYTHON}/students", everyone="true")
        assert "student-00" in everyone["student"]
        await page.locator("#students summary").click()
        await expect(page.locator("#students tbody th", has_text="student-00")).to_have_count(1)


async def test_a_course_of_a_hundred_notebooks_is_shown(site):
    """Plotly draws many cells in another way than few."""
    opened = [
        AccessOpened(
            access="a",
            course="unused",
            student=f"s{student:02}",
            notebook=f"w/n{notebook:03}.md",
            way="pool",
            seconds=0.1,
        )
        for student in range(60)
        for notebook in range(student % 3, 100, 3)
    ]
    await site.world.say(*opened)
    async with site.looking() as page:
        await page.goto(f"{site.ui}/dashboard/courses/unused")
        await drawn(page)
        await _map_is_right(page, await columns(site, "courses/unused/map"))
        long = page.locator("#notebooks .drawing")
        await long.focus()
        await page.keyboard.press("End")
        await expect(long.locator("li").last).to_be_in_viewport()


async def test_a_person_who_is_signed_out_is_told_and_comes_back(site):
    async with site.looking() as page:
        await open_course(page)
        await site.house.remove("ada")
        await page.get_by_role("link", name="7 days").click()
        way = page.locator("#live a")
        await expect(way).to_have_attribute(
            "href", "/login?next=%2Fdashboard%2Fcourses%2Fpython%3Flast%3D7"
        )


async def test_a_site_whose_machines_were_never_measured_says_so(site):
    await site.world.door.use(lambda c: c.command("TRUNCATE TABLE events"))
    async with site.looking() as page:
        await expect(page.locator("#no-machines")).to_contain_text("None was measured yet")


async def test_a_course_that_has_just_begun_stands_in_a_week(site):
    begun = AccessOpened(
        course="begun",
        student="eve",
        access="a",
        notebook="w1/n.md",
        way="cold",
        seconds=1,
        at=now(),
    )
    site.house.course("begun")
    site.world.register("begun")
    await site.world.say(begun)
    async with site.looking() as page:
        await expect(page.locator("[data-course=begun] .facts")).to_have_text("1 student")
        await page.goto(f"{site.ui}/dashboard/courses/begun")
        await drawn(page)
        ticks = page.locator("#students-by-day .xtick text")
        assert all(":" not in text for text in await ticks.all_text_contents())
        assert await ticks.count() >= 6
        counts = await page.locator("#students-by-day .ytick text").all_text_contents()
        assert counts == ["0", "1"]
