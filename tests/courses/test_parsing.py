"""Notebooks that anybody wrote are read in a process that may die of them (S-44)."""

import os
import signal
from pathlib import Path

import pytest

from nbh_courses.parser import Parsed
from nbh_courses.parsing import Parser, Patience
from nbh_kit.testing import eventually

GOOD = b"---\njupyter:\n  notebookname: A lesson\n---\n"
FOUND = Parsed(title="A lesson")


@pytest.fixture
def parser():
    parser = Parser(Patience(file=30, idle=0.2))
    yield parser
    parser.close()


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_many_files_are_read_by_one_process(parser):
    with parser.working():
        assert parser.parse(GOOD, ".md") == FOUND
        pid = parser.pid
        assert [parser.parse(GOOD, ".md") for _ in range(20)] == [FOUND] * 20
        assert parser.pid == pid


async def test_the_process_goes_when_there_is_nothing_to_read(parser):
    with parser.working():
        parser.parse(GOOD, ".md")
    pid = parser.pid
    await eventually(lambda: parser.pid is None and not is_there(pid))
    with parser.working():
        assert parser.parse(GOOD, ".md") == FOUND


def bomb() -> bytes:
    """A header of a few lines that is a billion values to who follows its aliases."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    header = "\n".join(f"  {line}" for line in [*lines, "notebookname: *a9"])
    return f"---\njupyter:\n{header}\n---\n".encode()


HOSTILE = {
    "nested lists": (b"[" * 5_000_000, ".ipynb"),
    "nested metadata": (b'{"nbformat": 4, "metadata": ' + b'{"a":' * 1_000_000, ".ipynb"),
    "nested YAML": (b"---\njupyter: " + b"[" * 50_000 + b"\n---\n", ".md"),
    "too many cells": (
        b'{"nbformat": 4, "metadata": {}, "more": NaN, "cells": ['
        + b'{"cell_type": "raw"},' * 1_000_000
        + b"{}]}",
        ".ipynb",
    ),
    "no text": (b"\xff\xfe\x00", ".py"),
    "a pointer of git-lfs": (b"version https://git-lfs.github.com/spec/v1\n", ".ipynb"),
}


@pytest.mark.parametrize(("text", "suffix"), HOSTILE.values(), ids=HOSTILE)
def test_what_cannot_be_read_is_told_and_the_next_file_is_read(parser, text, suffix):
    with parser.working():
        parsed = parser.parse(text, suffix)
        assert parsed.error
        assert parsed.error.isprintable()
        assert parser.parse(GOOD, ".md") == FOUND


def test_a_bomb_of_aliases_has_no_title(parser):
    with parser.working():
        assert parser.parse(bomb(), ".md").title == ""
        assert parser.parse(GOOD, ".md") == FOUND


def test_a_process_that_is_killed_is_replaced(parser):
    with parser.working():
        parser.parse(GOOD, ".md")
        os.kill(parser.pid, signal.SIGKILL)
        assert parser.parse(GOOD, ".md") == FOUND


def test_nobody_waits_for_a_process_that_does_not_answer():
    parser = Parser(Patience(file=0.5, idle=0.2))
    with parser.working():
        while parser.parse(GOOD, ".md") != FOUND:  # its imports may take longer than that
            pass
        os.kill(parser.pid, signal.SIGSTOP)
        stopped = parser.pid
        parser.parse(GOOD, ".md")
        assert not is_there(stopped)
    parser.close()


def test_the_process_has_limits_and_nothing_of_our_environment(parser, monkeypatch):
    monkeypatch.setenv("NBH_SECRET", "do-not-pass-this-on")
    with parser.working():
        parser.parse(GOOD, ".md")
        process = Path(f"/proc/{parser.pid}")
        assert b"NBH_SECRET" not in (process / "environ").read_bytes()
        limits = {line[:25].strip(): line[25:].split() for line in _lines(process / "limits")}
        assert limits["Max address space"][0] == str(512 * 1024**2)
        assert limits["Max file size"][0] == "0"
        assert limits["Max processes"][0] == "0"
        assert int(limits["Max cpu time"][0]) <= 15


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines()[1:]
