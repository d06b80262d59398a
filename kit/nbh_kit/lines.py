"""Lines of the log as JSON, and what they are about.

A click writes three, each while its student waits: what a line takes is a part of what a click
takes. So one step does here what is a chain of them in structlog.
"""

import json
import re
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType, TracebackType
from typing import Any

import msgspec
import structlog

from nbh_kit.metrics import Counter
from nbh_proto import names

Said = dict[str, Any]

_about: ContextVar[Mapping[str, Any]] = ContextVar("nbh_about", default=MappingProxyType({}))
_encoder = msgspec.json.Encoder(enc_hook=repr)
_CAPABILITY = re.compile(names.CAPABILITY.pattern.encode())


class About:
    """Whatever is logged in the block, and by tasks that it starts, has these fields."""

    def __init__(self, **fields: str) -> None:
        self._fields = fields

    def __enter__(self) -> None:
        self._token = _about.set({**_about.get(), **self._fields})

    def __exit__(
        self, _type: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        _about.reset(self._token)


def about() -> Mapping[str, Any]:
    """What is being worked on here, by its ids."""
    return _about.get()


class Lines:
    """Makes lines of what one service says, and counts them."""

    def __init__(self, service: str, counter: Counter) -> None:
        self._service = service
        self._counter = counter

    def line(self, level: str, event: str, fields: Said) -> bytes:
        """What was said, as the log has it."""
        self._counter.add(level)
        if "exc_info" in fields:
            fields = dict(structlog.processors.format_exc_info(None, level, fields))
        return _CAPABILITY.sub(
            b"***",
            _encoded(
                {
                    "timestamp": datetime.now(UTC),
                    "level": level,
                    "service": self._service,
                    "event": event,
                    **_about.get(),
                    **fields,
                }
            ),
        )


def _encoded(line: Said) -> bytes:
    try:
        return _encoder.encode(line)
    except (ValueError, OverflowError, TypeError):
        # a file's name that is no UTF-8, a number of more than 64 bits
        return json.dumps(line, default=str, skipkeys=True).encode()


def logger_class(level: int, lines: Lines) -> type[Any]:
    """Of what ``structlog.get_logger()`` gives: it says what is of this level or a higher one."""

    def say(self: Any, method_name: str, event: str, **fields: Any) -> None:
        # the way that structlog leaves to classes of one's own, without its chain
        self._logger.msg(lines.line(method_name, event, {**self._context, **fields}))

    kind = structlog.make_filtering_bound_logger(level)
    return type("Logger", (kind,), {"_proxy_to_logger": say})
