"""The courses service: ``python -m nbh_courses --config nbhosting.toml``."""

import argparse
import asyncio
import os
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog

from nbh_courses import environment, git_floor, handlers, heads
from nbh_courses.accounts.people import People
from nbh_courses.announcing import Announcer
from nbh_courses.app import app
from nbh_courses.building import Builds, Site
from nbh_courses.built_pages import BuiltPages
from nbh_courses.checking import Checks
from nbh_courses.counting import Counting
from nbh_courses.egress import Egress
from nbh_courses.git_program import Git, Limits
from nbh_courses.hooks.receiving import Hooks
from nbh_courses.hooks.secrets import HookSecrets
from nbh_courses.labs import LabsSeen
from nbh_courses.parsing import Parser
from nbh_courses.publisher import Publisher
from nbh_courses.pulling import Pulling
from nbh_courses.pulls import Pulls, Rules
from nbh_courses.registry import Registry
from nbh_courses.repositories import Repositories
from nbh_courses.shared_pages import SharedPages
from nbh_courses.shelf import Shelf
from nbh_courses.showing import Shown
from nbh_courses.tidying import Tidying
from nbh_courses.workspaces import Workspaces
from nbh_kit import bus as buses
from nbh_kit import config as configuration
from nbh_kit import health as healths
from nbh_kit import http, run
from nbh_kit.config import BadConfig, Config
from nbh_kit.consuming import consume
from nbh_kit.metrics import Metrics
from nbh_kit.programs import ProgramMissing
from nbh_proto import (
    BuildCourse,
    BuildFinished,
    CheckCourse,
    CourseDeleted,
    CoursePublished,
    CreateCourse,
    DeleteCourse,
    ImageBuilt,
    MakeHook,
    PullCourse,
    RemoveAccount,
    RenameCourse,
    RollBackCourse,
    SetAccount,
    SetCourse,
)
from nbh_proto.streams import COMMANDS, EVENTS

_HANDLED = (
    CreateCourse,
    PullCourse,
    SetCourse,
    RenameCourse,
    DeleteCourse,
    MakeHook,
    BuildCourse,
    RollBackCourse,
    SetAccount,
    RemoveAccount,
)
_HEARD = (ImageBuilt, BuildFinished, CoursePublished, CourseDeleted)
_FINISH_SECONDS = 30.0
_INDEX_SECONDS = 10.0
_TIDY_SECONDS = 60.0

logger = structlog.get_logger(__name__)


def main() -> None:
    """Read the configuration and the secrets as who we are, then become who we need be (S-5)."""
    arguments = argparse.ArgumentParser(prog="nbh_courses")
    arguments.add_argument("--config", type=Path, default=Path("nbhosting.toml"))
    metrics = Metrics()
    try:
        config = configuration.load(arguments.parse_args().config)
        run.configure_logging("courses", config.site.log_level, metrics)
        password = config.password_of("courses")
        parser = Parser()
        parser.start(config.uid_of("courses") if os.getuid() == 0 else None)
        people = People(config)
        run.drop_privileges(config.uid_of("courses"))
        asyncio.run(run.stoppable(_serve(config, password, parser, people, metrics)))
    except (BadConfig, ProgramMissing) as e:
        sys.exit(str(e))


async def _serve(
    config: Config, password: str, parser: Parser, people: People, metrics: Metrics
) -> None:
    if not people.is_reachable:
        logger.warning(
            "nobody can sign in: browsers keep the cookie only if origins.ui is https",
            ui=config.origins.ui,
        )
    shelf = Shelf(config.site.data / "courses")
    given = config.courses
    closed = environment.closed(shelf.folder, local=given.local_urls)
    git = Git(closed, Limits(given.fetch_within, given.max_bytes))
    egress = Egress(given.private_hosts, by_proxy=environment.has_proxy())
    async with shelf.owned(), heads.asking(given.pulls_at_once) as asked:
        shelf.sweep()
        if complaint := git_floor.complaint(await git.run("--version", folder=shelf.folder)):
            logger.warning("an old git", why=complaint)
        if given.local_urls:
            environment.allow_local(shelf.folder)
        async with (
            healths.answering(config, "courses", "nats", metrics=metrics) as health,
            buses.connect(
                config.nats.url,
                name="courses",
                user="courses",
                password=password,
                metrics=metrics,
            ) as bus,
        ):
            health.look("nats", lambda: bus.is_connected)
            bus.at_each_telling(Counting(metrics, shelf).hear)
            shown = Shown(bus, shelf)
            announcer = Announcer(bus, shelf, config.lab.image, shown)
            rules = Rules(given.local_urls, given.pulls_at_once, given.max_bytes)
            local = config.site.data / "local"
            publisher = Publisher(local, closed, given.max_bytes, parser)
            repositories = Repositories(git, egress, asked)
            pulls = Pulls(shelf, repositories, announcer, publisher, rules, metrics)
            await pulls.finish()
            labs = LabsSeen(bus)
            workspaces = Workspaces(bus, (config.provisioner.node,))
            accounts = people.accounts(bus, shelf)
            registry = Registry(
                *(shelf, pulls, announcer, workspaces, labs, accounts), local=given.local_urls
            )
            grace = timedelta(seconds=given.revisions_grace)
            tidying = Tidying(shelf, pulls, labs, workspaces, grace)
            pulling = Pulling(shelf, pulls, given.pulls_at_once)
            secrets = HookSecrets(shelf)
            web = app(
                Hooks(shelf, secrets, bus, pulling.pushed),
                BuiltPages(shelf.folder),
                SharedPages(config.site.data / "snapshots"),
                people.doors(bus, accounts),
                config.origins,
            )
            builds = Builds(bus, shelf, pulls, announcer, closed, _site(config))
            checks = Checks(bus, shelf)
            handle = partial(
                handlers.handle,
                bus=bus,
                pulls=pulls,
                registry=registry,
                secrets=secrets,
                builds=builds,
                accounts=accounts,
            )
            async with (
                http.serving(web, given.host, given.port, metrics),
                bus.answering(CheckCourse, checks.answer),
                consume(bus, COMMANDS, "courses", _HANDLED, handle),
                consume(bus, EVENTS, "courses-builds", _HEARD, builds.heard),
                consume(bus, EVENTS, "courses-checks", [CoursePublished], checks.heard),
            ):
                try:
                    await builds.keep_all()
                    await run.until_stopped(
                        announcer.keep_true(),
                        accounts.keep_true(),
                        shown.keep_true(),
                        run.every(_INDEX_SECONDS, pulls.index_all),
                        labs.follow(),
                        pulling.run(),
                        run.every(_FINISH_SECONDS, registry.finish),
                        run.every(given.pull_every, pulling.look_at_all),
                        run.every(min(_TIDY_SECONDS, given.revisions_grace), tidying.tidy),
                    )
                finally:
                    git.stop()
                    publisher.close()


def _site(config: Config) -> Site:
    return Site(
        name=config.site.name,
        node=config.provisioner.node,
        local=config.site.data / "local",
        default_image=config.lab.image,
        max_bytes=config.courses.max_bytes,
    )


if __name__ == "__main__":
    main()
