"""What is pasted into a learning platform's page to show a notebook there. Pure, but a file."""

from html import escape
from pathlib import Path
from typing import Literal

Language = Literal["en", "fr"]

_SCRIPT = Path(__file__).with_name("snippet.js")
_TROUBLE: dict[Language, str] = {
    "en": "Trouble with this notebook?",
    "fr": "Un problème avec ce notebook\N{NO-BREAK SPACE}?",
}

_SNIPPET = """\
<iframe class="nbh-notebook" title="{title}" src="{launch}"
  loading="lazy" allow="clipboard-write" referrerpolicy="strict-origin-when-cross-origin"
  style="display: block; width: 100%; height: 40rem; border: 0"></iframe>
<p style="text-align: right"><small><a href="{rescue}" target="_blank" rel="noopener"
  referrerpolicy="strict-origin-when-cross-origin">{trouble}</a></small></p>
<script>
{script}</script>
"""


def text(title: str, launch: str, *, rescue: str, language: Language) -> str:
    """The HTML, with the words of one language.

    Args:
        launch: what opens the notebook; URL, or what stands for one.
        rescue: where its student finds help when the notebook does not (`rescue_of`).
    """
    return _SNIPPET.format(
        title=escape(title),
        launch=escape(launch),
        rescue=escape(rescue),
        trouble=_TROUBLE[language],
        script=_SCRIPT.read_text(),
    )


def rescue_of(origin: str, path: str) -> str:
    """Where a student finds help for the notebook that a launch link opens, which is
    ``origin`` and ``path``; who may open it may do that."""
    return f"{origin}/rescue{path}"
