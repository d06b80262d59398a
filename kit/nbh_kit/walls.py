"""What the rules that keep a site's labs apart are called on a machine: who makes them and who
takes them away are two processes. Pure."""

FAMILIES = ("bridge", "inet")


def table(site: str) -> str:
    """The name of the tables, one in each family of nft(8)."""
    return f"labs-of-{site}"


def removal(site: str) -> str:
    """The input of nft that takes them away, also where there are none."""
    return "".join(anew(family, site) for family in FAMILIES)


def anew(family: str, site: str) -> str:
    """The input of nft after which there is no such table."""
    return f"table {family} {table(site)}\ndelete table {family} {table(site)}\n"
