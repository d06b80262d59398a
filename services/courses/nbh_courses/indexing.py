"""Makes the index of a revision: titles, tracks and builds, and what is wrong with them."""

import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager

from nbh_courses import leading, looking, sources
from nbh_courses.describing import Described
from nbh_courses.layout import Plan, printable
from nbh_courses.nodes import File
from nbh_courses.parser import Parsed
from nbh_courses.parsing import MAX_BYTES, NoReader, Parser
from nbh_courses.sources import Source
from nbh_proto import CourseIndex, Notebook, Problem, Track, names
from nbh_proto.index import UNTITLED

_AREA = "notebooks/"
_FIRST_VERSION = "0.1"


class Titles:
    """Titles of notebooks: those that are known by their blobs, and those that are read now."""

    def __init__(self, parser: Parser, source: Source, known: Mapping[str, Parsed]) -> None:
        self._parser = parser
        self._source = source
        self._known = known
        self.used: dict[str, Parsed] = {}
        """By blob and suffix: all that were asked for."""

    def reading(self) -> AbstractContextManager[None]:
        """To be entered while titles are asked for."""
        return self._parser.working()

    @property
    def known(self) -> dict[str, Parsed]:
        """What need not be read again. An error may have been ours, and is quickly met again."""
        return {key: p for key, p in self.used.items() if p.fatal or not p.error}

    def of(self, path: str, file: File) -> Parsed:
        """What a notebook says of itself."""
        suffix = next(s for s in names.NOTEBOOK_SUFFIXES if path.endswith(s))
        key = f"{file.blob.hex()}{suffix}"
        if key not in self.used:
            try:
                self.used[key] = self._known.get(key) or self._read(file, suffix)
            except NoReader as e:  # to be tried again with the next revision
                return Parsed(error=str(e))
        return self.used[key]

    def _read(self, file: File, suffix: str) -> Parsed:
        text = sources.text(self._source, file, MAX_BYTES)
        if text is None:
            return Parsed(error=f"is larger than {MAX_BYTES} bytes")
        return self._parser.parse(text, suffix)


def index(
    described: Described,
    titles: Titles,
    *,
    course: str,
    commit: str,
    image_is_built: bool,
    others: Iterable[Problem] = (),
) -> CourseIndex:
    """The index of a revision; blocking. ``others`` are problems that are known already,
    ``image_is_built``: the course's image was built of its own Dockerfile.

    Raises:
        CourseError: a file cannot be had.
    """
    settings = described.read.settings
    problems = [*described.problems, *others]
    problems += looking.problems(described.root, settings, image_is_built=image_is_built)
    notebooks = _notebooks(described.plan, titles, problems)
    led = leading.lead(settings.tracks, notebooks)
    problems += [*led.problems, *_untitled(led.tracks, notebooks)]
    return CourseIndex(
        course=course,
        commit=commit,
        notebooks=tuple(_notebook(path, notebooks[path]) for path in sorted(notebooks)),
        tracks=led.tracks,
        static_mappings=settings.static_mappings,
        notebook_url_format=settings.notebook_url_format,
        builds=settings.builds,
        problems=in_order(problems),
    )


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Errors first, then by file and line; each once."""
    return tuple(
        sorted(
            dict.fromkeys(problems),
            key=lambda p: (p.level != "error", p.file.split("/"), p.line, p.key),
        )
    )


def notebooks_of(plan: Plan) -> dict[str, File]:
    """The notebooks of a revision by their paths in the course."""
    return {
        path.removeprefix(_AREA): file
        for path, file in plan.files
        if path.startswith(_AREA) and isinstance(file, File)
    }


def _notebooks(plan: Plan, titles: Titles, problems: list[Problem]) -> dict[str, Parsed]:
    found = {}
    with titles.reading():
        for path, file in notebooks_of(plan).items():
            if why := _why_it_never_opens(path):
                problems.append(Problem(file=printable(path), what=why, level="warning"))
                continue
            found[path] = parsed = titles.of(path, file)
            if parsed.error:
                what = f"cannot be read as a notebook: {parsed.error}"
                problems.append(Problem(file=path, what=what))
    return found


def _why_it_never_opens(path: str) -> str:
    try:
        names.notebook(path)
    except names.BadName as e:
        return f"no link can open it: {e.rule}"
    if unicodedata.normalize("NFC", path) != path:
        return "no link can open it: its name is not in Unicode's form NFC"
    return ""


def _untitled(tracks: Iterable[Track], notebooks: Mapping[str, Parsed]) -> Iterable[Problem]:
    """Those that students see by their paths in a list."""
    shown = (path for track in tracks for section in track.sections for path in section.notebooks)
    for path in dict.fromkeys(shown):
        if not notebooks[path].title and not notebooks[path].error:
            what = "has no title of its own (nbhosting: title: in its metadata)"
            yield Problem(file=path, what=what, level="warning")


def _notebook(path: str, parsed: Parsed) -> Notebook:
    suffix = next(s for s in names.NOTEBOOK_SUFFIXES if path.endswith(s))
    return Notebook(
        path=path,
        title=parsed.title or path.removesuffix(suffix),
        version=UNTITLED if parsed.error else parsed.version or _FIRST_VERSION,
    )
