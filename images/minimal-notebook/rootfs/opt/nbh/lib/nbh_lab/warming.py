"""Does once, while nobody waits, what the page of a lab's first notebook needs.

Jupyter imports, reads and compiles much of it at the first request. A lab of the pool does so
before its student comes. Nothing is kept for them that they would not have had.
"""

import asyncio
import functools
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest

_ASKED = (
    "api/contents/?content=0",
    "api/kernelspecs",
    "api/sessions",
    "api/me",
    "api/nbconvert",
    "api/terminals",
    "lsp/status",
    "lab/api/settings",
    "lab/api/translations/en",
    "notebooks/-.ipynb",
)
"""What a page asks first, below the lab's own path."""

_MARKDOWN = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
---

# a title

```{code-cell} ipython3
1
```
"""
_PERCENT = "# %% [markdown]\n# # a title\n\n# %%\n1\n"


async def warm(app: Any) -> None:
    """Ask the lab's own server, one thing after the other. What fails is left to who needs it.

    Args:
        app: Jupyter's, which has begun to answer.
    """
    # In the server's own thread: what is postponed (`nbh_lab.postponed`) is read by one at a time,
    # and its student may come at any moment.
    for text, kind in ((_MARKDOWN, "md:myst"), (_PERCENT, "py:percent")):
        _read(text, kind)
        await asyncio.sleep(0)
    _remember_exporters()
    client = AsyncHTTPClient()
    headers = {"Authorization": f"token {app.identity_provider.token}"}
    for path in _ASKED:
        mark = "&" if "?" in path else "?"
        # it is no sign of anybody's being there
        url = f"http://127.0.0.1:{app.port}{app.base_url}{path}{mark}no_track_activity=1"
        await client.fetch(HTTPRequest(url, headers=headers), raise_error=False)


def _remember_exporters() -> None:
    """nbconvert looks through all packages for each of thirteen, and a page asks for all."""
    from nbconvert.exporters import base

    base.get_exporter = functools.cache(base.get_exporter)


def _read(text: str, kind: str) -> None:
    import jupytext
    import nbformat

    notebook = jupytext.reads(text, fmt=kind)
    nbformat.validate(notebook)
    nbformat.reads(nbformat.writes(notebook), as_version=4)
