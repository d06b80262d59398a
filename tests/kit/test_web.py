"""What browsers may send from other sites' pages, and what every answer says."""

import httpx2
import pytest

from nbh_kit import web

HERE = "127.0.0.1:8080"


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({}, False),  # no browser
        ({"sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),  # typed by the user
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "made-up"}, True),
        ({"sec-fetch-site": "cross-site", "origin": f"http://{HERE}"}, True),
        ({"sec-fetch-site": "same-origin", "origin": "http://evil.example"}, False),
        ({"origin": f"http://{HERE}"}, False),
        ({"origin": "http://127.0.0.1"}, True),
        ({"origin": "http://evil.example"}, True),
        ({"origin": "null"}, True),
        ({"origin": ""}, True),
    ],
)
def test_what_another_site_sends_is_refused_if_it_may_change_something(headers, refused):
    given = {"host": HERE} | headers
    assert web.is_from_elsewhere("POST", given) is refused
    assert web.is_from_elsewhere("DELETE", given) is refused
    assert not web.is_from_elsewhere("GET", given)


@pytest.mark.parametrize(
    ("origin", "hosts"),
    [
        ("https://nb.example.org", {"nb.example.org", "nb.example.org:443"}),
        ("https://NB.example.org:443", {"nb.example.org", "nb.example.org:443"}),
        ("http://127.0.0.1:8000", {"127.0.0.1:8000"}),
        ("http://[::1]:80", {"[::1]", "[::1]:80"}),
    ],
)
def test_the_hosts_of_an_origin(origin, hosts):
    assert web.hosts_of(origin) == hosts


async def _app(scope, receive, send):
    head = [(b"content-type", b"text/html"), (b"Cache-Control", b"no-cache")]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": b"done"})


async def test_headers_are_added_and_do_not_stand_over_an_answer_s_own():
    transport = httpx2.ASGITransport(web.Guarded(_app))
    async with httpx2.AsyncClient(transport=transport, base_url=f"http://{HERE}") as browser:
        page = await browser.get("/")
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers.get_list("cache-control") == ["no-cache"]
        refused = await browser.post("/", headers={"Sec-Fetch-Site": "cross-site"})
        assert refused.status_code == 403
        assert refused.headers["content-security-policy"].startswith("default-src 'none'")
        assert (await browser.post("/")).text == "done"


@pytest.mark.parametrize(
    ("peer", "said", "address"),
    [
        ("127.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", "198.51.100.1, 192.0.2.1", "192.0.2.1"),
        ("::1", "2001:db8::1", "2001:db8::1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "unknown", "127.0.0.1"),
        ("127.0.0.1", "192.0.2.1, ", "127.0.0.1"),
        ("192.0.2.9", "198.51.100.1", "192.0.2.9"),
        ("10.0.0.1", "198.51.100.1", "10.0.0.1"),
    ],
)
def test_who_asks_is_what_our_own_proxy_says(peer, said, address):
    scope = {"client": (peer, 1), "headers": [(b"x-forwarded-for", said.encode())]}
    assert web.address_of(scope, ("127.0.0.0/8", "::1/128")) == address


@pytest.mark.parametrize(
    ("origin", "is_here"),
    [
        ("http://localhost:8080", True),
        ("http://share.localhost", True),
        ("http://127.3.2.1:80", True),
        ("http://[::1]:8080", True),
        ("http://192.0.2.1", False),
        ("http://localhost.example.org", False),
        ("http://staff.example.org", False),
    ],
)
def test_a_browser_s_own_machine(origin, is_here):
    assert web.is_loopback(origin) is is_here
