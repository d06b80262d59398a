"""Where a notebook is in its lab (S11, U9). Pure."""

from urllib.parse import quote, unquote

_DEFAULT = "notebooks/{notebook}"
_SAFE = "/%:@!$&'()*+,;="


def notebook_url(
    *, capability: str, notebook: str, url_format: str, course: str, student: str
) -> str:
    """The path and query that open a notebook; always below the lab's own base URL (S-29).

    ``url_format`` comes from the course: a path with ``{notebook}`` in it, perhaps a query. One
    that would leave the lab counts as the default. The public extension jupyterlab-nbhosting reads
    ``course`` and ``student``.
    """
    path, _, query = url_format.partition("?")
    if not _stays_below(path):
        path, _, query = _DEFAULT.partition("?")
    path = path.lstrip("/").replace("{notebook}", quote(notebook))
    query = query.replace("{notebook}", quote(notebook, safe=""))
    given = f"{quote(query, safe=_SAFE + '?')}&" if query else ""
    return f"/{capability}/{quote(path, safe=_SAFE)}?{given}course={course}&student={student}"


def page_url(*, capability: str, page: str, course: str, student: str) -> str:
    """The path and query of another page of Jupyter; ``page`` is what `address.forward` made."""
    path, _, query = page.partition("?")
    given = f"&{query}" if query else ""
    return f"/{capability}/{path}?course={course}&student={student}{given}"


def files_url(*, capability: str, url_format: str, course: str, student: str) -> str:
    """The path and query of a lab's list of files, where a student can delete some.

    Which pages a lab has follows from where its notebooks are: Jupyter Notebook's own list is
    beside them, and JupyterLab is in every lab.
    """
    page = "tree" if url_format.lstrip("/").startswith("notebooks/") else "lab"
    return f"/{capability}/{page}?course={course}&student={student}"


def _stays_below(path: str) -> bool:
    return not any(unquote(segment) in (".", "..") for segment in path.split("/"))
