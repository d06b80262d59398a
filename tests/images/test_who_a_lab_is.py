"""A lab has no rights on the machine, and lets nobody in without its token (S-2, S-33)."""

import httpx2
import pytest

pytestmark = pytest.mark.podman


async def test_jupyter_runs_as_uid_1000_without_any_right(lab):
    status = await lab.run("cat", f"/proc/{lab.server}/status")
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert facts["Uid"].split() == ["1000"] * 4
    assert facts["Gid"].split() == ["100"] * 4
    assert int(facts["CapBnd"], 16) == int(facts["CapEff"], 16) == 0
    assert facts["NoNewPrivs"] == "1"
    assert facts["Seccomp"] == "2"


async def test_what_a_lab_writes_belongs_to_its_uid_on_disk(lab):
    await lab.run("touch", "/home/jovyan/work/mine")
    there = (lab.folder / "work/mine").stat()
    assert (there.st_uid, there.st_gid) == (1000, 100)


async def test_home_belongs_to_the_labs_user(lab):
    not_ours = await lab.run("find", "/home/jovyan", "-xdev", "!", "-user", "1000")
    assert not_ours == "/home/jovyan/modules\n" or not_ours == ""


async def test_a_lab_without_its_token_tells_nothing(lab):
    async with httpx2.AsyncClient(base_url=lab.url, trust_env=False) as stranger:
        assert (await stranger.get("api/contents")).status_code == 403
        assert (await stranger.get("lab")).status_code in (302, 403)
        assert (await stranger.post("api/terminals")).status_code == 403


async def test_other_paths_than_its_own_are_not_found(lab):
    async with httpx2.AsyncClient(
        base_url=f"http://{lab.address}", headers=lab.headers, trust_env=False
    ) as client:
        assert (await client.get("/api")).status_code == 404
        assert (await client.get("/lab")).status_code == 404


async def test_image_leaves_no_trace_of_the_machine_that_built_it(lab):
    await lab.run("test", "!", "-e", "/etc/pip.conf")
    environment = await lab.run("env")
    assert "PIP_CERT" not in environment
    assert "SSL_CERT" not in environment
