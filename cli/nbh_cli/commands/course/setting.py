"""`nbh course set`."""

import asyncio
from collections.abc import Callable
from typing import Annotated

from cyclopts import Parameter
from msgspec import UNSET

from nbh_cli import operating, patterns, units
from nbh_cli.commands.course import asking, knowing
from nbh_cli.operating import DEFAULT_CONFIG, ConfigFile
from nbh_cli.sorry import Sorry
from nbh_kit.config import Config
from nbh_proto import PullCourse, SetCourse
from nbh_proto.course import Changes

_DEFAULT = "default"
_TO_PULL = ("giturl", "branch", "submodules")
"""What has an effect at the next pull only."""

Several = Annotated[tuple[str, ...], Parameter(negative="", help="May be said several times.")]
Size = Annotated[str | None, Parameter(help="Like 512M or 1.5G; 'default' for the site's.")]
Lasting = Annotated[str | None, Parameter(help="Like 45m, 2h or 1d; 'default' for the site's.")]
Number = Annotated[str | None, Parameter(help="'default' for the site's.")]


def set_(
    name: Annotated[str, Parameter(help="One course, or a pattern of several.")],
    /,
    *,
    url: Annotated[str | None, Parameter(help="Where its repository is from now on.")] = None,
    branch: Annotated[str | None, Parameter(help="'' for the repository's own.")] = None,
    image: Annotated[str | None, Parameter(help="'' for the site's.")] = None,
    autopull: Annotated[bool | None, Parameter(help="Pulled by itself every few minutes.")] = None,
    archived: Annotated[bool | None, Parameter(help="Never pulled, not listed.")] = None,
    autobuild: Annotated[bool | None, Parameter(help="Images and pages, at a push.")] = None,
    submodules: Annotated[bool | None, Parameter(help="Fetched too.")] = None,
    git_pull: Annotated[
        str | None,
        Parameter(help="Repositories that students may pull beside its own: 'URL URL'."),
    ] = None,
    egress: Annotated[
        str | None,
        Parameter(help="What labs reach: open, closed or 'HOST:PORT,…'; '' for the site's."),
    ] = None,
    staff: Annotated[
        str | None, Parameter(help="All of them: 'ada bob @teachers'; '' for nobody.")
    ] = None,
    add_staff: Several = (),
    remove_staff: Several = (),
    groups: Annotated[str | None, Parameter(help="All of them: 'a b'; '' for none.")] = None,
    add_group: Several = (),
    remove_group: Several = (),
    memory: Size = None,
    cpus: Number = None,
    processes: Number = None,
    disk: Size = None,
    files: Number = None,
    idle: Lasting = None,
    freeze: Lasting = None,
    age: Lasting = None,
    pool_min: Number = None,
    pool_max: Number = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Change settings of course NAME, or of all that a pattern such as 'py*' means.

    Limits (memory to pool-max) and --egress hold for labs that start from now
    on, --disk and --files for those that run, too.
    """
    limits = {
        **_limit("memory", memory, units.size),
        **_limit("cpus", cpus, float),
        **_limit("processes", processes, int),
        **_limit("disk", disk, units.size),
        **_limit("files", files, int),
        **_limit("idle", idle, units.seconds),
        **_limit("freeze", freeze, units.seconds),
        **_limit("age", age, units.seconds),
        **_limit("pool_min", pool_min, int),
        **_limit("pool_max", pool_max, int),
    }
    changes = Changes(
        giturl=UNSET if url is None else url,
        branch=UNSET if branch is None else branch,
        image=UNSET if image is None else image,
        autopull=UNSET if autopull is None else autopull,
        archived=UNSET if archived is None else archived,
        autobuild=UNSET if autobuild is None else autobuild,
        submodules=UNSET if submodules is None else submodules,
        git_pull=UNSET if git_pull is None else tuple(git_pull.split()),
        egress=UNSET if egress is None else egress,
        staff=UNSET if staff is None else tuple(staff.split()),
        groups=UNSET if groups is None else tuple(groups.split()),
        add_staff=add_staff,
        remove_staff=remove_staff,
        add_groups=add_group,
        remove_groups=remove_group,
        limits=limits,
    )
    if changes == Changes():
        raise Sorry("nothing to set: see `nbh course set --help`", 2)
    return asyncio.run(_set(name, changes, operating.load(config)))


async def _set(word: str, changes: Changes, config: Config) -> int:
    async with operating.bus(config) as bus:
        names = [course.course for course in await knowing.courses(bus, [word])]
        if len(names) > 1 and not patterns.is_pattern(word):
            # A part of a name is good enough to look, not to change several courses at once.
            raise Sorry(f"{word!r} means {', '.join(names)}; write '*{word}*' to set them all", 2)
        commands = [SetCourse(course=name, changes=changes) for name in names]
        status = await asking.carry_out_all(bus, commands)
        if status == 0 and any(getattr(changes, name) is not UNSET for name in _TO_PULL):
            return await asking.carry_out_all(bus, [PullCourse(course=name) for name in names])
        return status


def _limit(
    name: str, text: str | None, read: Callable[[str], float]
) -> dict[str, float | int | None]:
    if text is None:
        return {}
    if text == _DEFAULT:
        return {name: None}
    try:
        return {name: read(text)}
    except ValueError as e:
        said = str(e) if "; write" in str(e) else f"{text!r} is no number"
        raise Sorry(f"--{name.replace('_', '-')}: {said}", 2) from e
