"""One thing done to a student's files, in this process or in one that is killed meanwhile."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from nbh_proto import Course
from nbh_provisioner.files import repository
from nbh_provisioner.files.atomic import Owner
from nbh_provisioner.files.housing import Housing
from nbh_provisioner.files.workspace import Wanted, Workspaces
from nbh_provisioner.revision import Revisions
from nbh_provisioner.shares.snapshots import Snapshots


def do(data: Path, what: str) -> None:
    """Open or reset Ada's notebook or undo that, bring a clone in, write a repository's
    configuration, share the notebook, or have all of a course move or go."""
    owner = Owner(1000, 100) if os.getuid() == 0 else None
    course = Course(course="python", giturl="x", image="x")
    wanted = Wanted("ada", Revisions(data / "courses").current(course), "w1/n1")
    workspaces = Workspaces(data / "students", owner)
    match what:
        case "open":
            workspaces.prepare(wanted)
        case "reset":
            workspaces.reset(wanted, "access", datetime(2026, 11, 23))
        case "undo":
            workspaces.undo(wanted, "another", datetime(2026, 11, 24))
        case "clone":
            with workspaces.made("ada/python") as root:
                if repository.config_of(root) is None:
                    repository.bring_in(_clone(data / "clone"), root, owner)
        case "share":
            pages = Snapshots(data / "snapshots", None)
            pages.load()
            with pages.making() as work:
                work.page.write_text("new")
                at = datetime(2026, 11, 24, tzinfo=UTC)
                pages.put(("python", "ada", "w1/n1"), work.page, at)
        case "move":
            Housing(data / "students").rename("python", "py3")
        case "remove":
            Housing(data / "students").remove("python")
            Housing(data / "students").sweep()
        case "config":
            with workspaces.made("ada/python") as root:
                repository.put_config(root, b"new", owner)


def _clone(folder: Path) -> Path:
    """What git would prepare; after a crash, what is left of it is completed."""
    files = {".git/config": "x", "w1/n1.ipynb": "theirs", "w1/n2.ipynb": "two"}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


if __name__ == "__main__":
    do(Path(sys.argv[1]), sys.argv[2])
