"""`nbh course`: each of its commands in a module of its own, imported when it is called."""

from cyclopts import App

from nbh_cli import commands

_COMMANDS = (
    ("create", "creating:create", "Register a course and publish it."),
    ("list", "listing:list_", "Courses, with what an operator looks for."),
    ("show", "showing:show", "Everything about a course."),
    ("set", "setting:set_", "Change settings: image, limits, staff and so on."),
    ("pull", "pulling:pull", "Fetch courses now and publish what is new."),
    ("check", "checking:check", "What is wrong with courses, or with one in a folder."),
    ("hook", "hooking:hook", "Show what publishes a push at once."),
    ("tracks", "tracks:tracks", "The tracks of courses, their sections and notebooks."),
    ("build", "building:build", "Build a course's image, with its log live."),
    ("build-docs", "building:build_docs", "Build a course's documentation."),
    ("cancel", "building:cancel", "Stop what is being built for a course."),
    ("images", "building:images", "The images that a course's labs can run in."),
    ("rollback", "building:rollback", "Have new labs start from an earlier image."),
    ("rename", "renaming:rename", "Give a course another name, with all that is its own."),
    ("delete", "deleting:delete", "Forget a course; its students' files stay, unless told."),
)

app = App(
    name="course",
    help="Courses: create, set, pull, check, build, rename, delete and more.",
    help_format="plaintext",
)
commands.register(app, __name__, _COMMANDS)
