"""What a line of the log is (E-4)."""

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbh_kit import lines
from nbh_kit.lines import About, Lines
from nbh_kit.metrics import Metrics


@pytest.fixture
def counter():
    return Metrics().counter("nbhosting_log_lines_total", "Lines.", level=("info", "error"))


@pytest.fixture
def said(counter):
    """What a line says: {field: value}."""

    def of(event="it happened", level="info", **fields):
        return json.loads(Lines("router", counter).line(level, event, fields))

    return of


def test_a_line_says_when_how_grave_who_and_what(said):
    before = datetime.now(UTC)
    line = said("a click", course="py", seconds=0.25)
    at = datetime.fromisoformat(line.pop("timestamp"))
    assert timedelta(0) <= at - before < timedelta(seconds=30)
    assert list(line.items()) == [
        ("level", "info"),
        ("service", "router"),
        ("event", "a click"),
        ("course", "py"),
        ("seconds", 0.25),
    ]


def test_lines_are_counted_by_their_level(said, counter):
    for level in ("info", "error", "info"):
        said(level=level)
    assert (counter.value("info"), counter.value("error")) == (2, 1)


async def test_a_line_has_what_its_block_is_about_also_in_tasks_begun_there(said):
    async def later():
        return said()

    with About(access="a"):
        with About(message="m"):
            task = asyncio.create_task(later())
            assert said().keys() >= {"access", "message"}
        assert said()["access"] == "a"
        assert "message" not in said()
    assert lines.about() == {}
    assert (await task)["message"] == "m"


def test_what_is_said_in_the_line_itself_stands_over_what_its_block_is_about(said):
    with About(access="a"):
        assert said(access="b")["access"] == "b"


def test_an_exception_is_in_the_line_with_its_traceback(said):
    try:
        raise ValueError("broken")
    except ValueError:
        line = said(level="error", exc_info=True)
    assert "exc_info" not in line
    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("ValueError: broken")


@pytest.mark.parametrize(
    ("value", "read"),
    [
        pytest.param(Path("/srv"), "PosixPath('/srv')", id="what JSON has no word for"),
        pytest.param("caf\udce9", "caf\udce9", id="a file's name that is no UTF-8"),
        pytest.param(1 << 70, 1 << 70, id="a number of more than 64 bits"),
        pytest.param("a\nb", "a\nb", id="two lines"),
    ],
)
def test_whatever_a_field_is_there_is_one_line(said, counter, value, read):
    assert said(field=value)["field"] == read
    assert b"\n" not in Lines("router", counter).line("info", "e", {"field": value})


_FIELDS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
)


@given(_FIELDS)
def test_no_field_keeps_a_line_from_being_said(field):
    counter = Metrics().counter("nbhosting_log_lines_total", "Lines.", level=("info",))
    line = Lines("router", counter).line("info", "it happened", {"field": field})
    assert json.loads(line)["event"] == "it happened"


def test_capabilities_are_in_no_line(said):
    capability = "7" * 40
    assert said(url=f"/{capability}/lab")["url"] == "/***/lab"
    assert capability not in str(said(f"no {capability}", given=[capability]))


_SAYS = """
import os, structlog
from nbh_kit import run
run.configure_logging("probe", "info")
logger = structlog.get_logger("probe")
logger.debug("not this")
logger.bind(course="py").info("this")
os._exit(1)
"""


def test_what_is_said_is_out_before_a_process_ends_however_it_does():
    ended = subprocess.run([sys.executable, "-c", _SAYS], capture_output=True, check=False)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    said = json.loads(line)
    assert (said["event"], said["course"]) == ("this", "py")
