"""Which of a range is read as sums, and which as rows. Pure."""


def within(spans: str, number: str) -> str:
    """The condition for what is summed up: ``spans`` are ``weeks``, ``days`` or ``quarters``, and
    ``number`` the expression that numbers them, which the sums are grouped by."""
    first, end = (number.replace("at)", f"{{{spans}_{bound}}})") for bound in ("from", "to"))
    return f"{number} >= {first} AND {number} < {end}"


def beside(spans: str) -> str:
    """The condition for the rows of what is left of the range at both of its ends."""
    return (
        f"(at >= {{since}} AND at < {{{spans}_from}} OR at >= {{{spans}_to}} AND at < {{until}})"
    )
