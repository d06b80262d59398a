"""Every message, reply and value has a version; what earlier releases said is read (R-22)."""

import msgspec
import pytest

from nbh_proto import Course, PullCourse
from nbh_proto.workspace import WorkspacesCounted
from tests.proto import corpus, examples

TYPES = {type_.__name__: type_ for type_ in examples.every_type()}
RELEASES = sorted(corpus.FOLDER.glob("*.json"))


def test_messages_replies_and_values_are_all_there():
    assert {PullCourse, WorkspacesCounted, Course} <= set(TYPES.values())


def test_this_release_is_on_record_as_it_is():
    # A type that was changed is a change of contract: scripts/make-corpus puts it on record, in
    # the file of a release that is not out yet. If this one is, raise the version first.
    file = corpus.file_of(corpus.release())
    assert file in RELEASES, "scripts/make-corpus writes it"
    assert corpus.read(file).keys() == TYPES.keys()
    assert file.read_bytes() == corpus.written(), "scripts/make-corpus writes it anew"


@pytest.mark.parametrize("file", RELEASES, ids=lambda file: file.stem)
def test_what_a_release_said_is_read_and_nothing_of_it_is_lost(file):
    lost = {
        name: [_misread(entry, TYPES[name]) for entry in entries]
        for name, entries in corpus.read(file).items()
    }
    assert {name: each for name, each in lost.items() if any(each)} == {}


def test_a_version_is_told_and_is_the_newest_one_known():
    # one loop, not a test for each of a hundred types, here and below: they take no time at all
    for type_ in TYPES.values():
        said = msgspec.to_builtins(msgspec.convert(examples.least(type_), type_))
        assert said["v"] == type_.newest, type_


def test_a_newer_version_is_refused_in_words():
    for name, type_ in TYPES.items():
        newer = examples.least(type_) | {"v": type_.newest + 1, "added": {"later": True}}
        sentence = f"{name} of version {type_.newest + 1}, from a later release"
        with pytest.raises(msgspec.ValidationError, match=sentence):
            msgspec.json.decode(msgspec.json.encode(newer), type=type_)


def test_an_example_fills_each_field():
    # else a field could go, or mean something else, and nobody would notice
    for type_ in TYPES.values():
        fields = {f.encode_name for f in msgspec.structs.fields(type_)} - {"v"}
        assert fields <= examples.most(type_).keys(), type_


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(lambda entry: entry | {"went": 1}, id="a field that is gone"),
        pytest.param(lambda entry: entry | {"course": 7}, id="a field of another type"),
        pytest.param(lambda entry: {"v": 1}, id="a field that must be there now"),
    ],
)
def test_a_change_that_loses_what_was_said_is_noticed(changed):
    entry = corpus.read(RELEASES[-1])["PullCourse"][0]
    assert _misread(entry, PullCourse) == ""
    assert _misread(changed(entry), PullCourse) != ""


def _misread(entry, type_):
    """What is not understood of an entry; empty if all is."""
    try:
        read = msgspec.json.decode(msgspec.json.encode(entry), type=type_)
    except msgspec.MsgspecError as e:
        return str(e)
    if entry["v"] < type_.newest:  # it says the same in another shape now
        return ""
    return " ".join(_lost(entry, msgspec.json.decode(msgspec.json.encode(read))))


def _lost(given, read, at=""):
    """The places at which something that was given is not there any more."""
    if isinstance(given, dict) and isinstance(read, dict):
        return [
            place
            for key, value in given.items()
            for place in (
                _lost(value, read[key], f"{at}.{key}") if key in read else [f"{at}.{key}"]
            )
        ]
    return [] if given == read else [at]
