"""What a notebook's own page asks for: reset, undo, another page, the end (S14, S15, E-19)."""

import httpx2 as httpx
import pytest

from tests.e2e.student import Student

pytestmark = [pytest.mark.podman, pytest.mark.asyncio(loop_scope="session")]


async def test_a_student_resets_undoes_looks_elsewhere_and_stops(system):
    dora = Student(system.link("lesson", "w1/first", "dora"))
    await dora.open()
    original = system.file("dora", "lesson", "w1/first.md")
    await dora.save("w1/first.md", "# by Dora\n")

    async def goes_to(path: str) -> str:
        there = Student(system.url + path)
        there._http.headers["Referer"] = f"{dora.lab}notebooks/w1/first.md"
        try:
            url = await there.open()
            assert there.lab == dora.lab
            return url
        finally:
            await there.close()

    await goes_to("/notebookLazyCopy/lesson/w1/first.md/dora?forcecopy=true")
    assert system.file("dora", "lesson", "w1/first.md") == original
    await goes_to("/notebookLazyCopy/lesson/w1/first.md/dora?undo=true")
    assert system.file("dora", "lesson", "w1/first.md") == "# by Dora\n"
    kept = list(system.folder("dora", "lesson").glob("w1/first.kept-*.md"))
    assert [file.read_text() for file in kept] == [original]
    assert "/lab/tree/w1?" in await goes_to("/ipythonForward/lesson/dora/lab/tree/w1?reset")

    stop = f"{system.url}/containerKill/lesson/dora"
    async with httpx.AsyncClient(timeout=30) as somebody:
        assert (await somebody.get(stop)).status_code == 403
        said = await somebody.get(stop, headers={"Referer": f"{dora.lab}lab"})
    assert said.json() == {"stopped": True}
    assert [lab for lab in await system.labs() if lab.student == "dora"] == []
    assert await system.containers("lesson", "dora") == []
    assert "This notebook was closed" in await dora.reads(f"{dora.lab}lab")
    for kind in ("notebook.reset", "notebook.restored", "access.forwarded"):
        assert len(await system.events(kind, student="dora")) == 1, kind
    await dora.close()
