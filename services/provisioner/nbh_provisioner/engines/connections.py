"""Who is connected to a lab, as the kernel tells of the lab's network namespace."""

from pathlib import Path

_ESTABLISHED, _BEING_MADE = "01", "03"


def has_connections(process: int, port: int) -> bool:
    """Whether somebody has a connection to a port, taken by the program behind it or not yet.

    Args:
        process: a process in the namespace.
        port: the program's own port.
    """
    # What listens for IPv6 as well takes IPv4 there: a foreign image may.
    return any(_is_used(process, table, port) for table in ("tcp", "tcp6"))


def _is_used(process: int, table: str, port: int) -> bool:
    try:
        lines = Path(f"/proc/{process}/net/{table}").read_text().splitlines()[1:]
    except OSError:  # it has ended, or there is no IPv6
        return False
    ours = f":{port:04X}"
    rows = (line.split() for line in lines)
    return any(r[1].endswith(ours) and r[3] in (_ESTABLISHED, _BEING_MADE) for r in rows)
