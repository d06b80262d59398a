"""The addresses of nbhosting 0.59's three documents (T13), for programs that read them."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from nbh_stats import numbers, original
from nbh_stats.asked import Asked
from nbh_stats.finding import Finding
from nbh_stats.original import Table
from nbh_stats.viewers import Viewer


class OldAddresses:
    """Answers; each of its methods is an endpoint."""

    def __init__(self, finding: Finding) -> None:
        self._finding = finding

    async def daily_metrics(self, request: Request, _viewer: Viewer) -> Response:
        """Students and notebooks by day."""
        return await self._document(
            request, original.DAILY_METRICS, original.ALL_OF_IT, original.daily_metrics
        )

    async def monitor_counts(self, request: Request, _viewer: Viewer) -> Response:
        """What was sampled."""
        return await self._document(
            request, original.MONITOR_COUNTS, original.COUNTED, original.monitor_counts
        )

    async def material_usage(self, request: Request, _viewer: Viewer) -> Response:
        """Who opened what."""
        return await self._document(
            request, original.MATERIAL_USAGE, original.ALL_OF_IT, original.material_usage
        )

    async def _document(
        self,
        request: Request,
        names: Sequence[str],
        question: Asked,
        make: Callable[..., dict[str, Any]],
    ) -> Response:
        course = request.path_params["course"]
        await self._finding.check(course)
        tables = [await self._table(course, name, question) for name in names]
        # a large course's document takes a second
        body = await asyncio.to_thread(lambda: msgspec.json.encode(make(*tables)))
        return Response(body, media_type="application/json")

    async def _table(self, course: str, name: str, question: Asked) -> Table:
        number = numbers.find("course", name)
        assert number is not None
        answer = await self._finding.asked_of_course(number, course, question, "json")
        columns: list[list[Any]] = msgspec.json.decode(answer.data) or [[] for _ in number.columns]
        return dict(zip((c.name for c in number.columns), columns, strict=True))
