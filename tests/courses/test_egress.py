"""A course's URL leads to no machine of the site's own network (S-43)."""

import pytest

from nbh_courses import egress, environment
from nbh_courses.egress import Egress, Target
from nbh_courses.failure import CourseError
from nbh_courses.git_program import Git, Limits
from tests.courses import git_server
from tests.courses.service import silent_forge
from tests.courses.site import MIB, Site
from tests.courses.teacher import LESSON, Teacher


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://git.example.org/a", ("https", "git.example.org", 443)),
        ("https://Git.Example.org:8443/a", ("https", "git.example.org", 8443)),
        ("ssh://git@git.example.org:2222/a", ("ssh", "git.example.org", 2222)),
        ("git@git.example.org:a/b", ("ssh", "git.example.org", 22)),
        ("git@git.example.org:22/b", ("ssh", "git.example.org", 22)),
    ],
)
def test_the_machine_of_a_url(url, found):
    assert egress.target(url) == Target(*found)


@pytest.mark.parametrize("url", ["/srv/a.git", "file:///srv/a.bundle", "/a:b@c"])
def test_a_file_is_on_no_machine(url):
    assert egress.target(url) is None


@pytest.mark.parametrize("address", ["140.82.121.4", "2606:4700::1111", "64:ff9b::8c52:7904"])
def test_the_internet_is_public(address):
    assert egress.is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.1", "::1", "::",
        "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)  # fmt: skip
def test_what_is_no_internet_is_not_in_whatever_writing(address):
    assert not egress.is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/a",
        "https://localhost/a",
        "https://127.1/a",
        "https://2130706433/a",
        "https://0x7f000001/a",
        "ssh://git@127.0.0.1/a",
        "git@localhost:a",
    ],
)
async def test_a_private_machine_is_refused_before_anything_is_sent(url):
    with pytest.raises(CourseError, match=r"private network; courses\.private_hosts"):
        await Egress(()).checked(url)


async def test_one_that_the_site_allows_is_taken():
    assert (await Egress(("*host",)).checked("https://localhost/a")).addresses
    assert (await Egress(("127.0.0.1",)).checked("https://127.0.0.1/a")).addresses
    with pytest.raises(CourseError):
        await Egress(("127.0.0.2",)).checked("https://127.0.0.1/a")


async def test_a_host_that_is_not_there_is_unreachable():
    with pytest.raises(CourseError, match="could not resolve nowhere"):
        await Egress(()).checked("https://nowhere.invalid/a")


async def test_a_proxy_of_the_site_s_decides_itself_but_not_for_ssh():
    assert await Egress((), by_proxy=True).checked("https://127.0.0.1/a") is None
    with pytest.raises(CourseError):
        await Egress((), by_proxy=True).checked("git@localhost:a")


async def test_neither_a_course_nor_a_pull_reaches_a_private_machine(tmp_path, bus):
    site = Site(tmp_path / "courses", bus, local=False, private_hosts=())
    async with silent_forge() as forge:
        with pytest.raises(CourseError, match="url-refused"):
            await site.create(forge.url)
        assert not forge.reached.is_set()


async def test_git_connects_where_we_looked_whatever_a_name_server_says(
    tmp_path, monkeypatch, teacher_at
):
    """The name has no address: who asks again fails, and who uses what was found does not."""
    port, cert = teacher_at
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    git = Git(environment.closed(tmp_path, local=False), Limits(20, MIB))
    url = f"https://forge.invalid:{port}/course.git"
    there = Target("https", "forge.invalid", port, ("127.0.0.1",))
    listed = await git.run("ls-remote", "--", url, folder=tmp_path, to=there)
    assert "refs/heads/main" in listed
    with pytest.raises(CourseError, match="unreachable"):
        await git.run("ls-remote", "--", url, folder=tmp_path)


@pytest.fixture
async def teacher_at(tmp_path):
    """A forge's port and the certificate of forge.invalid."""
    Teacher(tmp_path / "repositories" / "course.git").push(LESSON)
    pem = git_server.certificate(tmp_path)
    async with git_server.forge(tmp_path / "repositories", pem) as url:
        yield int(url.rpartition(":")[2]), tmp_path / "c.pem"


def test_ssh_connects_there_too_and_knows_the_host_by_its_name(tmp_path):
    closed = environment.closed(tmp_path, local=False)
    there = Target("ssh", "forge.invalid", 22, ("192.0.2.1", "192.0.2.2"))
    command = environment.towards(closed, there)["GIT_SSH_COMMAND"]
    assert command.endswith("-o HostName=192.0.2.1 -o HostKeyAlias=forge.invalid")
    assert environment.towards(closed, None) == closed
