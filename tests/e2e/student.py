"""A student without JavaScript or cookies: follows redirects and refreshes, uses Jupyter."""

import asyncio
import html
import re
import uuid
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2 as httpx
import msgspec
from websockets.asyncio.client import connect

_REFRESH = re.compile(r'http-equiv="?refresh"?[^>]*content="(\d+)(?:;\s*url=([^"]+))?"', re.I)

_TRAEFIK_KNOWS_NOTHING_YET = "404 page not found\n"
"""Traefik listens a moment before it has read its files: the one instant in which nobody of ours
can answer. A person reloads, as when nobody listens at all."""


class Student:
    """Opens one launch URL and works in the lab it leads to."""

    def __init__(self, url: str, *, referer: str = "") -> None:
        """``referer`` is the page on which the link stands, told where it may be."""
        self._url = url
        headers = {"Referer": referer} if referer else {}
        self._http = httpx.AsyncClient(timeout=10, follow_redirects=False, headers=headers)
        self.lab = ""
        """The base URL of the lab, once `open` has returned."""

        self.seen: list[tuple[int, str]] = []
        """Each status and page a student saw on the way, oldest first."""

    async def open(self, *, within: float = 60.0) -> str:
        """Click, and wait as a browser would; return the notebook's URL.

        Raises:
            AssertionError: it neither ended in a notebook within so many seconds, nor in a page
                that does not go on by itself.
        """
        async with asyncio.timeout(within):
            url = self._url
            while True:
                response = await self._get(url)
                self.seen.append((response.status_code, response.text))
                if response.status_code in (302, 303):
                    url = urljoin(url, response.headers["location"])
                    if "/notebooks/" in url or "/lab/" in url or "/edit/" in url:
                        self.lab = _base(url)
                elif response.status_code == 200 and self.lab and url.startswith(self.lab):
                    return url
                else:
                    url = await self._as_the_page_says(url, response)

    async def _get(self, url: str) -> httpx.Response:
        while True:
            try:
                return await self._http.get(url)
            except httpx.HTTPError:
                # nobody listens for a moment: a person reloads
                await asyncio.sleep(0.2)

    async def _as_the_page_says(self, url: str, response: httpx.Response) -> str:
        if response.status_code == 404 and response.text == _TRAEFIK_KNOWS_NOTHING_YET:
            await asyncio.sleep(0.2)
            return url
        found = _REFRESH.search(response.text)
        assert found, f"a page that ends here: {response.status_code} {_words(response.text)}"
        await asyncio.sleep(float(found[1]))
        return urljoin(url, html.unescape(found[2])) if found[2] else url

    async def kernel(self) -> str:
        """Start a kernel; return its id."""
        answer = await self._http.post(f"{self.lab}api/kernels", json={})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def end_kernel(self, kernel: str) -> None:
        """End a kernel; one that is gone with its lab is fine."""
        await self._http.delete(f"{self.lab}api/kernels/{kernel}")

    async def run(self, kernel: str, code: str) -> str:
        """Run code in a kernel and return what it printed."""
        url = f"{self.lab}api/kernels/{kernel}/channels".replace("http", "ws", 1)
        async with asyncio.timeout(30), connect(url) as channel:
            message_id = uuid.uuid4().hex
            await channel.send(execute(message_id, code))
            printed = ""
            while True:
                said = msgspec.json.decode(await channel.recv())
                if said["parent_header"].get("msg_id") != message_id:
                    continue
                printed += said["content"].get("text", "") if said["msg_type"] == "stream" else ""
                if said["msg_type"] == "status" and said["content"]["execution_state"] == "idle":
                    return printed

    async def reads(self, url: str) -> str:
        """What a page says now, to somebody with a browser."""
        return (await self._http.get(url, headers={"Accept": "text/html"})).text

    async def contents(self, path: str) -> dict[str, Any]:
        """A file as Jupyter's contents API tells it."""
        answer = await self._http.get(f"{self.lab}api/contents/{path}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def save(self, path: str, text: str) -> None:
        """Write a file, as an editor does."""
        model = {"type": "file", "format": "text", "content": text}
        answer = await self._http.put(f"{self.lab}api/contents/{path}", json=model)
        assert answer.status_code in (200, 201), answer.text

    async def close(self) -> None:
        """Leave."""
        await self._http.aclose()


def execute(message_id: str, code: str) -> str:
    header = {
        "msg_id": message_id,
        "msg_type": "execute_request",
        "session": "s",
        "version": "5.3",
    }
    content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
    message = {
        "header": header | {"username": "u", "date": ""},
        "parent_header": {},
        "metadata": {},
        "content": content,
        "channel": "shell",
        "buffers": [],
    }
    return msgspec.json.encode(message).decode()


def _base(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/{parts.path.split('/')[1]}/"


def _words(page: str) -> str:
    return " ".join(re.sub(r"<(style|script).*?</\1>|<[^>]+>", " ", page, flags=re.S).split())[
        :300
    ]
