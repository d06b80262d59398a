"""How long requests take, under the name that JupyterHub has for it. ASGI."""

import time
from typing import Any

from nbh_kit.metrics import Metrics
from nbh_kit.web import App, Message, Receive, Scope, Send

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_BOUNDS = (0.01, 0.1, 1.0, 10.0)
_LABELS = ("method", "handler", "code")
_NOBODY = "nobody"


class Timed:
    """Counts each request to an application by its method, its route's path and the status.

    The path is as it is written in the application: what somebody asks for is never a label.
    """

    def __init__(self, app: App, metrics: Metrics) -> None:
        self._app = app
        routes: list[Any] = getattr(app, "routes", [])
        self._paths = {route.endpoint: str(route.path) for route in routes}
        self._seconds = metrics.histogram(
            "jupyterhub_request_duration_seconds",
            "Request duration for all HTTP requests.",
            _BOUNDS,
            **dict.fromkeys(_LABELS, ()),
        )
        self._seen: set[tuple[str, ...]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        began, code = time.monotonic(), ""

        async def noting(message: Message) -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._note(scope, code or "500", time.monotonic() - began)

    def _note(self, scope: Scope, code: str, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        # Starlette notes there who answered
        handler = self._paths.get(scope.get("endpoint"), _NOBODY)
        self._seconds.observe(seconds, *self._series(method, handler, code))

    def _series(self, *labels: str) -> tuple[str, ...]:
        if labels not in self._seen:
            # a series for what has been, not for all that could be
            self._seconds.widen(
                {name: (label,) for name, label in zip(_LABELS, labels, strict=True)}
            )
            self._seen.add(labels)
        return labels
