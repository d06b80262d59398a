"""What `make bench` says of its samples."""

import pytest

from tests.bench.figures import percentile


@pytest.mark.parametrize(
    ("share", "of", "rank"),
    [(0.99, 100, 99), (0.99, 200, 198), (0.95, 20, 19), (0.5, 5, 3), (0.9, 5, 5), (1.0, 7, 7)],
)
def test_a_percentile_is_the_sample_at_the_nearest_rank(share, of, rank):
    assert percentile(list(range(of, 0, -1)), share) == rank
