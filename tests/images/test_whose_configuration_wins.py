"""The site's configuration wins over a course's and a student's; what it leaves open is theirs."""

import httpx2
import pytest

from tests.images.lab import ANCESTORS, COMMAND, STOCK

pytestmark = pytest.mark.podman

WISHES = """
c.ServerApp.base_url = "/elsewhere/"
c.ServerApp.port = 9999
c.ServerApp.root_dir = "/"
c.ServerApp.token = ""
c.ServerApp.password = ""
c.IdentityProvider.token = ""
c.PasswordIdentityProvider.token = ""
c.ServerApp.identity_provider_class = "jupyter_server.auth.identity.IdentityProvider"
c.ServerApp.tornado_settings = {"headers": {"Content-Security-Policy": "frame-ancestors *"}}
c.ServerApp.terminals_enabled = False
"""

COURSE = "/srv/jupyter"
PLACES = [
    f"{COURSE}/jupyter_server_config.py",
    f"{COURSE}/jupyter_lab_config.py",
    f"{COURSE}/jupyter_config.py",
    "/home/jovyan/.jupyter/jupyter_server_config.py",
    "/home/jovyan/.jupyter/jupyter_lab_config.py",
    "/home/jovyan/.jupyter/jupyter_notebook_config.py",
    "/home/jovyan/.jupyter/jupyter_config.py",
    "/opt/venv/etc/jupyter/jupyter_server_config.py",
    "/etc/jupyter/jupyter_server_config.py",
    "/home/jovyan/work/jupyter_server_config.py",
]


@pytest.mark.parametrize("command", [COMMAND, STOCK], ids=["ours", "stock"])
async def test_the_site_wins(start_lab, command):
    """Places have an order: one that came before the site would win here too."""
    async with start_lab(command=command, given=dict.fromkeys(PLACES, WISHES)) as lab:
        page = await lab.get("lab")
        assert page.headers["Content-Security-Policy"] == ANCESTORS
        assert (await lab.get("api/contents")).json()["path"] == ""
        async with httpx2.AsyncClient(base_url=lab.url, trust_env=False) as stranger:
            assert (await stranger.get("api/contents")).status_code == 403


@pytest.mark.parametrize(
    "place",
    [
        f"{COURSE}/jupyter_server_config.py",
        "/home/jovyan/.jupyter/jupyter_server_config.py",
        "/etc/jupyter/jupyter_config.py",
    ],
)
async def test_what_the_site_says_nothing_about_is_the_courses_to_say(start_lab, place):
    async with start_lab(given={place: "c.ServerApp.terminals_enabled = False\n"}) as lab:
        assert (await lab.get("api/terminals")).status_code == 404


@pytest.mark.parametrize("folder", [COURSE, "/home/jovyan/.jupyter"])
async def test_a_courses_settings_of_the_front_end_go_over_the_images(start_lab, folder):
    place = f"{folder}/labconfig/default_setting_overrides.json"
    wish = '{"@jupyterlab/docmanager-extension:plugin": {"autosaveInterval": 77}}'
    async with start_lab(given={place: wish}) as lab:
        answer = await lab.get("lab/api/settings/@jupyterlab/docmanager-extension:plugin")
        properties = answer.json()["schema"]["properties"]
        assert properties["autosaveInterval"]["default"] == 77
        assert properties["defaultViewers"]["default"]["markdown"] == "Jupytext Notebook"


async def test_a_course_goes_over_its_image(start_lab):
    given = {
        f"{COURSE}/jupyter_server_config.py": "c.ServerApp.terminals_enabled = False\n",
        "/home/jovyan/.jupyter/jupyter_server_config.py": "c.ServerApp.terminals_enabled = True\n",
    }
    async with start_lab(given=given) as lab:
        assert (await lab.get("api/terminals")).status_code == 404
