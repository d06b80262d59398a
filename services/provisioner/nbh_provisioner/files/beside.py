"""Reads what stands beside a notebook as its student's lab has it, whatever they plant there.

No link is followed. Where one stands that we made (`nbh_provisioner.files.links`), what the lab
has behind it is the course's: that is read where it was published.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator

from nbh_kit import durable
from nbh_provisioner.files import beneath, links
from nbh_provisioner.files.reading import all_of
from nbh_provisioner.lab_paths import STATIC
from nbh_provisioner.revision import Revision


def read(workspace: int, path: str, revision: Revision | None, most: int) -> bytes | None:
    """All of an ordinary file; None if there is none, or if it has more bytes than that.

    Args:
        workspace: descriptor of the folder.
        path: relative to it, without any ``..``.
        revision: the course's that is published; None if nothing is.
    """
    with contextlib.suppress(OSError), _opened(workspace, path, revision) as source:
        if os.fstat(source).st_size > most:
            return None
        found = all_of(source, 0, most + 1)
        return found if len(found) <= most else None  # it may grow meanwhile
    return None


@contextlib.contextmanager
def _opened(workspace: int, path: str, revision: Revision | None) -> Iterator[int]:
    published = _published(workspace, path, revision.links) if revision else None
    if revision is None or published is None:
        with beneath.file(workspace, path) as source:
            yield source
        return
    with (
        durable.opened_folder(revision.folder / "static") as static,
        beneath.file(static, published) as source,
    ):
        yield source


def _published(workspace: int, path: str, ours: Iterable[links.Link]) -> str | None:
    """Where it is in the course's static area; None if no link of ours is on its way."""
    targets = {link.target for link in ours}
    parts = path.split("/")
    for end in range(1, len(parts) + 1):
        target = links.target(workspace, "/".join(parts[:end]))
        if target in targets:
            return "/".join((target.removeprefix(f"{STATIC}/"), *parts[end:]))
    return None
