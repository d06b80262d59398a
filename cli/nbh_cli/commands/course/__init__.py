"""`nbh course`: each of its commands in a module of its own, imported when it is called."""

from cyclopts import App

_COMMANDS = (
    ("create", "creating:create", "Register a course and publish it."),
    ("list", "listing:list_", "All courses, with what an operator looks for."),
    ("pull", "pulling:pull", "Fetch courses now and publish what is new."),
    ("hook", "hooking:hook", "Show what publishes a push at once."),
)

app = App(
    name="course",
    help="Courses: create, list, pull.",
    help_format="plaintext",
)
for _name, _where, _what in _COMMANDS:
    app.command(f"nbh_cli.commands.course.{_where}", name=_name, help=_what)
