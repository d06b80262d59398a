"""Checks a schema of settings once.

JupyterLab checks all of them, ninety, whenever a page asks for the settings: a tenth of a second
in which the lab answers nothing else. A schema that was found good is good.
"""

import json
from typing import Any

from jupyterlab_server import settings_utils


class Validator:
    """In the place of jsonschema's."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self._good: set[str] = set()

    def __call__(self, schema: Any) -> Any:
        return self._real(schema)

    def check_schema(self, schema: Any) -> None:
        """Raise what jsonschema raises if it is not good."""
        text = json.dumps(schema, sort_keys=True)
        if text not in self._good:
            self._real.check_schema(schema)
            self._good.add(text)


def begin() -> None:
    """Have JupyterLab use it, if it still has what it stands for."""
    if (real := getattr(settings_utils, "Validator", None)) is not None:
        settings_utils.Validator = Validator(real)
