"""Builds a course's documentation in a container like a lab, without a student (G18, G19)."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from nbh_builder import container, running
from nbh_builder.container import CONFIG, MIRROR, WORK, Limits
from nbh_builder.failure import BuildError
from nbh_builder.last_lines import LastLines
from nbh_builder.podman_api import PodmanApi
from nbh_builder.shelving import Shelves, Taken
from nbh_kit.conditions import Mount
from nbh_proto import Build

_REPOSITORY = "course"
_PREPARE = f"""\
set -e
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
git clone --quiet --no-checkout {MIRROR} {_REPOSITORY}
cd {_REPOSITORY}
git checkout --quiet --detach "$NBH_COMMIT"
cd -- "$NBH_DIRECTORY"
exec bash -e {CONFIG}/script.sh
"""


class DocsRun:
    """One build of one documentation."""

    def __init__(
        self, api: PodmanApi, site: str, course: Path, work: Path, limits: Limits
    ) -> None:
        self._api = api
        self._site = site
        self._course = course
        self._work = work
        self._limits = limits
        self._name = f"{site}-docs"
        self.shelves = Shelves(course)

    def run(
        self,
        build: Build,
        commit: str,
        image_id: str,
        max_bytes: int,
        hear: Callable[[str], None],
    ) -> Taken:
        """Run its script on a clone of a commit, and publish the result.

        Raises:
            BuildError: the script fails, or leaves no result.
        """
        check(build)
        try:
            self._make(build)
            self._carry_out(self._body(build, commit, image_id), hear)
            result = PurePosixPath(_REPOSITORY, build.directory, build.result_folder)
            room = self._work / "work"
            entry = build.entry_point
            return self.shelves.put(build.id, commit, room, str(result), entry, max_bytes)
        finally:
            shutil.rmtree(self._work, ignore_errors=True)

    def end(self) -> None:
        """End what runs."""
        running.remove(self._api, self._name)

    def _carry_out(self, body: dict[str, object], hear: Callable[[str], None]) -> None:
        last = LastLines()

        def heard(line: str) -> None:
            last.hear(line)
            hear(line)

        if status := running.run(self._api, body, heard):
            why = f"its script ended with status {status}"
            raise BuildError("step-failed", last.after(why))

    def _body(self, build: Build, commit: str, image_id: str) -> dict[str, object]:
        return container.body(
            name=self._name,
            site=self._site,
            image=image_id,
            command=("bash", f"{CONFIG}/prepare.sh"),
            environment={
                "PYTHONPATH": f"{WORK}/{_REPOSITORY}/modules",
                "NBH_COMMIT": commit,
                "NBH_DIRECTORY": build.directory,
            },
            mounts=(
                Mount(source=str(self._work / "work"), target=WORK, read_only=False, owned=True),
                Mount(
                    source=str(self._work / "config"), target=CONFIG, read_only=True, owned=True
                ),
                Mount(
                    source=str(self._course / "mirror.git"),
                    target=MIRROR,
                    read_only=True,
                    owned=False,
                ),
            ),
            limits=self._limits,
            network=True,
        )

    def _make(self, build: Build) -> None:
        shutil.rmtree(self._work, ignore_errors=True)
        for name in ("work", "config"):
            (self._work / name).mkdir(parents=True)
        (self._work / "config" / "prepare.sh").write_text(_PREPARE)
        (self._work / "config" / "script.sh").write_text(f"{build.script}\n")
        for path in self._work.rglob("*"):
            os.chown(path, container.UID, container.GID)


def check(build: Build) -> None:
    """See that its paths stay where they belong.

    Raises:
        BuildError: one leads elsewhere; says which.
    """
    for key in ("directory", "result_folder", "entry_point"):
        path = PurePosixPath(getattr(build, key))
        if path.is_absolute() or ".." in path.parts or "\0" in str(path):
            raise BuildError("no-result", f"{key} {path} leads out of the course")
