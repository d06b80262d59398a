"""`nbh student`: all that is kept of one student, handed out or removed (S-55)."""

from cyclopts import App

from nbh_cli import commands

_COMMANDS = (
    ("export", "exporting:export", "All that is kept of a student, as a zip file."),
    ("erase", "erasing:erase", "Remove all that is kept of a student."),
)

app = App(
    name="student",
    help="All that is kept of a student: export, erase.",
    help_format="plaintext",
)
commands.register(app, __name__, _COMMANDS)
