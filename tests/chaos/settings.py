"""The class that works while everything is killed, and the system that serves it."""

from typing import Any

STUDENTS = 20

WITH_POOL: dict[str, dict[str, Any]] = {
    "pool": {"minimum": 2, "maximum": 4, "free_memory": 1024**3}
}
