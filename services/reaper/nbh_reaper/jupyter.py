"""What a lab's Jupyter says of itself, asked so that the question counts as nobody's activity.

jupyter-server 2: ``/api/status`` never counts, and its ``last_activity`` is the latest of all API
requests, kernels and terminals. The pages of JupyterLab ask for kernels, sessions and files every
ten seconds while they are visible, which counts too: so a request is no activity unless it changes
something. How many did is in the server's own metrics.
"""

from typing import TypeVar

import msgspec

from nbh_proto import Lab
from nbh_reaper import asking
from nbh_reaper.asking import BadAnswer
from nbh_reaper.known import Detail, Kernel, Status, Terminal

T = TypeVar("T")

_MOST = 64 * 1024
_MOST_METRICS = 1024**2
_UNCOUNTED = "no_track_activity=1"

_COUNT = b"http_request_duration_seconds_count{"
_WRITING = tuple(f'method="{m}"'.encode() for m in ("PUT", "POST", "PATCH", "DELETE"))

_status = msgspec.json.Decoder(Status)
_kernels = msgspec.json.Decoder(tuple[Kernel, ...])
_terminals = msgspec.json.Decoder(tuple[Terminal, ...])


class Jupyter:
    """Asks labs."""

    def __init__(self, within: float) -> None:
        """Take the seconds that a lab has for an answer."""
        self._within = within

    async def status(self, lab: Lab) -> Status:
        """How the lab is, in one question.

        Raises:
            NoAnswer: nobody answers.
            BadAnswer: it answers nonsense.
        """
        return _decoded(_status, await self._get(lab, "api/status"))

    async def detail(self, lab: Lab) -> Detail:
        """What else there is to know, in three questions.

        Raises:
            NoAnswer: nobody answers.
            BadAnswer: it answers nonsense.
        """
        kernels = _decoded(_kernels, await self._get(lab, f"api/kernels?{_UNCOUNTED}"))
        return Detail(kernels, await self._terminals(lab), await self._writes(lab))

    async def _terminals(self, lab: Lab) -> tuple[Terminal, ...]:
        try:
            said = await self._get(lab, f"api/terminals?{_UNCOUNTED}")
        except BadAnswer:  # a course can have switched them off
            return ()
        return _decoded(_terminals, said)

    async def _writes(self, lab: Lab) -> float | None:
        try:
            said = await self._get(lab, "metrics", _MOST_METRICS)
        except BadAnswer:
            return None
        return _writes_in(said)

    async def _get(self, lab: Lab, path: str, most: int = _MOST) -> bytes:
        return await asking.get(
            lab.address,
            f"/{lab.capability}/{path}",
            lab.token,
            within=self._within,
            most=most,
        )


def _decoded(decoder: "msgspec.json.Decoder[T]", said: bytes) -> T:
    try:
        value = decoder.decode(said)
    except (msgspec.MsgspecError, RecursionError) as e:
        raise BadAnswer(f"it answers nonsense: {e}") from e
    return value


def _writes_in(metrics: bytes) -> float | None:
    """How many requests changed something, from Prometheus' text format."""
    # Line by line, no regular expression: a student may have written this.
    lines = [line for line in metrics.split(b"\n") if line.startswith(_COUNT)]
    writing = [line for line in lines if any(method in line for method in _WRITING)]
    try:
        return sum(float(line.rpartition(b" ")[2]) for line in writing) if lines else None
    except ValueError:
        return None
