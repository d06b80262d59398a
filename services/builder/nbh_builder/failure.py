"""Why nothing was built, in a word for programs and a sentence for people."""

from nbh_proto.build import BuildReason

_MOST = 1000


class BuildError(Exception):
    """Nothing was built."""

    def __init__(self, reason: BuildReason, detail: str = "") -> None:
        self.reason: BuildReason = reason
        # what a build writes must not move the cursor of an operator's terminal
        self.detail = "".join(c if c.isprintable() else " " for c in detail).strip()[:_MOST]
        super().__init__(f"{reason}: {self.detail}" if self.detail else reason)
