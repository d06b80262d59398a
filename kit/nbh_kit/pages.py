"""What the pages of all services have in common: how templates are read, and how pages look."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

_LOOK = Path(__file__).with_name("look.css")


def templates(folder: Path, *names: str) -> dict[str, Template]:
    """These templates of a folder, in memory: later the process may not read them."""
    environment = Environment(
        loader=FileSystemLoader(folder),
        auto_reload=False,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return {name: environment.get_template(f"{name}.html") for name in names}


def look() -> str:
    """The style sheet that every page begins with: colours by day and night, text, buttons."""
    return _LOOK.read_text()
