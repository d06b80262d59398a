"""Which of the languages of our pages a browser likes. Pure."""

from typing import Literal

Tag = Literal["en", "fr"]

_TAGS: tuple[Tag, ...] = ("en", "fr")
_LONGEST = 200


def liked(accept_language: str) -> Tag:
    """The language of ours that a browser likes best; English if it likes neither (RFC 9110)."""
    weights: dict[Tag, float] = dict.fromkeys(_TAGS, 0.0)
    for part in accept_language[:_LONGEST].split(","):
        wanted, _, weight = part.partition(";q=")
        for tag in _TAGS:
            if wanted.strip().lower().split("-")[0] == tag:
                weights[tag] = max(weights[tag], _weight(weight))
    return "fr" if weights["fr"] > weights["en"] else "en"


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
