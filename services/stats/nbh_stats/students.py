"""Students as numbers: sets of small numbers are small and quick to unite."""

import hashlib
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec
from clickhouse_connect.driver.client import Client


class Students:
    """The number of each student who was ever heard of, and who was erased.

    Some 100 bytes of memory for each. One process numbers; others of its threads may look.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._last = 0
        self._erased: dict[str, datetime] = {}
        self._turn = threading.Lock()
        self._in_doubt = False
        """Whether the table may know more than we do: an insert failed, or seemed to."""

        self.version = 0
        """Another one whenever somebody is new or forgotten."""

    def load(self, client: Client) -> None:
        """What the tables know.

        Raises:
            clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
        """
        known = client.query("SELECT student, number FROM students").result_rows
        erased = client.query("SELECT digest, max(until) FROM erased GROUP BY digest").result_rows
        with self._turn:
            self.version += 1
            self._in_doubt = False
            self._numbers = {str(student): int(number) for student, number in known}
            self._last = max(self._numbers.values(), default=0)
            self._erased = {str(d): until.replace(tzinfo=UTC) for d, until in erased}

    def number(self, student: str) -> int:
        """A student's number; 0 for nobody, and for who was never heard of."""
        return self._numbers.get(student, 0)

    def names(self) -> Sequence[str]:
        """Everybody who was ever heard of."""
        with self._turn:
            return tuple(self._numbers)

    def register(self, client: Client, students: Iterable[str]) -> None:
        """Number those who are new; they are in the table before anything of theirs is.

        Raises:
            clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
        """
        if self._in_doubt:
            self.load(client)
        unknown = sorted({s for s in students if s and s not in self._numbers})
        if not unknown:
            return
        numbered = list(enumerate(unknown, start=self._last + 1))
        lines = b"\n".join(map(msgspec.json.encode, numbered))
        self._in_doubt = True
        client.raw_insert("students", ("number", "student"), lines, fmt="JSONCompactEachRow")
        with self._turn:
            self.version += 1
            self._in_doubt = False
            self._numbers |= {student: number for number, student in numbered}
            self._last += len(numbered)

    def erase(self, student: str, until: datetime) -> None:
        """Forget a student, and let nothing of theirs until then come back."""
        digest = digest_of(student)
        with self._turn:
            self.version += 1
            self._numbers.pop(student, None)
            self._erased[digest] = max(until, self._erased.get(digest, until))

    def is_erased(self, student: str, at: datetime) -> bool:
        """Whether what a student did at an instant is to be forgotten."""
        if not self._erased:
            return False
        until = self._erased.get(digest_of(student))
        return until is not None and at <= until


def digest_of(student: str) -> str:
    """What is kept of the name of who was erased."""
    return hashlib.sha256(student.encode(errors="surrogatepass")).hexdigest()
