"""Where in a Dockerfile a build is, and what went wrong there, for who wrote it. Pure."""

import re

from nbh_builder.dockerfile import Dockerfile, Instruction
from nbh_builder.last_lines import LastLines

_STEP = re.compile(r"(?:\[\d+/\d+\] )?STEP \d+/\d+: (.*)")
_BUILDING_AT = re.compile(r'building at STEP ".*?": (?:while running runtime: )?', re.DOTALL)
_MISSING = re.compile(r'checking on sources under ".*": copier: stat: "/(.*)": no such file')
_ENDED = re.compile(r"exit status \d+")
_LONGEST_STEP = 120


class Steps:
    """The instructions that are carried out, heard of line by line."""

    def __init__(self, dockerfile: Dockerfile) -> None:
        self._left = list(dockerfile.instructions)
        self._at: Instruction | None = None
        self._said = LastLines()

    def hear(self, line: str) -> None:
        """A line of what podman writes: its own, or one of what it runs."""
        if found := _STEP.fullmatch(line):
            self._at = self._begun(found[1])
            self._said.clear()
        else:
            self._said.hear(line)

    def _begun(self, text: str) -> Instruction | None:
        """Podman leaves out stages that nobody needs, so the text says which it is."""
        for instruction in self._left:
            if _plain(str(instruction)) == _plain(text):
                self._left.remove(instruction)
                return instruction
        return None  # one of ours

    @property
    def where(self) -> str:
        """The instruction that was begun last; empty if none was."""
        if self._at is None:
            return ""
        text = _plain(str(self._at))
        short = text if len(text) <= _LONGEST_STEP else f"{text[:_LONGEST_STEP]}…"
        return f"Dockerfile, line {self._at.line}: {short}"

    def why(self, error: str) -> str:
        """What podman's error means: the end of what the instruction wrote, if it failed."""
        said = _BUILDING_AT.sub("", error).strip()
        if missing := _MISSING.search(said):
            return f"there is no {missing[1]} in the folder of the Dockerfile"
        return self._said.after(said) if _ENDED.fullmatch(said) else said


def _plain(text: str) -> str:
    return " ".join(text.split())
