"""Which versions of a shape this release reads (R-22).

A new field with a default, and a field that nobody fills any more, need no other version: who does
not know them skips them. Whatever an older reader would misunderstand does: the type says another
``newest`` and another default of ``v``, and goes on reading the older ones. What comes in a newer
version than that is refused when it is decoded, in words: a message becomes a dead letter, to be
replayed after an upgrade; a value of a bucket is as if it were not there.
"""


class NewerVersion(ValueError):
    """A later release has said it; this one would misread it."""

    def __init__(self, what: str, version: int, newest: int) -> None:
        super().__init__(
            f"{what} of version {version}, from a later release: this one reads up to {newest}; "
            "upgrade, then replay what was kept"
        )


def check(what: str, version: int, newest: int) -> None:
    """Let pass what this release reads.

    Raises:
        NewerVersion: it is newer.
    """
    if version > newest:
        raise NewerVersion(what, version, newest)
