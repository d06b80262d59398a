"""What of a course's settings is not in its repository, and what is in the wrong place. Pure."""

from collections.abc import Iterator

from nbh_courses.layout import DOCKERFILES, LAYERS
from nbh_courses.nodes import File, Folder, follow
from nbh_courses.settings import FILE, Settings
from nbh_proto import Problem


def problems(root: Folder, settings: Settings, *, image_is_built: bool) -> Iterator[Problem]:
    """Whatever is looked for and not found.

    ``image_is_built``: the course's image was built of its own Dockerfile.
    """
    yield from _mappings(root, settings)
    yield from _builds(root, settings)
    yield from _two_of_a_kind(root)
    yield from _dockerfile(root, image_is_built)


def _mappings(root: Folder, settings: Settings) -> Iterator[Problem]:
    for wanted in settings.declared:
        if not follow((root,), wanted.destination):
            yield wanted.given.problem(f"there is no {wanted.destination} in the repository")


def _builds(root: Folder, settings: Settings) -> Iterator[Problem]:
    for build, given in zip(settings.builds, settings.built, strict=True):
        found = follow((root,), build.directory)
        if build.script and (found is None or isinstance(found.node, File)):
            at = given.mapping().get("directory", given)
            yield at.problem(f"there is no folder {build.directory} in the repository")


def _two_of_a_kind(root: Folder) -> Iterator[Problem]:
    below, above = LAYERS
    if _has(root, f"{below}/{FILE}") and _has(root, f"{above}/{FILE}"):
        what = f"there is {below}/{FILE} too: both hold, this one stands over it"
        yield Problem(file=f"{above}/{FILE}", what=what, level="warning")
    if (lower := _dockerfile_in(root, below)) and (upper := _dockerfile_in(root, above)):
        yield Problem(
            file=upper, what=f"there is {lower} too: only this one is used", level="warning"
        )


def _dockerfile(root: Folder, image_is_built: bool) -> Iterator[Problem]:
    if any(_dockerfile_in(root, layer) for layer in LAYERS):
        return
    where = f"{LAYERS[0]}/{DOCKERFILES[0]}"
    if image_is_built:
        yield Problem(file=where, what="is missing, and the course's image was built of one")
    for name in DOCKERFILES:
        if _has(root, name):
            what = f"is not looked at here: an image is built of {where}"
            yield Problem(file=name, what=what, level="warning")


def _dockerfile_in(root: Folder, layer: str) -> str:
    paths = (f"{layer}/{name}" for name in DOCKERFILES)
    return next((path for path in paths if _has(root, path)), "")


def _has(root: Folder, path: str) -> bool:
    found = follow((root,), path)
    return found is not None and isinstance(found.node, File)
