"""The numbers over HTTP, each as JSON, CSV or Parquet."""

from collections.abc import Mapping
from typing import get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from nbh_proto import names
from nbh_stats import asked, numbers, reading
from nbh_stats.asked import BadQuestion
from nbh_stats.finding import Answer, Finding, Unknown
from nbh_stats.numbers import About, Number
from nbh_stats.reading import Format
from nbh_stats.viewers import Viewer

_FORMATS = get_args(Format)
_TYPES: Mapping[Format, str] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}


class Api:
    """Answers; each of its methods is an endpoint."""

    def __init__(self, finding: Finding) -> None:
        self._finding = finding

    async def of_course(self, request: Request, _viewer: Viewer) -> Response:
        """A number of a course."""
        number, format_ = _wanted(request, "course")
        course = _id(request, "course")
        answer = await self._finding.of_course(number, course, _query(request), format_)
        return _sent(answer, format_)

    async def of_node(self, request: Request, _viewer: Viewer) -> Response:
        """A number of a machine."""
        number, format_ = _wanted(request, "node")
        node = _id(request, "node")
        answer = await self._finding.of_node(number, node, _query(request), format_)
        return _sent(answer, format_)

    async def of_student(self, request: Request, _viewer: Viewer) -> Response:
        """All that is stored of a student, oldest first (S-55)."""
        student = _id(request, "student")
        content = await self._finding.of_student(student)
        return _file(content, f"{student}-events.jsonl", "application/x-ndjson")

    async def of_site(self, request: Request, viewer: Viewer) -> Response:
        """A number of all courses that the viewer may see."""
        number, format_ = _wanted(request, "site")
        if not number.people and not viewer.is_staff:
            raise Unknown("there is no such number")
        answer = await self._finding.of_site(number, viewer, _query(request), format_)
        return _sent(answer, format_)

    async def course(self, request: Request, _viewer: Viewer) -> Response:
        """A course: its time zone, its tracks, since when there is anything."""
        course = _id(request, "course")
        about = await self._finding.about(course)
        return _json(about)

    async def catalogue(self, _request: Request, _viewer: Viewer) -> Response:
        """Every number there is, with its columns and its parameters."""
        return _json([_entry(number) for number in numbers.ALL])


def _wanted(request: Request, about: About) -> tuple[Number, Format]:
    found = numbers.find(about, request.path_params["number"])
    if found is None:
        raise Unknown("there is no such number")
    for format_ in _FORMATS:
        if request.path_params["format"] == format_:
            return found, format_
    raise Unknown(f"a number is {', '.join(_FORMATS)}")


def _id(request: Request, kind: str) -> str:
    try:
        return names.checked_id(kind, request.path_params[kind])
    except names.BadName as e:
        raise Unknown(f"there is no such {kind}") from e


def _query(request: Request) -> dict[str, str]:
    given = request.query_params.multi_items()
    if len(dict(given)) < len(given):
        raise BadQuestion("a parameter is there twice")
    return dict(given)


def _sent(answer: Answer, format_: Format) -> Response:
    if format_ == "json":
        return Response(
            reading.envelope(answer.number, _head(answer), answer.data), media_type=_TYPES["json"]
        )
    name = "-".join((*answer.about.values(), answer.number.name))
    return _file(answer.data, f"{name}.{format_}", _TYPES[format_])


def _file(content: bytes, name: str, media_type: str) -> Response:
    """Saved by a browser under a name, which is made of ids."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)


def _head(answer: Answer) -> dict[str, object]:
    question = answer.asked
    return {
        **answer.about,
        "from": question.since if question.since > asked.BEGIN else None,
        "to": question.until if question.until < asked.END else None,
        "time_zone": question.zone,
        "step": question.step,
        "left_out": answer.left_out,
    }


def _entry(number: Number) -> dict[str, object]:
    return {
        "name": number.name,
        "about": number.about,
        "what": number.what,
        "people": number.people,
        "options": number.options,
        "columns": [column._asdict() for column in number.columns],
    }


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
