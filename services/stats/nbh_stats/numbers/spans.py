"""Which of a range is read as sums, and which as rows. Pure."""


def within(spans: str, number: str) -> str:
    """The condition for what is summed up: ``spans`` are ``weeks``, ``days`` or ``quarters``, and
    ``number`` the expression that numbers them, which the sums are grouped by."""
    return f"{number} >= {{{spans}_first}} AND {number} < {{{spans}_end}}"


def beside(spans: str) -> str:
    """The condition for the rows of what is left of the range at both of its ends."""
    return (
        f"(at >= {{since}} AND at < {{{spans}_from}} OR at >= {{{spans}_to}} AND at < {{until}})"
    )
