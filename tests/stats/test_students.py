"""Each student has a number, and each number is one student's."""

import pytest
from clickhouse_connect.driver.exceptions import OperationalError

from nbh_stats import migrations
from nbh_stats.students import Students


class AnswerLost:
    """A client whose inserts are done, and whose answer to them never comes."""

    def __init__(self, client):
        self._client = client

    def raw_insert(self, *given, **more):
        self._client.raw_insert(*given, **more)
        raise OperationalError("no answer")


async def in_the_table(door):
    sql = "SELECT student, number FROM students ORDER BY number"
    return await door.use(lambda client: [tuple(row) for row in client.query(sql).result_rows])


async def test_an_insert_whose_answer_is_lost_numbers_nobody_twice(door):
    await door.use(migrations.migrate)
    students = Students()
    with pytest.raises(OperationalError):
        await door.use(lambda client: students.register(AnswerLost(client), ["cleo", "bob"]))
    await door.use(lambda client: students.register(client, ["ada", "bob", "cleo", ""]))
    assert await in_the_table(door) == [("bob", 1), ("cleo", 2), ("ada", 3)]
    assert [students.number(s) for s in ("ada", "bob", "cleo", "nobody", "")] == [3, 1, 2, 0, 0]


async def test_a_start_of_the_service_goes_on_with_the_numbers(door):
    await door.use(migrations.migrate)
    await door.use(lambda client: Students().register(client, ["bob"]))
    again = Students()
    await door.use(again.load)
    await door.use(lambda client: again.register(client, ["ada", "bob"]))
    assert await in_the_table(door) == [("bob", 1), ("ada", 2)]
