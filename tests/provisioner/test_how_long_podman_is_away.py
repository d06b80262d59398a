"""Since when the engine is away: who comes meanwhile does not wait for all of it anew."""

from nbh_provisioner.outage import Outage


def test_an_outage_begins_when_what_is_refused_was_asked_for_and_goes_on():
    outage = Outage()
    assert outage.goes_on(asked=100, at=103)
    assert outage.lasts() == 3
    assert not outage.goes_on(asked=104, at=111)
    assert outage.lasts() == 11


def test_an_answer_ends_it():
    outage = Outage()
    outage.goes_on(asked=100, at=103)
    outage.is_over()
    assert outage.goes_on(asked=105, at=106)
    assert outage.lasts() == 1


def test_one_of_long_ago_is_not_counted_as_the_same():
    outage = Outage()
    outage.goes_on(asked=100, at=103)
    assert outage.goes_on(asked=4000, at=4001)
    assert outage.lasts() == 1
