"""A lab's first answer is noticed when it comes, whether it is announced or not."""

import asyncio
import statistics

import pytest

from nbh_provisioner import readiness
from tests.provisioner import booting
from tests.provisioner.booting import PATH, lag


@pytest.fixture
async def noticing():
    async with readiness.noticing() as noticing:
        yield noticing


@pytest.fixture
async def server(tmp_path):
    async with booting.server(tmp_path) as server:
        yield server


async def test_an_announced_answer_is_noticed_far_sooner_than_by_asking_now_and_then(
    noticing, tmp_path
):
    # Medians of both in turn: other tests may share the processor. `make bench` has the figure.
    announced, unannounced = [], []
    for n in range(12):
        bound = 0.12 + n * 0.004
        async with booting.server(tmp_path / f"announced-{n}") as server:
            announced.append(await lag(noticing, server, 0.05 + n * 0.004, bound))
        async with booting.server(tmp_path / f"unannounced-{n}") as server:
            unannounced.append(await lag(noticing, server, None, bound))
    assert statistics.median(announced) < statistics.median(unannounced) / 2


async def test_what_announces_nothing_is_noticed_too(noticing, server):
    assert await lag(noticing, server, None, 0.15) < 1


async def test_an_announcement_before_anybody_listened_counts(noticing, server):
    (server.runtime / "jpserver-1.json").write_text("{}")
    assert await lag(noticing, server, None, 0.05) < 1


async def test_only_a_good_answer_counts(noticing, server):
    server.statuses = [503, 404, 200]
    await lag(noticing, server, 0.01, 0.02)
    assert len(server.asked) == 3


async def test_it_asks_for_the_capability_with_the_token(noticing, server):
    await lag(noticing, server, 0.01, 0.02)
    assert server.asked[-1].startswith(f"GET {PATH} HTTP/1.1\r\n")
    assert "authorization: token t\r\n" in server.asked[-1].lower()


async def test_many_labs_share_one_watch(noticing, tmp_path):
    async def one(n):
        async with booting.server(tmp_path / f"lab{n}") as server:
            await lag(noticing, server, 0.05, 0.1)

    await asyncio.gather(*(one(n) for n in range(20)))
