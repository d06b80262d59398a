"""Where a branch stands is asked in one request; whatever is odd is left to git."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbh_courses import heads
from nbh_courses.egress import Target
from tests.courses import git_server
from tests.courses.site import Site
from tests.courses.teacher import LESSON, Teacher

COMMIT = b"c" * 40


@pytest.fixture
async def course(tmp_path, monkeypatch):
    """A teacher, and the URL of their repository at a forge."""
    teacher = Teacher(tmp_path / "repositories" / "course.git")
    teacher.push(LESSON)
    pem = git_server.certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "c.pem"))
    async with git_server.forge(tmp_path / "repositories", pem) as url:
        yield teacher, f"{url}/course.git"


@asynccontextmanager
async def asked(url):
    port = int(url.split(":")[2].partition("/")[0])
    where = Target("https", "127.0.0.1", port, ("127.0.0.1",))
    async with heads.asking(2) as asking:
        yield lambda branch="", url=url: asking.head(url, branch, where)


async def test_a_forge_says_where_a_branch_stands(course):
    teacher, url = course
    commit = teacher.push({"n.md": "x"})
    teacher.git("branch", "2026/spring", f"{commit}~1")
    async with asked(url) as head:
        assert await head() == commit
        assert await head("main") == commit
        assert await head("2026/spring") == teacher.git("rev-parse", f"{commit}~1")
        assert await head("2026") is None
        assert await head("none") is None
        assert await head("main", f"{url[:-4]}-none.git") is None


async def test_a_certificate_of_somebody_else_is_believed_nothing(course, monkeypatch):
    _, url = course
    monkeypatch.delenv("SSL_CERT_FILE")
    async with asked(url) as head:
        assert await head() is None


async def test_nothing_new_is_found_without_running_git_and_what_is_new_is_fetched(
    tmp_path, bus, course, monkeypatch
):
    teacher, url = course
    site = Site(tmp_path / "courses", bus)
    await site.create(url)
    site.lines.clear()
    runs = []
    run = site.git.run

    async def counted(*words, **more):
        runs.append(words[0])
        return await run(*words, **more)

    monkeypatch.setattr(site.git, "run", counted)
    assert (await site.pull()).failure is None
    assert runs == []
    commit = teacher.push({"n.md": "x"})
    assert (await site.pull()).commit == commit
    assert "fetch" in runs
    await site.heads.close()


@asynccontextmanager
async def saying(said: bytes):
    """A forge in plain HTTP that answers whatever it is asked with this."""

    async def connected(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        yield Target("http", "127.0.0.1", server.sockets[0].getsockname()[1], ("127.0.0.1",))


def _ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"junk\r\n\r\n", id="no HTTP"),
        pytest.param(_ok(b""), id="nothing"),
        pytest.param(_ok(b"0000"), id="no branch"),
        pytest.param(_ok(b"zzzz"), id="no packets"),
        pytest.param(_ok(b"0032" + COMMIT + b" HEAD"), id="cut off"),
        pytest.param(_ok(b"0031" + COMMIT + b" HEADx"), id="a wrong length"),
        pytest.param(_ok(b"x" * 100_000), id="too much"),
        pytest.param(
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            id="elsewhere",
        ),
        pytest.param(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", id="not to us"),
    ],
)
async def test_what_is_no_plain_answer_is_unknown(said):
    async with saying(said) as where, heads.asking(1) as asking:
        url = f"http://127.0.0.1:{where.port}/course.git"
        assert await asking.head(url, "", where) is None


async def test_a_plain_answer_is_understood():
    async with saying(_ok(b"0031" + COMMIT + b" HEAD" + b"0000")) as where, heads.asking(1) as it:
        url = f"http://127.0.0.1:{where.port}/course.git"
        assert await it.head(url, "", where) == COMMIT.decode()


@given(st.binary(max_size=200))
def test_whatever_is_answered_is_a_commit_unknown_or_no_packets(answer):
    try:
        found = heads._head(answer, "HEAD")
    except ValueError:
        return
    assert found is None or len(found) == 40
