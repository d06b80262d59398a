"""JupyterLab, Notebook 7, jupytext's formats: nothing is lost by being lean."""

import json
import re

import pytest

pytestmark = pytest.mark.podman

FLOORS = {
    "python": (3, 11),
    "jupyter_server": (2, 20),
    "jupyterlab": (4, 6),
    "notebook": (7, 6),
    "jupytext": (1, 19),
    "ipykernel": (7,),
    "nbconvert": (7, 17),
    "numpy": (2,),
    "pandas": (2,),
    "matplotlib": (3, 10),
    "scipy": (1, 15),
    "ipywidgets": (8,),
}


@pytest.fixture(scope="session")
def versions_program():
    names = sorted(set(FLOORS) - {"python"})
    return (
        "import json, platform, importlib.metadata as m\n"
        f"found = {{name: m.version(name) for name in {names!r}}}\n"
        "print(json.dumps(found | {'python': platform.python_version()}))"
    )


async def test_versions_are_above_the_floors(lab, versions_program):
    found = json.loads(await lab.python(versions_program))
    below = {
        name: found[name]
        for name, floor in FLOORS.items()
        if tuple(int(part) for part in re.findall(r"\d+", found[name])[: len(floor)]) < floor
    }
    assert not below


async def test_what_is_installed_agrees_with_itself(lab):
    assert "No broken requirements" in await lab.run("pip", "check")


@pytest.mark.parametrize(
    "path",
    [
        "lab",
        "lab/tree/myst.md",
        "tree",
        "notebooks/myst.md",
        "notebooks/percent.py",
        "notebooks/plain.ipynb",
        "edit/page.html",
        "terminals/1",
        "static/favicon.ico",
    ],
)
async def test_both_user_interfaces_answer(lab, path):
    assert (await lab.get(path)).status_code == 200


async def test_front_end_extensions_are_there(lab):
    page = (await lab.get("lab")).text
    [config] = re.findall(r'id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.DOTALL)
    config = json.loads(config)
    names = {extension["name"] for extension in config["federated_extensions"]}
    assert names >= {
        "@jupyter-notebook/lab-extension",
        "@jupyter-widgets/jupyterlab-manager",
        "jupyterlab-jupytext",
        "jupyterlab_pygments",
        "nbh-notebook",
    }
    assert config["terminalsAvailable"]
    assert not config.get("quitButton")


@pytest.mark.parametrize("name", ["myst.md", "percent.py"])
async def test_a_text_notebook_is_served_as_a_notebook(lab, name):
    model = (await lab.get(f"api/contents/{name}")).json()
    assert model["type"] == "notebook"
    assert [cell["cell_type"] for cell in model["content"]["cells"]] == ["markdown", "code"]
    assert model["content"]["cells"][0]["source"] == "# Été"


async def test_a_text_notebook_is_saved_as_text(lab):
    (lab.folder / "work/kept.md").write_text((lab.folder / "work/myst.md").read_text())
    (lab.folder / "work/kept.md").chmod(0o666)
    async with lab.client() as client:
        model = (await client.get("api/contents/kept.md")).json()
        model["content"]["cells"][1]["source"] = "2 + 2"
        saved = await client.put("api/contents/kept.md", json=model)
    assert saved.status_code == 200, saved.text
    text = (lab.folder / "work/kept.md").read_text()
    assert "format_name: myst" in text
    assert "```{code-cell} ipython3\n2 + 2\n```" in text


async def test_text_notebooks_open_as_notebooks_and_are_saved_every_20_seconds(lab):
    answer = await lab.get("lab/api/settings/@jupyterlab/docmanager-extension:plugin")
    defaults = {
        name: described.get("default")
        for name, described in answer.json()["schema"]["properties"].items()
    }
    assert defaults["autosave"] is True
    assert defaults["autosaveInterval"] == 20
    for kind in ("markdown", "myst", "python"):
        assert defaults["defaultViewers"][kind] == "Jupytext Notebook"


async def test_nobody_asks_the_internet_for_news_or_updates(lab):
    answer = await lab.get("lab/api/settings/@jupyterlab/apputils-extension:notification")
    defaults = answer.json()["schema"]["properties"]
    assert defaults["fetchNews"]["default"] == "false"
    assert defaults["checkForUpdates"]["default"] is False
    assert (await lab.get("lab/api/news")).json() == {"news": []}
    assert (await lab.get("lab/api/update")).json() == {"notification": None}


async def test_a_deleted_file_is_gone_and_not_in_a_bin(lab):
    (lab.folder / "work/unwanted.txt").write_text("x")
    async with lab.client() as client:
        assert (await client.delete("api/contents/unwanted.txt")).status_code == 204
    assert not (lab.folder / "work/unwanted.txt").exists()
    assert "Trash" not in await lab.run("find", "/home/jovyan", "-name", "*Trash*")


async def test_a_page_hears_what_takes_most_room(start_lab):
    files = {"large.bin": "x" * 300_000, "small.bin": "x" * 30_000}
    async with start_lab(files=files) as lab:
        await lab.run("sh", "-c", "mkdir deep .hidden; cp small.bin .hidden; ln -s /etc deep/etc")
        await lab.run("sh", "-c", "for n in 1 2 3 4 5 6 7; do : > deep/$n; done")
        found = (await lab.get("api/nbh/biggest")).json()
        paths = [each["path"] for each in found["files"]]
        assert paths[0] == "large.bin"
        assert set(paths[1:3]) == {".hidden/small.bin", "small.bin"}
        assert found["files"][0]["size"] >= 300_000
        assert len(found["files"]) == 10
        assert found["folders"][0] == {"path": "deep", "size": 8}
        async with lab.client() as nobody:
            del nobody.headers["Authorization"]
            assert (await nobody.get("api/nbh/biggest")).status_code == 403


async def test_a_notebook_is_exported_to_html(lab):
    answer = await lab.get("nbconvert/html/myst.md")
    assert answer.status_code == 200
    assert "Été" in answer.text


async def test_git_knows_who_commits_and_trusts_the_workspace(lab):
    await lab.run("git", "init", "--quiet", "/home/jovyan/work/repository")
    said = await lab.run(
        "git", "-C", "/home/jovyan/work/repository", "commit", "--allow-empty", "-m", "first"
    )
    assert "first" in said


async def test_the_first_plot_needs_no_new_list_of_fonts(lab):
    said = await lab.run("bash", "-c", "ls /home/jovyan/.cache/matplotlib")
    assert "fontlist" in said
