"""A learning platform for tests: one page with frames, on another site than the notebooks."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from nbh_kit import http
from nbh_kit.testing import free_port

_FRAME = '<iframe name="frame{number}" src="{url}" width="100%" height="800"></iframe>'


class Platform:
    """Shows the lessons a test gives it. Its site is 127.0.0.1, the notebooks' is localhost."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.origin = f"http://127.0.0.1:{port}"
        self._lessons: dict[str, str] = {}

    def lesson(self, name: str, urls: Sequence[str]) -> str:
        """Make a page with a frame for each URL; return the page's address."""
        frames = (_FRAME.format(number=n, url=_escaped(u)) for n, u in enumerate(urls))
        return self.shows(name, "".join(frames))

    def shows(self, name: str, html: str) -> str:
        """Make a page of this; return the page's address."""
        self._lessons[name] = f"<!doctype html><title>{name}</title>{html}"
        return f"{self.origin}/{name}"

    async def page(self, request: Request) -> HTMLResponse:
        """Serve a lesson."""
        found = self._lessons.get(request.path_params["name"])
        return HTMLResponse(found or "", 200 if found else 404)


@asynccontextmanager
async def platform(port: int | None = None) -> AsyncGenerator[Platform]:
    """Serve a platform while the block runs."""
    port = port or free_port()
    shown = Platform(port)
    app = Starlette(routes=[Route("/{name}", shown.page)])
    async with http.serving(app, "127.0.0.1", port):
        yield shown


def _escaped(url: str) -> str:
    return url.replace("&", "&amp;").replace('"', "&quot;")
