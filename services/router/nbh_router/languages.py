"""Which language a browser likes."""

from typing import NamedTuple

from nbh_kit import languages
from nbh_kit.languages import Tag
from nbh_proto.workspace import Full
from nbh_router import english, french
from nbh_router.words import Amounts, Buttons, Kind, Progress, Sentences


class Language(NamedTuple):
    """All that our pages say in one language."""

    tag: Tag
    buttons: Buttons
    progress: Progress
    amounts: Amounts
    sentences: dict[Kind, Sentences]


ALL: dict[Tag, Language] = {
    "en": Language("en", english.BUTTONS, english.PROGRESS, english.AMOUNTS, english.SENTENCES),
    "fr": Language("fr", french.BUTTONS, french.PROGRESS, french.AMOUNTS, french.SENTENCES),
}


def amount(full: Full, words: Amounts) -> str:
    """How much of what they may a student's files take, as they are told."""
    if full.of == "files":
        return words.files.format(taken=full.taken, limit=full.limit)
    return words.bytes.format(taken=_sized(full.taken, words), limit=_sized(full.limit, words))


def liked(accept_language: str) -> Language:
    """The language of ours that a browser likes best."""
    return ALL[languages.liked(accept_language)]


def _sized(number: int, words: Amounts) -> str:
    power = min(max(number.bit_length() - 1, 0) // 10, len(words.units) - 1)
    size = number / 1024**power
    decimals = 1 if power and size < 100 else 0
    text = f"{size:.{decimals}f}".removesuffix(".0")
    return f"{text.replace('.', words.point)}\u00a0{words.units[power]}"
