"""A teacher's repository, honest or not, made with the real git."""

import os
import subprocess
from pathlib import Path

from nbh_kit import programs

_WHO = {
    "GIT_AUTHOR_NAME": "a teacher",
    "GIT_AUTHOR_EMAIL": "teacher@example.org",
    "GIT_COMMITTER_NAME": "a teacher",
    "GIT_COMMITTER_EMAIL": "teacher@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}

FILE, EXECUTABLE, LINK, SUBMODULE, FOLDER = "100644", "100755", "120000", "160000", "40000"


class Teacher:
    """Writes commits object by object, so that trees can hold what no file system would."""

    def __init__(self, folder: Path, branch: str = "main") -> None:
        self.folder = folder
        self.url = str(folder)
        self.branch = branch
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--bare", f"--initial-branch={branch}")

    def git(self, *words: str, given: bytes = b"") -> str:
        done = subprocess.run(
            [str(programs.find("git")), *words],
            cwd=self.folder,
            env=os.environ | _WHO,
            input=given,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode(errors="surrogateescape").strip()

    def blob(self, content: bytes) -> str:
        return self.git("hash-object", "-w", "--stdin", given=content)

    def tree(self, entries: dict[bytes, tuple[str, str]]) -> str:
        """A tree of (mode, object) by name, sorted as git sorts, unchecked."""

        def place(entry):
            name, (mode, _) = entry
            return name + b"/" if mode == FOLDER else name

        raw = b"".join(
            mode.encode() + b" " + name + b"\0" + bytes.fromhex(sha)
            for name, (mode, sha) in sorted(entries.items(), key=place)
        )
        return self.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", given=raw)

    def push(self, files: dict, *, onto: str | None = "") -> str:
        """Commit files by path; a value is text, bytes or (mode, object or content).

        ``onto`` is the parent; empty for the branch's tip, None for none (unrelated history).
        """
        tree = self._tree_of(files)
        parent = self._tip() if onto == "" else onto
        commit = self.git(
            "commit-tree", tree, *(["-p", parent] if parent else []), "-m", "a lesson"
        )
        self.git("update-ref", f"refs/heads/{self.branch}", commit)
        return commit

    def _tip(self) -> str | None:
        found = self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{self.branch}")
        return found or None

    def _tree_of(self, files: dict) -> str:
        entries: dict[bytes, tuple[str, str]] = {}
        folders: dict[bytes, dict] = {}
        for path, content in files.items():
            first, slash, rest = os.fsencode(path).partition(b"/")
            if slash:
                folders.setdefault(first, {})[rest] = content
            else:
                entries[first] = self._entry(content)
        for name, inner in folders.items():
            entries[name] = (FOLDER, self._tree_of(inner))
        return self.tree(entries)

    def _entry(self, content) -> tuple[str, str]:
        match content:
            case (mode, bytes() as data):
                return mode, self.blob(data)
            case (mode, str() as sha):
                return mode, sha
            case str():
                return FILE, self.blob(content.encode())
            case _:
                return FILE, self.blob(content)


def link(target: str) -> tuple[str, bytes]:
    """A symbolic link."""
    return LINK, os.fsencode(target)


LESSON = {
    "w1/first.md": "# First\n",
    "w1/second.py": "# %%\nprint(6 * 7)\n",
    "README.md": "# A course\n",
    "modules/lesson.py": "ANSWER = 42\n",
    "data/cities.csv": "Nice,348085\n",
    "notes.txt": "for the teacher\n",
    ".nbhosting/Dockerfile": "FROM nbhosting/minimal-notebook\n",
}
"""A small course: three notebooks (and a module, which is one too), a module, a data file."""


def published(revision: Path) -> dict[str, bytes]:
    """Every file of a revision by its path; it holds nothing but files and folders."""
    below = list(revision.rglob("*"))
    assert not [path for path in below if path.is_symlink()]
    assert all(path.is_file() or path.is_dir() for path in below)
    return {str(path.relative_to(revision)): path.read_bytes() for path in below if path.is_file()}
