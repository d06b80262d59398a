"""Which language a browser likes."""

from typing import Literal, NamedTuple

from nbh_router import english, french
from nbh_router.words import Buttons, Kind, Progress, Sentences

Tag = Literal["en", "fr"]


class Language(NamedTuple):
    """All that our pages say in one language."""

    tag: Tag
    buttons: Buttons
    progress: Progress
    sentences: dict[Kind, Sentences]


ALL: dict[Tag, Language] = {
    "en": Language("en", english.BUTTONS, english.PROGRESS, english.SENTENCES),
    "fr": Language("fr", french.BUTTONS, french.PROGRESS, french.SENTENCES),
}


def liked(accept_language: str) -> Language:
    """The language of ours that a browser likes best; English if it likes neither (RFC 9110)."""
    weights: dict[Tag, float] = dict.fromkeys(ALL, 0.0)
    for part in accept_language[:200].split(","):
        wanted, _, weight = part.partition(";q=")
        for tag in ALL:
            if wanted.strip().lower().split("-")[0] == tag:
                weights[tag] = max(weights[tag], _weight(weight))
    return ALL["fr"] if weights["fr"] > weights["en"] else ALL["en"]


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
