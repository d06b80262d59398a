"""`nbh snippet`: what to paste into a learning platform's page."""

import asyncio
import sys
from fnmatch import fnmatchcase
from typing import Annotated, Literal
from urllib.parse import quote

from cyclopts import Parameter

from nbh_cli import launches, operating
from nbh_cli import snippet as snippets
from nbh_cli.operating import DEFAULT_CONFIG, ConfigFile, CourseName
from nbh_cli.snippet import Language
from nbh_kit import links
from nbh_kit.config import Config

Kind = Literal["edx", "moodle", "html"]

_STUDENTS: dict[Kind, str] = {"edx": "%%USER_ID%%", "moodle": "{userid}"}
"""What each platform puts its student's id in place of."""

_EXPLAINED: dict[Kind, str] = {
    "edx": "Paste it into an HTML component (Raw HTML); Open edX puts the student's id in place "
    "of %%USER_ID%%.",
    "moodle": "Paste it into a page's HTML; Moodle's filter FilterCodes puts the student's id in "
    "place of {userid}.",
    "html": "Have your server put two links in it each time somebody looks at the page: in place "
    "of LAUNCH_URL one that it signs for them (examples/signers), and in place of RESCUE_URL the "
    "same one with /rescue before its path.",
}


def snippet(
    course: CourseName,
    notebook: Annotated[str, Parameter(help="Its path in the course, with or without ending.")],
    /,
    *,
    kind: Annotated[Kind, Parameter(name="--for", help="Where it is pasted.")] = "html",
    language: Annotated[Language, Parameter(help="Of the words around the notebook.")] = "en",
    title: Annotated[
        str, Parameter(help="What a screen reader calls it. Default: its path.")
    ] = "",
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Print what to paste into a page of Open edX, of Moodle, or of your own to show NOTEBOOK
    there."""
    settings = operating.load(config)
    place = launches.place(course, notebook, "student")
    asyncio.run(launches.check_course(settings, course))
    _warn(settings, kind, course)
    origin = settings.origins.content
    if student := _STUDENTS.get(kind):
        path = f"/{links.PATHS['copy']}/{course}/{quote(place.notebook)}/{student}"
        launch, rescue = origin + path, snippets.rescue_of(origin, path)
    else:
        launch, rescue = "LAUNCH_URL", "RESCUE_URL"
    name = title or place.notebook
    print(snippets.text(name, launch, rescue=rescue, language=language), end="")
    print(f"nbh: {_EXPLAINED[kind]}", file=sys.stderr)


def _warn(config: Config, kind: Kind, course: str) -> None:
    """Say so if nobody would believe the page."""
    strategy = "signed" if kind == "html" else "referer"
    believed = any(
        platform.strategy == strategy and fnmatchcase(course, pattern)
        for platform in config.platform
        for pattern in platform.courses
    )
    if not believed:
        print(
            f'nbh: no [[platform]] with strategy = "{strategy}" may open {course}: '
            "what is pasted will be refused",
            file=sys.stderr,
        )
