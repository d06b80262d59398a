"""A course's ``nbhosting.yaml``: its layers, read and joined (G7 to G9). Pure.

Whatever is wrong is told with file, line and key, and left out; the rest of the course works
(G10, G12, G18 as decided).
"""

from nbh_courses.settings.general import DEFAULT_FORMAT
from nbh_courses.settings.given import MAX_BYTES
from nbh_courses.settings.mappings import DEFAULT_MAPPINGS
from nbh_courses.settings.reading import FILE, OPERATORS, Read, Settings, read

__all__ = [
    "DEFAULT_FORMAT",
    "DEFAULT_MAPPINGS",
    "FILE",
    "MAX_BYTES",
    "OPERATORS",
    "Read",
    "Settings",
    "read",
]
