"""`nbh account`: each of its commands in a module of its own, imported when it is called."""

from cyclopts import App

from nbh_cli import commands

_COMMANDS = (
    ("add", "setting:add", "Give somebody an account, as staff or as a teacher of courses."),
    ("list", "listing:list_", "Who has an account, and what they see."),
    ("set", "setting:set_", "Change somebody's role or courses."),
    ("passwd", "setting:passwd", "Give an account another password; its sessions end."),
    ("remove", "removing:remove", "Forget an account; its sessions end."),
)

app = App(
    name="account",
    help="People who sign in at the ui origin: staff, and teachers of courses.",
    help_format="plaintext",
)
commands.register(app, "nbh_cli.commands.account", _COMMANDS)
