"""Who comes back to a lab that ended reads why, where there is something to do (E-20, R-16)."""

from functools import reduce

import msgspec
import pytest

from nbh_kit.buckets import Gone
from nbh_kit.testing import eventually
from nbh_router import endings
from tests.router.test_which_labs_have_routes import lab, put, snapshot


def stopping(why="idle", student="ada"):
    return lab(student, state="stopping", why=why)


def test_why_a_lab_ends_is_known_after_it_is_gone():
    ada = stopping("out-of-memory")
    known = endings.after({}, put(ada))
    assert endings.after(known, Gone(ada.key)) == {ada.capability: "out-of-memory"}


def test_it_is_known_of_labs_that_were_ending_before_we_came():
    ada, bob = stopping("died"), stopping("idle", "bob")
    known = endings.after({}, snapshot(ada, bob, lab(student="cyd")))
    assert known == {ada.capability: "died", bob.capability: "idle"}
    assert endings.after(known, snapshot()) == known


def test_only_the_last_ones_are_known():
    first, *more = (stopping() for _ in range(endings.MOST + 1))
    known = reduce(endings.after, map(put, (first, *more[:-1])), {})
    assert first.capability in known
    known = reduce(endings.after, map(put, (more[0], more[-1])), known)
    assert set(known) == {ended.capability for ended in more}


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("out-of-memory", "ran out of memory"),
        ("died", "stopped by itself"),
        ("disk-quota", "it wrote too much"),
        ("idle", "This notebook was closed"),
    ],
)
async def test_a_page_says_so_also_after_the_lab_is_gone(site, provisioner, why, words):
    running = await provisioner.lab("127.0.0.1:9")
    held = await provisioner.labs.get(running.key)
    ending = msgspec.structs.replace(running, state="stopping", why=why)
    await provisioner.labs.update(running.key, ending, held.revision)

    async def says():
        async with site.client(headers={"Accept": "text/html"}) as browser:
            answer = await browser.get(f"/{running.capability}/notebooks/n1.ipynb")
        return answer.status_code == 404 and words in answer.text

    await eventually(says)
    await provisioner.remove(running)
    other = await provisioner.lab("127.0.0.1:9", "eve")
    await eventually(lambda: other.capability in site.labs_file.read_text())
    await eventually(says)  # as soon as Traefik has taken that in
