"""S-30: whatever is changed in a signed link, it is refused, and always with the same page."""

import time
from urllib.parse import urlsplit

import pytest

from nbh_kit import links
from nbh_kit.links import Link, Place, SigningKey
from tests.router.world import KEY, site


@pytest.fixture
async def running(tmp_path, nats_url, bus):
    async with site(tmp_path / "site", nats_url, bus) as (world, provisioner):
        provisioner.says("starting")
        yield world, provisioner


def link(key=KEY, **more):
    place = {"course": "py", "notebook": "w1/n1", "student": "ada"}
    given = {"platform": "moodle", "expires": int(time.time()) + 200}
    at = Place(**place | {k: more.pop(k) for k in ("course", "workspace") if k in more})
    return links.sign(Link(place=at, **given | more), key)


def forgeries(good):
    """Each with a word for what was done to it."""
    path, query = good.split("?")
    parameters = query.split("&")
    values = dict(p.split("=") for p in parameters)
    yield "no query", path
    yield "an empty query", path + "?"
    for at, parameter in enumerate(parameters):
        name = parameter.split("=")[0]
        rest = parameters[:at] + parameters[at + 1 :]
        yield f"without {name}", f"{path}?{'&'.join(rest)}"
        yield f"{name} twice", f"{path}?{'&'.join([*parameters, parameter])}"
        yield f"{name} first", f"{path}?{'&'.join([parameter, *rest])}" if at else path
        yield f"{name} empty", good.replace(parameter, f"{name}=") if values[name] else path
        yield f"{name} encoded", good.replace(f"{name}=", f"{name[:-1]}%{ord(name[-1]):02x}=")
    for at in range(len(path) + 1, len(good), 3):
        other = "0" if good[at] != "0" else "1"
        yield f"byte {at}", good[:at] + other + good[at + 1 :]
    yield "a later end", good.replace(values["expires"], str(int(values["expires"]) + 1))
    yield "another student", good.replace("/ada?", "/eve?")
    yield "another notebook", good.replace("/n1/", "/n2/")
    yield "another course", good.replace("/py/", "/absent/")
    yield "another way", good.replace("notebookLazyCopy", "notebookGitRepo")
    yield "another role", good.replace("role=student", "role=staff")
    yield "another action", good.replace("action=open", "action=reset")
    yield "another platform", good.replace("platform=moodle", "platform=edx")
    yield "another key", good.replace(f"key={KEY.id}", "key=k2")
    yield "a nonce", good.replace("nonce=", "nonce=x")
    yield "a capital signature", path + "?" + query[:-64] + values["signature"].upper()
    yield "a parameter more", good + "&x=1"
    yield "something before", good.replace("?", "?x=1&")
    yield "forcecopy at the end", good + "&forcecopy=true"
    yield "a signature of nothing", path + "?signature=" + "0" * 64
    now = int(time.time())
    yield "expired", link(expires=now - 1)
    yield "lives too long", link(expires=now + 12 * 3600 + 60)
    yield "once, lives too long", link(expires=now + 400, nonce="n")
    yield "another's secret", link(SigningKey(id=KEY.id, secret=b"x" * 32))
    yield "a course that is not the platform's", link(course="other")
    yield "a platform nobody knows", link(platform="nobody")
    yield "to stop", link(action="stop")
    yield "junk", path + "?signature=" + "%00" * 2000


async def test_every_forgery_is_refused_with_the_same_page(running):
    world, provisioner = running
    pages, good = set(), link()
    async with world.client() as browser:
        for what, forged in forgeries(good):
            answer = await browser.get(forged)
            assert answer.status_code == 403, what
            pages.add(_without_id(answer.text))
        assert (await browser.get(good)).status_code == 200
    assert len(pages) == 1
    assert len(provisioner.heard) == 1
    (page,) = pages
    assert not any(word in page for word in ("signature", "moodle", "scope", "py", "ada"))


async def test_a_link_that_opens_once_is_refused_for_ever_after(running):
    world, provisioner = running
    once = link(nonce="0123456789abcdef")
    async with world.client() as browser:
        assert (await browser.get(once)).status_code == 200
        for _ in range(3):
            assert (await browser.get(once)).status_code == 403
        # the nonce is used up, whatever else is signed with it
        other = link(nonce="0123456789abcdef", action="reset")
        assert (await browser.get(other)).status_code == 403
    assert len(provisioner.heard) == 1


async def test_another_spelling_of_the_path_is_the_same_place(running):
    world, provisioner = running
    good = urlsplit(link())
    async with world.client() as browser:
        for path in (good.path.replace("n1", "%6E1"), good.path.replace("n1", "n1.ipynb")):
            assert (await browser.get(f"{path}?{good.query}")).status_code == 200
    assert {a.notebook for a in provisioner.heard} == {"w1/n1"}


def _without_id(page):
    head, _, rest = page.partition("<code>")
    return head + rest[32:]
