"""``python -m nbh_courses.check FOLDER``: a course in a folder, checked without any service.

Writes a `CourseCheck` as JSON. The exit status is 0 if there is no error, 1 if there is one, 2 if
the folder cannot be read.
"""

import argparse
import sys
from pathlib import Path

import msgspec

from nbh_courses import describing, folder, indexing
from nbh_courses.checking import outcome
from nbh_courses.failure import CourseError
from nbh_courses.indexing import Titles
from nbh_courses.parsing import Parser
from nbh_proto import CourseCheck

_MOST = 10_000


def check(path: Path) -> CourseCheck:
    """What is wrong with the course in a folder.

    Raises:
        CourseError, OSError: it cannot be read.
    """
    source = folder.OnDisk()
    described = describing.describe(folder.read(path), source, None)
    parser = Parser()
    try:
        index = indexing.index(
            described,
            Titles(parser, source, {}),
            course=folder.name_of(path),
            commit=folder.commit_of(path),
            image_is_built=False,
        )
    finally:
        parser.close()
    return outcome(index, (), _MOST)


def main() -> None:
    """Check the folder that the command line names."""
    arguments = argparse.ArgumentParser(prog="python -m nbh_courses.check")
    arguments.add_argument("folder", type=Path)
    path = arguments.parse_args().folder.resolve()
    try:
        found = check(path)
    except (CourseError, OSError) as e:
        print(msgspec.json.encode(CourseCheck(error=str(e))).decode())
        sys.exit(2)
    print(msgspec.json.encode(found).decode())
    sys.exit(1 if found.errors else 0)


if __name__ == "__main__":
    main()
