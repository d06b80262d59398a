"""How git is run: closed in, limited, and its failures told apart."""

import pytest

from nbh_courses import environment, failure, git_floor
from nbh_courses.failure import CourseError
from nbh_courses.git_program import Git, Limits
from tests.courses import git_server
from tests.courses.site import MIB
from tests.courses.teacher import LESSON, Teacher


@pytest.fixture
def git(tmp_path):
    return Git(environment.closed(tmp_path, local=False), Limits(20, MIB))


async def test_no_configuration_of_the_machine_is_read(tmp_path, git):
    (tmp_path / ".gitconfig").write_text("[core]\n\tpager = touch evil\n")
    listed = await git.run("config", "--list", "--show-scope", folder=tmp_path)
    assert {line.split("\t")[0] for line in listed.splitlines()} == {"command"}


async def test_nothing_of_our_own_environment_reaches_git(tmp_path):
    ours = {"PATH": "/usr/bin:/bin", "GIT_DIR": "/x", "NBH_SECRET": "s", "LD_PRELOAD": "/x.so"}
    given = environment.closed(tmp_path, local=False, environ=ours)
    assert given["PATH"] == "/usr/bin:/bin"
    assert not {"GIT_DIR", "NBH_SECRET", "LD_PRELOAD"} & set(given)


@pytest.mark.parametrize(
    "url", ["/tmp/x", "file:///tmp/x", "git://127.0.0.1/x", "http://127.0.0.1/x"]
)
async def test_other_protocols_are_refused_by_git_itself_too(tmp_path, git, url):
    with pytest.raises(CourseError) as failed:
        await git.run("ls-remote", "--", url, folder=tmp_path)
    assert failed.value.reason == "url-refused"


async def test_a_command_as_url_is_never_run(tmp_path, git):
    with pytest.raises(CourseError) as failed:
        await git.run("ls-remote", "--", f"ext::touch {tmp_path}/ran", folder=tmp_path)
    assert failed.value.reason == "url-refused"
    assert not (tmp_path / "ran").exists()


async def test_a_forge_cannot_send_git_elsewhere(tmp_path, monkeypatch):
    Teacher(tmp_path / "repositories" / "course.git").push(LESSON)
    pem = git_server.certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "c.pem"))
    git = Git(environment.closed(tmp_path, local=False), Limits(20, MIB))
    async with git_server.forge(tmp_path / "repositories", pem) as url:
        listed = await git.run("ls-remote", "--", f"{url}/course.git", folder=tmp_path)
        assert "refs/heads/main" in listed
        with pytest.raises(CourseError) as failed:
            await git.run("ls-remote", "--", f"{url}/moved/course.git", folder=tmp_path)
    assert failed.value.reason == "unreachable"


async def test_git_itself_takes_no_object_that_it_finds_fault_with(tmp_path, teacher):
    environment.allow_local(tmp_path)
    git = Git(environment.closed(tmp_path, local=True), Limits(20, MIB))
    teacher.push({".git/config": "[core]"})
    mirror = tmp_path / "mirror.git"
    await git.run("init", "--quiet", "--bare", str(mirror), folder=tmp_path)
    with pytest.raises(CourseError) as failed:
        await git.run("fetch", "--quiet", "--", teacher.url, "refs/heads/main", folder=mirror)
    assert failed.value.reason == "unreadable"
    assert "hasDotgit" in failed.value.detail


async def test_a_commit_that_is_damaged_is_unreadable(site, teacher):
    teacher.push(LESSON)
    await site.create(teacher.url)
    before = site.served()
    blob = teacher.blob(b"lost")
    teacher.push({"n.md": ("100644", blob)})
    (teacher.folder / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(CourseError):
        await site.pull()
    assert site.served() == before


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("authentication", "fatal: could not read Username for 'https://x': prompts disabled"),
        ("authentication", "git@x: Permission denied (publickey)."),
        ("authentication", "fatal: unable to access 'x': The requested URL returned error: 403"),
        ("unreachable", "fatal: unable to access 'https://x/': Could not resolve host: x"),
        ("unreachable", "remote: Repository not found."),
        ("no-branch", "fatal: couldn't find remote ref refs/heads/x"),
        ("disk-full", "fatal: write error: No space left on device"),
        ("too-big", "fatal: write error: File too large"),
        ("unreadable", "error: object 1: hasDotgit\nfatal: fsck error in packed object"),
        ("unreachable", "something that git never said before"),
    ],
)
def test_what_git_says_has_a_reason(reason, said):
    error = failure.of_git(128, said.splitlines())
    assert error.reason == reason
    assert error.detail


@pytest.mark.parametrize(
    ("advice", "said"),
    [
        ("it is private, or not there", "fatal: could not read Username for 'https://x': no"),
        ("it is private, or not there", "git@x: Permission denied (publickey)."),
        ("it is private, or not there", "ERROR: Repository not found."),
        ("the forge has another key", "Host key verification failed."),
        ("make one for the user of the courses service", "No user exists for uid 7007"),
        ("make one for the user of the courses service", "unshare: unshare failed: no"),
    ],
)
def test_what_git_says_comes_with_what_to_do_about_it(advice, said):
    detail = failure.of_git(128, [said]).detail
    assert advice in detail
    assert detail.endswith(said)


def test_what_the_other_side_says_is_printable():
    error = failure.of_git(128, ["remote: \x1b[31mred\x07", "fatal: \x9b1m" + "x" * 5000])
    assert error.detail.isprintable()
    assert len(error.detail) <= 500


@pytest.mark.parametrize(
    ("version", "floor"),
    [
        ("2.39.5", ""),
        ("2.39.4.windows.1", ""),
        ("2.39.3", "2.39.4"),
        ("2.43.0", "2.43.4"),
        ("2.45.1", ""),
        ("2.53.0 (Apple Git-140)", ""),
        ("3.0.0", ""),
        ("2.34.1", "2.39.4"),
        ("1.9.1", "2.39.4"),
    ],
)
def test_a_git_that_is_too_old_is_told_with_the_version_that_is_not(version, floor):
    said = git_floor.complaint(f"git version {version}\n")
    assert bool(said) == bool(floor)
    assert f"is older than {floor}" in said or not floor


def test_what_is_no_git_is_told():
    assert "no version of git" in git_floor.complaint("jj 0.30")
