"""When a blank frame is better than a page, and when not (E-17)."""

import pytest

from nbh_proto import AccessProgress
from nbh_router.patience import FIRST_WORD, Forecast, patience


def heard(stage, position=0):
    return AccessProgress(about="a", stage=stage, position=position)


@pytest.mark.parametrize(
    ("progress", "longest", "seconds"),
    [
        pytest.param(None, 0.5, FIRST_WORD, id="no word: the page comes in time"),
        pytest.param(heard("queued", 2), 0.5, 0.0, id="others are before"),
        pytest.param(heard("queued"), 0.5, FIRST_WORD, id="nobody is before"),
        pytest.param(heard("copying"), 0.5, FIRST_WORD, id="files are copied"),
        pytest.param(heard("starting"), None, 0.0, id="a start, nobody knows how long"),
        pytest.param(heard("starting"), 0.8, 1.0, id="a start, lately quick"),
        pytest.param(heard("booting"), 1.2, 0.0, id="a start, lately slow"),
    ],
)
def test_how_long_a_redirect_is_waited_for(progress, longest, seconds):
    assert patience(progress, is_there=False, longest=longest, limit=1.0) == seconds


def test_a_lab_that_runs_is_worth_the_second_until_something_else_is_heard():
    assert patience(None, is_there=True, longest=None, limit=1.0) == 1.0
    assert patience(heard("starting"), is_there=True, longest=None, limit=1.0) == 0.0


def test_a_short_limit_stands_over_all():
    for progress in (None, heard("copying"), heard("booting")):
        assert patience(progress, is_there=False, longest=0.01, limit=0.05) <= 0.05


def test_the_forecast_is_the_slowest_of_the_last_few_of_a_course():
    forecast = Forecast()
    assert forecast.longest("py") is None
    forecast.took("py", 5.0)
    assert forecast.longest("py") == 5.0
    for _ in range(8):
        forecast.took("py", 0.7)
    assert forecast.longest("py") == 0.7
    assert forecast.longest("other") is None
