"""Makes a page of a student's notebook, in a container that reaches nothing (S-48)."""

import asyncio
import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager

from nbh_kit import settings
from nbh_proto.share import ShareReason
from nbh_provisioner.engine import Ending, Engine, EngineDown, EngineError, ImageMissing, NoSpace
from nbh_provisioner.files import beside
from nbh_provisioner.files.failure import DiskFull, FilesError, NotebookUnknown, told
from nbh_provisioner.files.reading import Taken, TooLarge, copy_out
from nbh_provisioner.files.workspace import Workspaces
from nbh_provisioner.revision import Revision
from nbh_provisioner.shares import making, pictures
from nbh_provisioner.shares.making import Work
from nbh_provisioner.shares.snapshots import Key

_THEIR_SHARE = 2
"""Of the bytes of a page, pictures that lie beside the notebook may have half; a third more as
base64."""


class NotShared(Exception):
    """A notebook was not shared, and why; ``str()`` is for the operator."""

    def __init__(self, reason: ShareReason, detail: str = "") -> None:
        super().__init__(detail)
        self.reason: ShareReason = reason


class Maker:
    """Makes pages, one container for each."""

    def __init__(
        self,
        engine: Engine,
        workspaces: Workspaces,
        limits: settings.Share,
        *,
        site: str,
        image: str,
    ) -> None:
        """Take who is needed; ``image`` has what a course's own may lack: the site's."""
        self._engine = engine
        self._workspaces = workspaces
        self._limits = limits
        self._site = site
        self._image = image

    async def make(self, key: Key, work: Work, image: str, revision: Revision | None) -> str:
        """Make the page ``work.page`` of the notebook as it is now; the file that it was made of,
        relative to the workspace.

        Args:
            image: the course's.
            revision: the course's, some of whose files the student has beside theirs; None if
                nothing is published.

        Raises:
            NotShared: and why.
        """
        with _told_apart():
            taken = await asyncio.to_thread(self._copied, key, work, revision)
        for each in dict.fromkeys((image, self._image)):
            with _told_apart():
                why = await self._converted(key, taken, work, each)
            if why is None:
                return taken.notebook
            if why != "image-missing":
                raise NotShared(why)
        raise NotShared("image-missing", f"neither {image} nor {self._image} has nbconvert")

    def _copied(self, key: Key, work: Work, revision: Revision | None) -> Taken:
        course, student, notebook = key
        most = self._limits.max_bytes
        try:
            with told(), self._workspaces.opened(f"{student}/{course}") as workspace:
                taken = copy_out(workspace, notebook, work.notebook, most)
                _copy_pictures(workspace, taken.notebook, work, revision, most // _THEIR_SHARE)
                return taken
        except FilesError as e:
            if isinstance(e.__cause__, FileNotFoundError):
                raise NotebookUnknown(notebook) from e
            raise

    async def _converted(
        self, key: Key, taken: Taken, work: Work, image: str
    ) -> ShareReason | None:
        try:
            id_ = await self._engine.image(image)
        except ImageMissing:
            return "image-missing"
        contained = making.contained(key, taken.notebook, work, id_, self._site, self._limits)
        ending: Ending = await self._engine.run(contained, within=self._limits.within)
        return making.why(ending)


def _copy_pictures(
    workspace: int, notebook: str, work: Work, revision: Revision | None, most: int
) -> None:
    """Have those that the notebook shows beside the copy of it, while there is room."""
    shown = pictures.shown(notebook, work.notebook.read_bytes())
    with work.pictures.open("x", encoding="utf-8") as file:
        for name, path in shown.items():
            found = beside.read(workspace, path, revision, most)
            if found is None:
                continue
            most -= len(found)
            url = f"data:{pictures.type_of(path)};base64,{base64.b64encode(found).decode()}"
            file.write(json.dumps([name, url]) + "\n")


@contextmanager
def _told_apart() -> Iterator[None]:
    """What fails inside the block is told as a `NotShared`."""
    try:
        yield
    except TooLarge as e:
        raise NotShared("too-large") from e
    except TimeoutError as e:
        raise NotShared("too-slow") from e
    except NotebookUnknown as e:
        raise NotShared("notebook-unknown", str(e)) from e
    except (DiskFull, NoSpace) as e:
        raise NotShared("disk-full", str(e)) from e
    except FilesError as e:
        raise NotShared("workspace-unusable", str(e)) from e
    except EngineDown as e:
        raise NotShared("engine-down", str(e)) from e
    except EngineError as e:
        raise NotShared("internal", str(e)) from e
