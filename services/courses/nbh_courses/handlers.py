"""Commands about courses and accounts: carried out, with their progress told to who asked."""

from collections.abc import Awaitable, Callable
from functools import partial

from nbh_courses.accounts.accounts import Accounts
from nbh_courses.building import Builds
from nbh_courses.failure import CourseError
from nbh_courses.git_program import Say
from nbh_courses.hooks.secrets import HookSecrets
from nbh_courses.pulls import Pulls
from nbh_courses.record import Record
from nbh_courses.registry import Registry
from nbh_kit.bus import Bus
from nbh_proto import (
    BuildCourse,
    Command,
    CommandDone,
    CommandFailed,
    CommandProgress,
    CreateCourse,
    DeleteCourse,
    MakeHook,
    PullCourse,
    RemoveAccount,
    RenameCourse,
    RollBackCourse,
    SetAccount,
    SetCourse,
    now,
)
from nbh_proto.streams import PATIENCE

Handled = (
    CreateCourse
    | PullCourse
    | SetCourse
    | RenameCourse
    | DeleteCourse
    | MakeHook
    | BuildCourse
    | RollBackCourse
    | SetAccount
    | RemoveAccount
)


async def handle(
    command: Handled,
    *,
    bus: Bus,
    pulls: Pulls,
    registry: Registry,
    secrets: HookSecrets,
    builds: Builds,
    accounts: Accounts,
) -> None:
    """Carry out one command and answer it. Idempotent: it may be delivered twice."""
    if now() - command.at > PATIENCE:
        late = f"nobody could take it within {PATIENCE.total_seconds() / 60:.0f} minutes"
        failed = CommandFailed(about=command.id, reason="expired", detail=late)
        await bus.answer(command.answer_to, failed)
        return
    work: Callable[[Say], Awaitable[Record | str | None]]
    match command:
        case CreateCourse():
            work = partial(pulls.create, command)
        case PullCourse(course=course):
            work = partial(pulls.pull, course)
        case SetCourse():
            work = partial(registry.set, command)
        case RenameCourse():
            work = partial(registry.rename, command)
        case DeleteCourse():
            work = partial(registry.delete, command)
        case MakeHook():
            work = partial(registry.make_hook, command, secrets)
        case BuildCourse():
            work = partial(builds.ask, command)
        case RollBackCourse():
            work = partial(builds.roll_back, command)
        case SetAccount():
            work = partial(accounts.set, command)
        case RemoveAccount():
            work = partial(accounts.remove, command)
    await _carry_out(command, work, bus)


async def _carry_out(
    command: Command, work: Callable[[Say], Awaitable[Record | str | None]], bus: Bus
) -> None:
    async def say(line: str) -> None:
        await bus.answer(command.answer_to, CommandProgress(about=command.id, line=line))

    answer: CommandDone | CommandFailed
    try:
        done = await work(say)
    except CourseError as e:
        answer = CommandFailed(about=command.id, reason=e.reason, detail=e.detail)
    else:
        if done is None:  # somebody else has the rest of it, and answers
            return
        answer = CommandDone(about=command.id, line=_outcome(command, done))
    await bus.answer(command.answer_to, answer)


def _outcome(command: Command, done: Record | str) -> str:
    return done if isinstance(done, str) else _published(command, done)


def _published(command: Command, record: Record) -> str:
    notebooks = _counted(record.notebooks, "notebook")
    what = f"{record.course} at {record.commit[:10]}, {notebooks}"
    if record.published_at and record.published_at >= command.at:
        changed = f", {_counted(record.changed, 'file')} changed" if record.previous else ""
        return f"published {what}{changed}, in {record.seconds:.1f} s"
    return f"nothing new: {what}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
