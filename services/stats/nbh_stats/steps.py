"""How the tables came to be, step by step; a step that was released is never changed (R-22)."""

from typing import NamedTuple

from nbh_stats import summing


class Migration(NamedTuple):
    """One step. Each statement is idempotent: a step that was interrupted is taken again."""

    number: int
    name: str
    statements: tuple[str, ...]


def _summed(name: str) -> tuple[str, str]:
    """Sum up what comes, and what is there."""
    return (
        f"ALTER TABLE events ADD PROJECTION IF NOT EXISTS {name}"
        f" {summing.PROJECTIONS[name].statement}",
        f"ALTER TABLE events MATERIALIZE PROJECTION {name} SETTINGS mutations_sync = 2",
    )


ALL = (
    Migration(
        1,
        "events",
        (
            # One part for each insert (no partitions), synced: a batch is there whole or not at
            # all, also after a power cut, and max(sequence) says where to go on. The key tells
            # the same event said twice, which the stream forgets after two minutes.
            """
            CREATE TABLE IF NOT EXISTS events
            (
                stream   DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
                sequence UInt64 CODEC(Delta, ZSTD),
                at       DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
                kind     LowCardinality(String),
                course   LowCardinality(String),
                student  String CODEC(ZSTD),
                notebook String CODEC(ZSTD),
                id       String CODEC(ZSTD),
                detail   String CODEC(ZSTD(3)),
                INDEX sequences sequence TYPE minmax GRANULARITY 4
            )
            ENGINE = ReplacingMergeTree
            ORDER BY (course, kind, at, id)
            SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
            """,
        ),
    ),
    Migration(
        2,
        "typed",
        (
            "DROP TABLE IF EXISTS events_typed",
            # A student is a number in what is counted: sets of numbers are small and quick.
            """
            CREATE TABLE IF NOT EXISTS students (number UInt32, student String)
            ENGINE = MergeTree ORDER BY student
            SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
            """,
            # Who writes looks whether an event is there already, so what is in the table is there
            # once, and sums are right without a merge.
            """
            CREATE TABLE events_typed
            (
                stream     DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
                sequence   UInt64 CODEC(Delta, ZSTD),
                at         DateTime64(6, 'UTC') CODEC(Delta, LZ4),
                kind       LowCardinality(String),
                course     LowCardinality(String),
                student    String CODEC(ZSTD),
                notebook   String CODEC(ZSTD),
                id         String CODEC(ZSTD),
                detail     String CODEC(ZSTD(3)),
                node       LowCardinality(String),
                who        UInt32 CODEC(LZ4),
                stem       LowCardinality(String),
                how        LowCardinality(String),
                seconds    Float32 CODEC(LZ4),
                generation UInt64 CODEC(ZSTD),
                gauges     Map(LowCardinality(String), Float64) CODEC(ZSTD),
                INDEX sequences sequence TYPE minmax GRANULARITY 4
            )
            ENGINE = MergeTree
            ORDER BY (course, kind, at)
            SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
            """,
            """
            INSERT INTO students
            SELECT
                (SELECT max(number) FROM students) + toUInt32(rowNumberInAllBlocks()) + 1, student
            FROM (
                SELECT DISTINCT student FROM events
                WHERE student != '' AND student NOT IN (SELECT student FROM students)
                ORDER BY student
            )
            """,
            """
            INSERT INTO events_typed
                (stream, sequence, at, kind, course, student, notebook, id, detail,
                 node, who, stem, how, seconds, generation, gauges)
            SELECT
                stream, sequence, at, kind, course, events.student, notebook, id, detail,
                JSONExtractString(detail, 'node'),
                students.number,
                replaceRegexpOne(notebook, '[.](py|ipynb|md)$', ''),
                multiIf(
                    kind IN ('access.opened', 'lab.ready'), JSONExtractString(detail, 'way'),
                    kind = 'lab.thawed', JSONExtractString(detail, 'by'),
                    JSONExtractString(detail, 'reason')
                ),
                JSONExtractFloat(detail, 'seconds'),
                JSONExtractUInt(detail, 'generation'),
                CAST(
                    multiIf(
                        kind = 'lab.sampled',
                        arrayFilter(
                            gauge -> gauge.1 NOT IN ('v', 'generation', 'seconds'),
                            JSONExtractKeysAndValues(detail, 'Float64')
                        ),
                        kind = 'node.sampled',
                        arrayConcat(
                            JSONExtractKeysAndValues(detail, 'machine', 'Float64'),
                            arrayFlatten(arrayMap(
                                disk -> arrayMap(
                                    gauge -> (concat(disk, '_', gauge.1), gauge.2),
                                    JSONExtractKeysAndValues(
                                        detail, 'machine', concat(disk, '_disk'), 'Float64'
                                    )
                                ),
                                ['data', 'containers', 'system']
                            )),
                            JSONExtractKeysAndValues(detail, 'total', 'Float64')
                        ),
                        []
                    ),
                    'Map(LowCardinality(String), Float64)'
                )
            FROM (
                SELECT * FROM events WHERE kind != 'node.sampled' OR course = ''
                LIMIT 1 BY course, kind, at, id
            ) AS events
            LEFT JOIN students ON students.student = events.student
            """,
            # A sample of a node has one more row for each of its courses.
            """
            INSERT INTO events_typed
                (stream, sequence, at, kind, course, id, detail, node, gauges)
            SELECT
                stream, sequence, at, kind, counts.1, concat(id, ':', counts.1), counts.2,
                JSONExtractString(detail, 'node'),
                CAST(
                    JSONExtractKeysAndValues(counts.2, 'Float64'),
                    'Map(LowCardinality(String), Float64)'
                )
            FROM (
                SELECT * FROM events WHERE kind = 'node.sampled' AND course = ''
                LIMIT 1 BY course, kind, at, id
            )
            ARRAY JOIN JSONExtractKeysAndValuesRaw(detail, 'courses') AS counts
            """,
            "EXCHANGE TABLES events AND events_typed",
            "DROP TABLE events_typed",
        ),
    ),
    Migration(
        3,
        "forgetting",
        (
            # How far a stream is kept is what the table of events says, or this where rows went.
            """
            CREATE TABLE IF NOT EXISTS places (stream DateTime64(6, 'UTC'), sequence UInt64)
            ENGINE = MergeTree ORDER BY stream
            SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
            """,
            # Who was erased, as a digest, and until when: what the stream still has of that time
            # does not come back.
            """
            CREATE TABLE IF NOT EXISTS erased (digest String, until DateTime64(6, 'UTC'))
            ENGINE = MergeTree ORDER BY digest
            SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
            """,
        ),
    ),
    Migration(
        4,
        "summing",
        (
            "ALTER TABLE events ADD COLUMN IF NOT EXISTS pace Int16 MATERIALIZED"
            " toInt16(round(log(greatest(seconds, 1e-6)) * 100)) CODEC(LZ4)",
            "ALTER TABLE events MATERIALIZE COLUMN pace SETTINGS mutations_sync = 2",
            # it also made the sums that the next one takes away
        ),
    ),
    Migration(
        5,
        "more sums",
        (
            # of all kinds of events, and of weeks that began on a Thursday
            *(
                f"ALTER TABLE events DROP PROJECTION IF EXISTS {old} SETTINGS mutations_sync = 2"
                for old in ("by_week_and_notebook", "by_quarter", "by_student", "rows_by_student")
            ),
            *(
                statement
                for name, (type_, value) in summing.SAMPLED.items()
                for statement in (
                    f"ALTER TABLE events ADD COLUMN IF NOT EXISTS {name} {type_}"
                    f" MATERIALIZED {value} CODEC(LZ4)",
                    f"ALTER TABLE events MATERIALIZE COLUMN {name} SETTINGS mutations_sync = 2",
                )
            ),
            *(statement for name in summing.PROJECTIONS for statement in _summed(name)),
        ),
    ),
)
