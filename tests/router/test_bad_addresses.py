"""Bad input gets a clear answer and touches nothing, through a real Traefik (S-41)."""

import itertools
import time

import pytest

from nbh_router import address
from nbh_router.address import NoSuchAddress

WAYS = ("notebookLazyCopy", "ipythonExercice", "notebookGitRepo")
BAD = [
    "/py/../n1/ada",
    "/py/%2e%2e/n1/ada",
    "/py/w1/%2e%2e%2f%2e%2e%2fetc%2fpasswd/ada",
    "/py/%252e%252e/..%2fn1/ada",
    "/py/n1%00/ada",
    "/py/n1%00.ipynb/ada",
    "/py/%2Fetc%2Fpasswd/ada",
    "//etc/passwd/ada",
    "/py/" + "x" * 5000 + "/ada",
    "/py/" + "%41" * 1400 + "/ada",
    "/py/n%5c1/ada",
    "/py/%ff%fe/ada",
    "/py/.git/config/ada",
    "/py/n1/..%2feve",
    "/../etc/n1/ada",
    "/py",
    "",
]


async def test_a_bad_address_is_a_page_and_opens_nothing(site, provisioner):
    provisioner.says("starting")
    query = site.link().partition("?")[2]
    async with site.client() as browser:
        for bad, way in itertools.product(BAD, WAYS):
            answer = await browser.get(f"/{way}{bad}?{query}")
            # Traefik resolves dots itself: what is left may be an address that nobody signed
            assert answer.status_code in (400, 403, 404), (way, bad)
            assert "<h1>" in answer.text or answer.status_code == 400
            assert "location" not in answer.headers
    assert provisioner.heard == []


@pytest.mark.parametrize(
    "junk", [b"/" * 8192, b"%" * 8192, b"/notebookLazyCopy/" + b"a/" * 4000, b"%41" * 2700]
)
def test_eight_kibibytes_of_junk_cost_less_than_a_millisecond(junk):
    def seconds():
        began = time.perf_counter()
        with pytest.raises(NoSuchAddress):
            address.click(junk, junk)
        return time.perf_counter() - began

    assert min(seconds() for _ in range(5)) < 0.001
