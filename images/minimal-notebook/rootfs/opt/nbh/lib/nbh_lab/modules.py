"""What an idle server imports and does not use.

For each module the names that others import from it (`from module import name`).
`python -m nbh_lab.check`, run by the image's build, fails when one of them is no longer there.
"""

from collections.abc import Mapping

WHEN_USED: Mapping[str, tuple[str, ...]] = {
    # jsonschema's checks of the formats "iri" and "iri-reference". It builds a grammar with lark
    # when it is imported: half of a stock start.
    "rfc3987_syntax": ("is_valid_syntax",),
    # jsonschema's checks of "uri" and "duration".
    "rfc3986_validator": ("validate_rfc3986",),
    "arrow": (),
    # Allow and block lists of the extension manager, and its client of PyPI (httpx).
    "requests": (),
    "jupyterlab.extensions.pypi": ("PyPIExtensionManager",),
    # jupytext's reader of MyST: the first .md that is opened reads it.
    "markdown_it": ("MarkdownIt",),
    "mdit_py_plugins.front_matter": ("front_matter_plugin",),
    "mdit_py_plugins.myst_blocks": ("myst_block_plugin",),
    "mdit_py_plugins.myst_role": ("myst_role_plugin",),
    # Dates in kernels' messages.
    "dateutil.parser": ("isoparse",),
    "dateutil.tz": ("tzlocal",),
}
