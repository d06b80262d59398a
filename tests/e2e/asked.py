"""Whom a browser asks."""

from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Page

_NOBODY = ("data", "blob", "about")
"""What stands in the page itself."""


class Asked:
    """Everything that the pages of a browser ask for, by HTTP and by WebSocket."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def listen(self, context: BrowserContext) -> None:
        """From now on, in pages that are opened from now on."""
        context.on("request", lambda request: self.urls.append(request.url))
        context.on("page", self._listen_to)

    def whom(self) -> set[tuple[str, str]]:
        """Each scheme, and each host and port."""
        asked = (urlsplit(url) for url in self.urls)
        return {(url.scheme, url.netloc) for url in asked if url.scheme not in _NOBODY}

    def _listen_to(self, page: Page) -> None:
        page.on("websocket", lambda socket: self.urls.append(socket.url))
