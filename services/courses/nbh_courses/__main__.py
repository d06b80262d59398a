"""The courses service: ``python -m nbh_courses --config nbhosting.toml``."""

import argparse
import asyncio
import sys
from pathlib import Path

from nbh_courses.commands import Commands
from nbh_courses.pulling import Pulling
from nbh_courses.registry import Registry
from nbh_courses.revisions import Revisions
from nbh_kit import bus, run
from nbh_kit import config as configuration
from nbh_kit.buckets import Bucket
from nbh_kit.config import BadConfig, Config
from nbh_kit.consuming import consume
from nbh_proto import Course, CreateCourse, PullCourse
from nbh_proto.streams import COMMANDS


def main() -> None:
    """Read the configuration and the password as who we are, then become who we need be (S-5)."""
    arguments = argparse.ArgumentParser(prog="nbh_courses")
    arguments.add_argument("--config", type=Path, default=Path("nbhosting.toml"))
    try:
        config = configuration.load(arguments.parse_args().config)
    except BadConfig as e:
        sys.exit(str(e))
    run.configure_logging("courses", config.site.log_level)
    password = config.password_of("courses")
    # Git runs as this user too: what teachers push cannot read what others keep (S-43).
    run.drop_privileges(config.uid_of("courses"))
    asyncio.run(_serve(config, password))


async def _serve(config: Config, password: str) -> None:
    async with bus.connect(
        config.nats.url, name="courses", user="courses", password=password
    ) as b:
        registry = Registry(config.site.data / "courses", Bucket(b, Course))
        registry.read()
        for course in registry.all():
            Revisions(registry.place(course.course), config.courses.max_bytes).clean()
        await b.at_each_connection(registry.tell_all)
        pulling = Pulling(registry, b, config.courses)
        commands = Commands(registry, pulling, b, config.lab.image)
        async with consume(b, COMMANDS, "courses", [CreateCourse, PullCourse], commands.handle):
            await run.until_stopped(run.every(config.courses.pull_every, pulling.pull_all))


if __name__ == "__main__":
    main()
