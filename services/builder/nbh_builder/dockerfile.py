"""A course's Dockerfile: what of it is refused, what it builds on, what is lent to it. Pure.

Podman is given what is written here, one instruction a line and nothing else: neither a comment
nor a continued line is left that two parsers could read in two ways.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from nbh_builder.failure import BuildError

MAX_BYTES = 256 * 1024

_CONTINUED = re.compile(r"\\[ \t]*$")
_COMMENT = re.compile(r"^[ \t]*#")
_DIRECTIVE = re.compile(r"^#\s*escape\s*=\s*(\S+)", re.IGNORECASE)
_HEREDOC = re.compile(r"<<-?[ \t]*[\"']?[A-Za-z_]")
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))")
_REFERENCE = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]+)?/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*"
    r"(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?",
    re.ASCII,
)
"""A name of an image in a registry or on this machine. ``oci:/path`` and the like are none:
podman would read the machine's own files."""


class Instruction(NamedTuple):
    """One instruction: ``word`` in capitals, ``value`` with its flags, and where it begins."""

    word: str
    value: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.word} {self.value}"


class Dockerfile(NamedTuple):
    """What may be built."""

    instructions: tuple[Instruction, ...]
    bases: tuple[str, ...]
    """The images it begins from or copies from, as it names them."""

    def text(self, run_with: Sequence[str] = ()) -> str:
        """What podman gets; each RUN has the flags ``run_with``."""
        flags = "".join(f"{flag} " for flag in run_with)
        return "".join(
            f"{word} {flags if word == 'RUN' else ''}{value}\n"
            for word, value, _ in self.instructions
        )


def read(text: bytes) -> Dockerfile:
    """Read a Dockerfile.

    Raises:
        BuildError: it asks for what no course may have; says which line.
    """
    if len(text) > MAX_BYTES:
        raise BuildError("dockerfile-refused", f"it is larger than {MAX_BYTES} bytes")
    reading = _Reading()
    for number, line in _logical(text.decode(errors="replace")):
        try:
            reading.add(_instruction(line)._replace(line=number))
        except _Refused as e:
            raise BuildError("dockerfile-refused", f"line {number}: {e}") from e
    if not reading.bases:
        raise BuildError("dockerfile-refused", "there is no FROM")
    return Dockerfile(tuple(reading.instructions), tuple(reading.bases))


class _Refused(ValueError):
    """What no course may have."""


class _Reading:
    def __init__(self) -> None:
        self.instructions: list[Instruction] = []
        self.bases: dict[str, None] = {}
        """In order, each once."""

        self._arguments: dict[str, str] = {}
        """Those before the first FROM, with their defaults: the only ones that hold there."""

        self._stages: set[str] = set()
        self._begun = False

    def add(self, instruction: Instruction) -> None:
        _check(instruction)
        match instruction.word:
            case "ARG" if not self._begun:
                name, _, default = instruction.value.partition("=")
                self._arguments[name] = default.strip("\"'")
            case "FROM":
                instruction = self._from(instruction.value)._replace(line=instruction.line)
            case "COPY":
                for image in re.findall(r"--from=(\S+)", instruction.value):
                    self._build_on(image)
        self.instructions.append(instruction)

    def _from(self, value: str) -> Instruction:
        """With the image's very name: podman shall not find another one in a variable."""
        self._begun = True
        platform = [word for word in value.split() if word.startswith("--platform=")]
        image, *rest = [word for word in value.split() if word not in platform] or [""]
        image = _VARIABLE.sub(lambda v: self._arguments.get(v[1] or v[3]) or v[2] or "", image)
        self._build_on(image)
        if len(rest) == 2 and rest[0].upper() == "AS":
            self._stages.add(rest[1].lower())
        elif rest:
            raise _Refused("FROM names one image")
        return Instruction("FROM", " ".join((*platform, image, *rest)))

    def _build_on(self, image: str) -> None:
        if image.lower() in self._stages or image.isdecimal() or image == "scratch":
            return
        if not _REFERENCE.fullmatch(image):
            raise _Refused(f"{image} is no name of an image")
        self.bases[image] = None


def _instruction(line: str) -> Instruction:
    word, *rest = line.split(None, 1)
    return Instruction(word.upper(), rest[0].strip() if rest else "")


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Each instruction on one line, with the number of the line where it begins."""
    begun, number, is_top = "", 0, True
    for at, raw in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        line = raw.removesuffix("\r")
        if _COMMENT.match(line):
            found = _DIRECTIVE.match(line)
            if is_top and found and found[1] != "\\":
                raise BuildError(
                    "dockerfile-refused", f"line {at}: escape={found[1]} is not taken"
                )
            continue
        if not line.strip():
            continue
        is_top = False
        number = number if begun else at
        if _CONTINUED.search(line):
            # a blank, so that an instruction that is only begun is known to be begun
            begun += _CONTINUED.sub("", line) or " "
            continue
        yield number, begun + line
        begun = ""
    if begun.strip():
        yield number, begun


def _check(instruction: Instruction) -> None:
    if not _WORDS.fullmatch(instruction.word):
        raise _Refused(f"{instruction.word:.40} is no instruction")
    if check := _CHECKS.get(instruction.word):
        check(instruction.value)


def _run(value: str) -> None:
    if value.startswith("--"):
        flag = value.split()[0].partition("=")[0]
        raise _Refused(f"RUN {flag} is not taken: a build sees its own files and nothing else")
    _no_heredoc(value)


def _add(value: str) -> None:
    _no_heredoc(value)
    if "://" in value or "$" in value or re.search(r"\bgit@", value):
        raise _Refused("ADD takes files of the course only; fetch what is elsewhere with RUN")


def _copy(value: str) -> None:
    _no_heredoc(value)


def _no_heredoc(value: str) -> None:
    if _HEREDOC.search(value):
        raise _Refused("here-documents (<<) are not taken; write a file and COPY it")


def _label(value: str) -> None:
    if re.search(r"\bnbh\.", value):
        raise _Refused("labels that begin with nbh. are nbhosting's own")


def _onbuild(value: str) -> None:
    if value:
        _check(_instruction(value))


_WORDS = re.compile(
    r"ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|"
    r"STOPSIGNAL|USER|VOLUME|WORKDIR"
)
"""All there are: podman's word for another one is a page of its own memory."""

_CHECKS: dict[str, Callable[[str], None]] = {
    "RUN": _run,
    "ADD": _add,
    "COPY": _copy,
    "LABEL": _label,
    "ONBUILD": _onbuild,
}
