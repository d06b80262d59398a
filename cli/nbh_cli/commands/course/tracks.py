"""`nbh course tracks`: the ways through a course, as its index has them (O25)."""

import asyncio
from typing import Annotated, Any

import msgspec
import yaml
from cyclopts import Parameter

from nbh_cli import operating, output
from nbh_cli.commands.course import knowing
from nbh_cli.commands.course.knowing import Words
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile
from nbh_cli.sorry import Sorry
from nbh_kit.buckets import Bucket
from nbh_kit.config import Config
from nbh_proto import CourseIndex


def tracks(
    *words: Words,
    json: AsJson = False,
    as_yaml: Annotated[
        bool, Parameter(name="--yaml", negative="", help="As a course writes them down itself.")
    ] = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Show the tracks of courses, their sections and notebooks, with titles."""
    if not words:
        raise Sorry("name a course", 2)
    indexes = asyncio.run(_indexes(words, operating.load(config)))
    for index in indexes:
        if json:
            output.print_json({"course": index.course, "tracks": index.tracks})
        elif as_yaml:
            print(_yaml(index, several=len(indexes) > 1), end="")
        else:
            _print(index)


async def _indexes(words: tuple[str, ...], config: Config) -> list[CourseIndex]:
    async with operating.bus(config) as bus:
        bucket = Bucket(bus, CourseIndex)
        wanted = await knowing.courses(bus, words)
        held = [await bucket.get(course.key) for course in wanted]
    return [one.value for one in held if one]


def _print(index: CourseIndex) -> None:
    titles = {notebook.path: notebook.title for notebook in index.notebooks}
    for track in index.tracks:
        print(f"{index.course}: {output.text(track.name)} ({track.id})")
        for section in track.sections:
            print(f"  {output.text(section.name)}")
            for path in section.notebooks:
                print(f"    {output.text(path)}  {output.text(titles.get(path, ''))}".rstrip())


def _yaml(index: CourseIndex, *, several: bool) -> str:
    """As `nbhosting/nbhosting.yaml` has them (G12), one document for each course."""
    tracks_: list[dict[str, Any]] = [msgspec.to_builtins(track) for track in index.tracks]
    text: str = yaml.safe_dump(
        {"tracks": tracks_}, allow_unicode=True, sort_keys=False, explicit_start=several
    )
    return f"# {index.course}\n{text}"
