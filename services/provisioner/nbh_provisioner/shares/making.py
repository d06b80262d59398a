"""The container in which a page is made of a notebook, and what its end says. Pure."""

import hashlib
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from nbh_kit import conditions, settings
from nbh_kit.conditions import Contained, Mount
from nbh_proto.share import ShareReason
from nbh_provisioner import lab_paths
from nbh_provisioner.engine import Ending
from nbh_provisioner.shares import page_maker

_INSIDE = "/srv/share"
_PAGE = f"{_INSIDE}/page.html"
_PICTURES = f"{_INSIDE}/pictures"
_KILLED = 137
_OPEN_FILES = 1024
_TMP_SHARE = 4

_REASONS: dict[int, ShareReason] = {
    page_maker.UNREADABLE: "unreadable",
    page_maker.TOO_LARGE: "too-large",
    page_maker.NO_NBCONVERT: "image-missing",
    page_maker.OUT_OF_MEMORY: "out-of-memory",
    _KILLED: "out-of-memory",
}


class Work(NamedTuple):
    """What is on this machine's disk for it."""

    notebook: Path
    pictures: Path
    """Those that it shows; see `nbh_provisioner.shares.page_maker.main`."""

    page: Path
    """Empty; the only thing on disk that the container writes to."""


def contained(
    key: tuple[str, str, str],
    notebook: str,
    work: Work,
    image: str,
    site: str,
    limits: settings.Share,
) -> Contained:
    """The container.

    Args:
        key: course, student and name of the notebook: two that run at once have two names.
        notebook: the file, as the student has it; its name becomes the page's title.
        image: the id of one that has Jupyter.
    """
    inside = f"{_INSIDE}/notebook{PurePosixPath(notebook).suffix}"
    title = PurePosixPath(notebook).stem
    script = Path(page_maker.__file__).read_text()
    most = str(limits.max_bytes)
    return Contained(
        name=name_of(site, key),
        image=image,
        # isolated: neither the image's PYTHONPATH nor its user's packages stand over Jupyter's
        command=("python", "-I", "-c", script, inside, title, _PICTURES, _PAGE, most),
        environment={"HOME": "/tmp", "PYTHONDONTWRITEBYTECODE": "1"},
        labels=conditions.NO_LAB,
        mounts=(
            Mount(source=str(work.notebook), target=inside, read_only=True, owned=False),
            Mount(source=str(work.pictures), target=_PICTURES, read_only=True, owned=False),
            Mount(source=str(work.page), target=_PAGE, read_only=False, owned=False),
        ),
        user=lab_paths.UID,
        group=lab_paths.GID,
        folder="/tmp",
        memory=limits.memory,
        cpus=limits.cpus,
        processes=limits.processes,
        open_files=_OPEN_FILES,
        tmp=limits.memory // _TMP_SHARE,
        file_bytes=limits.max_bytes,
    )


def name_of(site: str, key: tuple[str, str, str]) -> str:
    """The container's name; no lab can have it, see `nbh_provisioner.run_spec.pool_name`."""
    digest = hashlib.sha256("\0".join(key).encode()).hexdigest()[:16]
    return f"{site}-share-{digest}".lstrip("_.-")


def why(ending: Ending) -> ShareReason | None:
    """Why there is no page; None if there is one."""
    if ending.code == 0:
        return None
    if ending.out_of_memory:
        return "out-of-memory"
    # Whatever else ended it, it was reading this notebook: one nested deeper than a C stack is.
    return "internal" if ending.code is None else _REASONS.get(ending.code, "unreadable")
