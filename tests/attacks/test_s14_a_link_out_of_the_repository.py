"""S-14: a course's repository shows students nothing of the machine that serves it.

The original copied what symbolic links point to, so a link to /etc/shadow in a repository put
that file's content into the course. Here it never does, however the link is written.
"""

from pathlib import Path

import pytest

from tests.courses.site import Site
from tests.courses.teacher import Teacher, link, published

SECRET = b"root:$6$secret"


@pytest.fixture
def teacher(tmp_path):
    return Teacher(tmp_path / "teacher.git")


@pytest.fixture
def site(tmp_path, bus):
    return Site(tmp_path / "courses", bus)


@pytest.fixture
def secret(tmp_path):
    """A file of the machine, beside the courses, whose content must stay there."""
    file = tmp_path / "secrets" / "shadow.md"
    file.parent.mkdir()
    file.write_bytes(SECRET)
    return file


def links_to(secret: Path) -> dict[str, str]:
    """Targets by what is tried with them; relative ones are tried from every depth."""
    down = str(secret).removeprefix("/")
    return {
        "absolute": str(secret),
        "many steps up": "../" * 40 + down,
        "as from the revision": "../../../../../secrets/shadow.md",
        "as from the mirror": "../../secrets/shadow.md",
        "through itself": f"./.././../{'../' * 40}{down}",
        "through proc": f"/proc/self/root{secret}",
        "with doubled slashes": f"//{secret}",
        "through a folder": "out/shadow.md",
        "through two folders": "w1/out/../out/shadow.md",
        "in the mirror": "../../mirror.git/config",
        "the other revision": "../../../current/notebooks/n.md",
    }


def hostile(secret: Path) -> dict:
    """Links at every place from which something is published, and folders they go through."""
    files: dict = {
        "n.md": "# honest",
        "out": link(str(secret.parent)),
        "w1/out": link("../" * 40 + str(secret.parent).removeprefix("/")),
        "media": link(str(secret.parent)),
        "data/folder": link("../" * 30 + str(secret.parent).removeprefix("/")),
        "modules/folder": link(str(secret.parent)),
        ".nbhosting/nbhosting.yaml": link(str(secret)),
        "nbhosting": link(str(secret.parent)),
    }
    for number, target in enumerate(links_to(secret).values()):
        for place in ("", "w1/", "w1/deep/er/", "modules/", "data/"):
            files[f"{place}link{number}.md"] = link(target)
    return files


async def test_no_link_yields_what_lies_outside(site, teacher, secret):
    teacher.push(hostile(secret))
    record = await site.create(teacher.url)
    revision = site.shelf.place("py").current.resolve()
    served = published(revision)  # and it holds no link at all
    assert served == {"notebooks/n.md": b"# honest"}
    assert any("leads out of the repository" in problem for problem in record.problems)


async def test_no_link_yields_the_shadow_file(site, teacher):
    shadow = Path("/etc/shadow")
    if not shadow.exists():
        pytest.skip("this machine has no /etc/shadow")
    teacher.push({"shadow.md": link("/etc/shadow"), "passwd.py": link("../../../../etc/passwd")})
    await site.create(teacher.url)
    assert site.served() == {}


async def test_a_file_that_becomes_a_link_is_gone_and_not_followed(site, teacher, secret):
    teacher.push({"w1/n.md": "# honest"})
    await site.create(teacher.url)
    teacher.push({"w1": link(str(secret.parent)), "n.md": "x"})
    await site.pull()
    assert site.served() == {"notebooks/n.md": b"x"}
    assert secret.read_bytes() == SECRET


async def test_a_folder_that_becomes_a_link_is_not_written_through(site, teacher, secret):
    teacher.push({"data": link(str(secret.parent)), "w1/n.md": "1"})
    await site.create(teacher.url)
    teacher.push({"data/shadow.md": "overwritten?", "w1/n.md": "2"})
    await site.pull()
    assert secret.read_bytes() == SECRET
    assert site.served()["static/data/shadow.md"] == b"overwritten?"
