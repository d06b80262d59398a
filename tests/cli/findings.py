"""What a check of `nbh doctor` says of what is broken, and of the same once it is mended."""

import functools
import inspect

from nbh_kit import config as configs

_told: set[tuple[str, str]] = set()
"""The (check, level) of what a test has looked at."""


def config(**tables):
    """A configuration with these tables."""
    return configs.from_tree(tables)


def root(tmp_path, **files):
    """A machine's file system with just these files."""
    for name, text in files.items():
        file = tmp_path / name.replace("__", "/").replace("DOT", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def is_wrong(finding, *said, level="error"):
    """It is, says so, and says what to do."""
    told = f"{finding.says} {finding.advice}"
    assert finding.level == level, told
    assert finding.advice
    for words in said:
        assert words in told
    _told.add((finding.check, level))
    return True


def is_well(finding):
    """It is, and says so."""
    assert finding.level == "ok", finding
    _told.add((finding.check, "ok"))
    return True


def breaks(*what):
    """A test breaks what these checks look at, such as "disk error", and mends it: it has seen
    them say so, and nothing else, and be content."""
    wanted = {tuple(each.split()) for each in what}
    wanted |= {(check, "ok") for check, _ in wanted}

    def broken(test):
        @functools.wraps(test)
        def alone(**given):
            _told.clear()
            test(**given)
            assert _told == wanted

        @functools.wraps(test)
        async def alone_async(**given):
            _told.clear()
            await test(**given)
            assert _told == wanted

        made = alone_async if inspect.iscoroutinefunction(test) else alone
        made.breaks = set(what)
        return made

    return broken
