"""`nbh stats`: each of its commands in a module of its own, imported when it is called."""

from cyclopts import App

_COMMANDS = (
    ("summary", "counting:summary", "All courses, or one, on a line each."),
    ("students", "counting:students", "Who opened most in a course."),
    ("notebooks", "counting:notebooks", "How many students opened each notebook of a course."),
    ("export", "counting:export", "Any number of the statistics, into a file or a pipe."),
    ("events", "happening:events", "The latest events that are stored, newest first."),
    ("student", "student:student", "All that is stored of a student."),
    ("erase", "student:erase", "Remove all that is stored of a student."),
    ("import", "importing:import_", "Take over what nbhosting 0.59 counted."),
)

app = App(name="stats", help="Statistics, as ClickHouse keeps them.", help_format="plaintext")
for _name, _where, _what in _COMMANDS:
    app.command(f"nbh_cli.commands.stats.{_where}", name=_name, help=_what)
