"""Students as numbers: sets of small numbers are small and quick to unite."""

import threading
from collections.abc import Iterable, Sequence

import msgspec
from clickhouse_connect.driver.client import Client


class Students:
    """The number of each student who was ever heard of; some 100 bytes of memory for each.

    One process numbers; others of its threads may look.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._last = 0
        self._turn = threading.Lock()

    def load(self, client: Client) -> None:
        """What the table knows.

        Raises:
            clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
        """
        known = client.query("SELECT student, number FROM students").result_rows
        with self._turn:
            self._numbers = {str(student): int(number) for student, number in known}
            self._last = max(self._numbers.values(), default=0)

    def number(self, student: str) -> int:
        """A student's number; 0 for nobody, and for who was never heard of."""
        return self._numbers.get(student, 0)

    def names(self) -> Sequence[str]:
        """Everybody who was ever heard of."""
        with self._turn:
            return tuple(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def register(self, client: Client, students: Iterable[str]) -> None:
        """Number those who are new; they are in the table before anything of theirs is.

        Raises:
            clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
        """
        unknown = sorted({s for s in students if s and s not in self._numbers})
        if not unknown:
            return
        numbered = list(enumerate(unknown, start=self._last + 1))
        lines = b"\n".join(map(msgspec.json.encode, numbered))
        client.raw_insert("students", ("number", "student"), lines, fmt="JSONCompactEachRow")
        with self._turn:
            self._numbers |= {student: number for number, student in numbered}
            self._last += len(numbered)
