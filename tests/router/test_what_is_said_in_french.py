"""French has its spaces and apostrophes, says vous, and is said wherever English is."""

import re
from typing import Any

import pytest

from nbh_router import languages, rescue_words, share_words

SAID: dict[str, Any] = {
    "pages": {tag: each[1:] for tag, each in languages.ALL.items()},
    "rescue": rescue_words.WORDS,
    "share": share_words.SAID,
}
WRONG = [
    "[^\u202f][;!?]",  # a narrow space that does not break
    "[^\u00a0][:»]|«(?!\u00a0)",  # a wide one
    r"\w'\w",
    r"\.\.\.",
    r"(?i)(?<![\w-])(tu|ton|ta|tes|toi|te)(?!\w)",
]


def texts(said, where=""):
    """All texts by where they stand."""
    if isinstance(said, str):
        return {where: said}
    if hasattr(said, "_asdict"):
        said = said._asdict()
    parts = said.items() if isinstance(said, dict) else enumerate(said)
    return {w: t for name, part in parts for w, t in texts(part, f"{where}.{name}").items()}


@pytest.mark.parametrize("place", SAID)
def test_each_sentence_has_its_own_in_french(place):
    english, french = texts(SAID[place]["en"]), texts(SAID[place]["fr"])
    assert english.keys() == french.keys()
    assert [where for where in english if english[where] and english[where] == french[where]] == []


@pytest.mark.parametrize("place", SAID)
def test_french_is_written_as_french_is(place):
    wrong = {
        w: t for w, t in texts(SAID[place]["fr"]).items() for one in WRONG if re.search(one, t)
    }
    assert wrong == {}
