"""``nbh``, and ``python -m nbh_cli``: the command of the people who operate nbhosting.

Commands are named here and imported when they are called, so that ``nbh --help`` is quick.
"""

import sys

from cyclopts import App

from nbh_cli.sorry import Sorry

_COMMANDS = (
    ("up", "up:up", "Run the whole system on this machine, in the foreground."),
    ("demo", "demo:demo", "Run it with a course and a learning platform to try it on."),
    ("course", "course:app", "Courses: create, list, show, set, pull, rename, delete."),
    ("lab", "lab:app", "Labs, the containers that serve students: list, stop."),
    ("reaper", "reaper:app", "What is to become of labs that nobody uses: plan."),
    ("link", "link:link", "Print a signed link that opens a notebook for a student."),
    ("events", "events:events", "What happened, from the bus."),
    ("stats", "stats:app", "What happened, from ClickHouse."),
    ("dead", "dead:app", "Messages that nobody could handle: list, replay."),
    ("images", "images:images", "Build the images that students run in."),
    ("host", "host:app", "What this machine lacks: check, prepare."),
)


def app() -> App:
    """The command and its subcommands."""
    nbh = App(
        name="nbh",
        help="Host Jupyter notebooks for courses.",
        help_format="plaintext",
        version="0.1.0",
    )
    for name, where, what in _COMMANDS:
        nbh.command(f"nbh_cli.commands.{where}", name=name, help=what)
    return nbh


def main() -> None:
    """Run one command; the exit status is 0 when it did what was asked, 2 when it was mistaken."""
    try:
        sys.exit(app()(result_action="return_value"))
    except Sorry as e:
        print(f"nbh: {e}", file=sys.stderr)
        sys.exit(e.status)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    main()
