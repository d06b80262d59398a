"""What of a repository goes where in a revision (G2, G4, S10). Pure."""

from collections.abc import Collection

from nbh_proto.names import NOTEBOOK_SUFFIXES

_CONFIGURATION = ("nbhosting", ".nbhosting")


def places(path: str, static: Collection[str]) -> list[str]:
    """The paths in the revision under which a file of the repository appears.

    Args:
        path: relative to the repository, with slashes.
        static: the top-level folders that static mappings lead to.

    >>> places("modules/lesson.py", {"data"})
    ['notebooks/modules/lesson.py', 'modules/lesson.py']
    """
    top, slash, rest = path.partition("/")
    if top.startswith(".") or top in _CONFIGURATION:
        return []
    found = [f"notebooks/{path}"] if path.endswith(NOTEBOOK_SUFFIXES) else []
    if slash and top == "modules":
        found.append(f"modules/{rest}")
    if slash and top in static:
        found.append(f"static/{path}")
    return found
