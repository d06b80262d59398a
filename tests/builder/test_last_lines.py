"""How a build ended, in a sentence for a person who was not there."""

from nbh_builder.last_lines import LastLines


def test_the_last_three_lines_say_it_but_for_blank_ones():
    said = LastLines(["one", "two", "", "three", "  ", "four"])
    assert said.after("it ended") == "it ended: two; three; four"


def test_a_long_line_leaves_room_for_the_others():
    said = LastLines(["x" * 5000, "the reason"]).after("it ended")
    assert said.endswith("; the reason")
    assert len(said) < 300


def test_what_wrote_nothing_has_only_ended():
    assert LastLines(["", " "]).after("it ended") == "it ended"
    said = LastLines().after("it ended", or_else="it wrote nothing")
    assert said == "it ended: it wrote nothing"
