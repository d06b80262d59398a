"""The index of a real course: from nothing, and after a commit that touches one notebook.

Its floor is what the same titles take without us: git hands out the blobs, jupytext reads them.
"""

import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import jupytext

from nbh_courses import environment, publishing, tree
from nbh_courses.parsing import Parser
from nbh_courses.publishing import Wanted
from nbh_courses.shelf import Place
from nbh_kit import programs
from nbh_proto.names import NOTEBOOK_SUFFIXES
from tests.bench.figures import Figure, at_most, median, spread
from tests.courses.teacher import Teacher
from tests.courses.test_real_courses import SHARED

FIRST_ROUNDS = 3
ROUNDS = 15
NOTEBOOK = "w1/w1-s1-c1-versions-python.md"


def figures() -> list[Figure]:
    """Both, each round beside its floor; nothing where there is no such course."""
    bundle = SHARED / "flotpython.bundle"
    if not bundle.exists():
        return []
    with tempfile.TemporaryDirectory(prefix="nbh-bench-") as folder:
        parser = Parser()
        parser.start()  # as the service does, long before somebody pushes
        try:
            course = _Course(Path(folder), bundle, parser)
            return [course.first(), course.next()]
        finally:
            parser.close()


class _Course:
    def __init__(self, folder: Path, bundle: Path, parser: Parser) -> None:
        self._folder = folder
        self._parser = parser
        self._teacher = Teacher(folder / "teacher.git")
        self._teacher.git("fetch", "--quiet", str(bundle), "main:refs/heads/main")
        self._environment = environment.closed(folder, local=True)
        self._places = 0

    def first(self) -> Figure:
        """From nothing: every notebook is read."""
        self._index(self._place())  # the parser has imported what it needs from here on
        pairs = [(self._index(self._place()), self._bare_all()) for _ in range(FIRST_ROUNDS)]
        ours, bare = ([pair[n] for pair in pairs] for n in (0, 1))
        return at_most(
            "first index of flotpython (400 files, 240 of them notebooks)",
            median(ours),
            3.0,
            unit="s",
            floor=median(bare),
            spread=spread(ours),
        )

    def next(self) -> Figure:
        """After a commit that touches one notebook."""
        place = self._place()
        self._index(place)
        ours, bare = [], []
        for n in range(ROUNDS):
            self._touch(n)
            ours.append(self._index(place))
            bare.append(self._bare_one())
        return at_most(
            "index of flotpython after a commit that touches one notebook",
            median(ours) * 1e3,
            150.0,
            unit="ms",
            floor=median(bare) * 1e3,
            spread=spread(ours, 1e3),
        )

    def _place(self) -> Place:
        self._places += 1
        folder = self._folder / f"course-{self._places}"
        folder.mkdir()
        return Place(folder)

    def _index(self, place: Place) -> float:
        began = time.perf_counter()
        with tree.opened(self._teacher.folder, self._environment) as reader:
            commit = reader.commit("refs/heads/main")
            wanted = Wanted("flotpython", commit, None, False, 0)
            described = publishing.describe(reader, wanted)
            index = publishing.indexed(place, reader, described, wanted, self._parser)
        assert len(index.notebooks) > 240
        return time.perf_counter() - began

    def _touch(self, n: int) -> None:
        text = self._teacher.git("show", f"refs/heads/main:{NOTEBOOK}")
        changed = f"{text}\n\n{n}\n".encode()
        header = f"commit refs/heads/main\ncommitter x <x@example.org> {n} +0000\ndata 0\n"
        file = f"from refs/heads/main^0\nM 100644 inline {NOTEBOOK}\ndata {len(changed)}\n"
        self._teacher.git(
            "fast-import", "--quiet", given=header.encode() + file.encode() + changed + b"\n"
        )

    def _bare_all(self) -> float:
        names = self._teacher.git("ls-tree", "-r", "--name-only", "refs/heads/main").splitlines()
        notebooks = [name for name in names if name.endswith(NOTEBOOK_SUFFIXES)]
        began = time.perf_counter()
        for name, text in zip(notebooks, self._blobs(notebooks), strict=True):
            _read(name, text)
        return time.perf_counter() - began

    def _bare_one(self) -> float:
        (text,) = self._blobs([NOTEBOOK])
        began = time.perf_counter()
        _read(NOTEBOOK, text)
        return time.perf_counter() - began

    def _blobs(self, names: list[str]) -> list[bytes]:
        asked = "".join(f"refs/heads/main:{name}\n" for name in names).encode()
        git = str(programs.find("git"))
        done = subprocess.run(
            [git, "cat-file", "--batch"],
            cwd=self._teacher.folder,
            input=asked,
            capture_output=True,
            check=True,
        )
        return _split(done.stdout)


def _split(batch: bytes) -> list[bytes]:
    """What `git cat-file --batch` writes: for each object a line with its size, and its bytes."""
    blobs, at = [], 0
    while at < len(batch):
        end = batch.index(b"\n", at)
        size = int(batch[at:end].split()[2])
        blobs.append(batch[end + 1 : end + 1 + size])
        at = end + 2 + size
    return blobs


def _read(name: str, text: bytes) -> object:
    with warnings.catch_warnings(action="ignore"):
        return jupytext.reads(text.decode(), name[name.rindex(".") :]).metadata
