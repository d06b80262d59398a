"""S-1: the Referer is parsed, never searched; and it is believed only where an operator says so.

The original let in whoever had an allowed domain anywhere in their Referer.
"""

import pytest
import structlog

from nbh_router import referers
from tests.router.world import site

HOSTS = (".fun-mooc.fr", "lms.example.org:8443")

HOSTILE = [
    "",
    "fun-mooc.fr",
    "//fun-mooc.fr/",
    "https://",
    "https:///fun-mooc.fr/",
    "https://evil.example/?fun-mooc.fr",
    "https://evil.example/?https://fun-mooc.fr/",
    "https://evil.example/fun-mooc.fr",
    "https://evil.example/#fun-mooc.fr",
    "https://evil.example/https://fun-mooc.fr/",
    "https://evil-fun-mooc.fr/",
    "https://evilfun-mooc.fr/",
    "https://fun-mooc.fr.evil.example/",
    "https://fun-mooc.fr-evil.example/",
    "https://fun-mooc.frx/",
    "https://fun-mooc.fr@evil.example/",
    "https://fun-mooc.fr:443@evil.example/",
    "https://user@fun-mooc.fr/",
    "https://user:password@fun-mooc.fr/",
    "https://evil.example\\@fun-mooc.fr/",
    "https://fun-mooc.fr\\.evil.example/",
    "https://fun-mooc.fr%2eevil.example/",
    "https://evil.example%2f@fun-mooc.fr/",
    "https://fun-mooc.fr:8443/",
    "https://fun-mooc.fr:0443evil/",
    "https://lms.example.org/",
    "https://lms.example.org:443/",
    "http://fun-mooc.fr/",
    "ftp://fun-mooc.fr/",
    "javascript://fun-mooc.fr/%0aalert(1)",
    "data:text/html,https://fun-mooc.fr/",
    "https://fun-mooc.fr./",
    "https://.fun-mooc.fr/",
    "https://a..fun-mooc.fr/",
    "https://fun\u2010mooc.fr/",
    "https://fun-m\u043e\u043ec.fr/",
    "https://fun-mooc\u3002fr/",
    "https://fun-mooc.fr\t.evil.example/",
    "https://evil.example\n.fun-mooc.fr/",
    "https://evil.example /.fun-mooc.fr/",
    " https://fun-mooc.fr/",
    "https://fun-mooc.fr/\r\nReferer: x",
    "https://[::1].fun-mooc.fr/",
    "https://fun-mooc.fr?x=/",
    "https://fun-mooc.fr#/",
    "https://fun-mooc.fr;evil.example/",
    "https://evil.example,https://fun-mooc.fr/",
    "null",
    "about:srcdoc",
]

HONEST = [
    "https://fun-mooc.fr",
    "https://fun-mooc.fr/",
    "https://fun-mooc.fr:443/",
    "https://lms.fun-mooc.fr/courses/course-v1:x+y/courseware/?a=b",
    "HTTPS://WWW.FUN-MOOC.FR/x",
    "https://lms.example.org:8443/mod/page/view.php?id=1",
]

PLATFORM = """
[[platform]]
name = "fun"
strategy = "referer"
hosts = ["fun-mooc.fr", "lms.example.org:8443"]
"""


@pytest.mark.parametrize("referer", HOSTILE, ids=ascii)
def test_a_hostile_referer_is_from_nobody(referer):
    assert not referers.is_from(referer, HOSTS)


@pytest.mark.parametrize("referer", HONEST)
def test_a_platforms_own_pages_are_recognised(referer):
    assert referers.is_from(referer, HOSTS)


async def test_hostile_referers_get_the_same_refusal_from_the_real_thing(tmp_path, nats_url, bus):
    with structlog.testing.capture_logs() as said:
        async with site(tmp_path / "site", nats_url, bus, PLATFORM) as (world, provisioner):
            provisioner.says("starting")
            pages = set()
            async with world.client() as browser:
                for referer in HOSTILE:
                    if not (
                        referer.isascii() and referer.isprintable() and referer.strip() == referer
                    ):
                        continue  # no HTTP client can send it
                    answer = await browser.get(
                        "/notebookLazyCopy/py/w1/n1/ada", headers={"Referer": referer}
                    )
                    assert answer.status_code == 403, referer
                    pages.add(_without_id(answer.text))
                    assert "fun-mooc" not in answer.text
                honest = await browser.get(
                    "/notebookLazyCopy/py/w1/n1/ada", headers={"Referer": HONEST[0]}
                )
            assert len(pages) == 1
            assert honest.status_code == 200
    assert len(provisioner.heard) == 1
    assert any("anybody can forge" in entry["event"] for entry in said)


async def test_without_an_operators_word_no_referer_is_believed(tmp_path, nats_url, bus):
    async with site(tmp_path / "site", nats_url, bus) as (world, provisioner):
        web = world.client()
        async with web as browser:
            for referer in (*HONEST, "https://moodle.example.org/", f"{world.origin}/"):
                answer = await browser.get(
                    "/notebookLazyCopy/py/w1/n1/ada", headers={"Referer": referer}
                )
                assert answer.status_code == 403
    assert provisioner.heard == []


def _without_id(page):
    head, _, rest = page.partition("<code>")
    return head + rest[32:]
