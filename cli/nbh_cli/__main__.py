"""``nbh``, and ``python -m nbh_cli``: the command of the people who operate nbhosting.

Commands are named here and imported when they are called, so that ``nbh --help`` is quick.
"""

import sys

from cyclopts import App, Parameter

from nbh_cli import commands
from nbh_cli.sorry import Sorry

_COMMANDS = (
    ("up", "up:up", "Run the whole system on this machine, in the foreground."),
    (
        "prepare",
        "prepare:prepare",
        "Make what a system needs whose parts compose or systemd runs.",
    ),
    ("demo", "demo:demo", "Run it with a course and a learning platform to try it on."),
    ("status", "status:status", "How the system is, on one screen, and what is wrong."),
    ("doctor", "doctor:doctor", "What is wrong with machine and system, and what mends it."),
    ("course", "course:app", "Courses: create, set, pull, check, build, rename, delete and more."),
    ("account", "account:app", "People who sign in: add, list, set, passwd, remove."),
    ("lab", "lab:app", "Labs, the containers that serve students: list, freeze, stop."),
    ("drain", "drain:drain", "Let nobody new have a lab, as before maintenance; --off ends it."),
    ("student", "student:app", "All that is kept of a student: export, erase."),
    ("share", "share:app", "Notebooks that students share: list, withdraw."),
    ("reaper", "reaper:app", "What is to become of labs that nobody uses: plan."),
    ("link", "link:link", "Print a signed link that opens a notebook for a student."),
    ("snippet", "snippet:snippet", "Print what shows a notebook in a platform's page."),
    ("events", "events:events", "What happened lately, and what happens now."),
    (
        "stats",
        "stats:app",
        "Statistics: summary, students, notebooks, export, events, student, erase, import.",
    ),
    ("backup", "backup:backup", "Keep everything in a folder; list and verify what is kept."),
    ("restore", "restore:restore", "Make a system of a backup, where there is none."),
    (
        "import-nbhosting",
        "import_nbhosting:import_nbhosting",
        "Take courses, students' files and statistics over from nbhosting 0.59.",
    ),
    ("dead", "dead:app", "Messages that nobody could handle: list, replay."),
    ("images", "images:images", "Build the images that students run in."),
    ("host", "host:app", "What this machine lacks, and labs on it: check, prepare, end-labs."),
)


def app() -> App:
    """The command and its subcommands."""
    nbh = App(
        name="nbh",
        help="Host Jupyter notebooks for courses.",
        help_format="plaintext",
        version="0.1.0",
        default_parameter=Parameter(show_default=_worth_showing),
    )
    commands.register(nbh, commands.__name__, _COMMANDS)
    return nbh


def _worth_showing(default: object) -> str | None:
    """An option that is not given is off, or means nothing in particular: that needs no word."""
    return str(default) if default not in (None, False, "", ()) else None


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
