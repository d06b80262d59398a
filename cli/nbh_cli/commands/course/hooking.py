"""`nbh course hook`: what to type into a forge so that a push is published at once."""

import asyncio
import sys
from typing import Annotated

from cyclopts import Parameter

from nbh_cli import operating
from nbh_cli.commands.course import asking
from nbh_cli.operating import DEFAULT_CONFIG, ConfigFile, CourseName
from nbh_cli.sorry import Sorry
from nbh_kit.config import Config
from nbh_proto import CommandDone, MakeHook

_FORGES = """\
GitHub     Settings > Webhooks > Add webhook
           Payload URL: the URL; Content type: application/json; Secret: the secret;
           "Just the push event"
GitLab     Settings > Webhooks > Add new webhook
           URL: the URL; Secret token: the secret; Trigger: Push events
Gitea,     Settings > Webhooks > Add webhook > Gitea (Forgejo)
Forgejo    Target URL: the URL; POST; application/json; Secret: the secret; "Push events"
Bitbucket  Repository settings > Webhooks > Add webhook
           URL: the URL; Secret: the secret; Triggers: Repository push"""


def hook(
    name: CourseName,
    /,
    *,
    new: Annotated[bool, Parameter(negative="", help="Another secret; the old one ends.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Show the webhook of course NAME for its git forge, and its secret when it is first made."""
    with asking.checked(name):
        command = MakeHook(course=name, anew=new)
    return asyncio.run(_hook(command, operating.load(config)))


async def _hook(command: MakeHook, config: Config) -> int:
    from nbh_cli import carrying_out  # brings rich along

    async with operating.bus(config) as bus:
        last = await carrying_out.outcome(bus, command, lambda _: None)
    if not isinstance(last, CommandDone):
        raise Sorry(carrying_out.why(last))
    print(f"URL     {config.origins.ui}/hooks/{command.course}")
    if last.line:
        print(f"Secret  {last.line}\n\n{_FORGES}")
        print("\nThe secret is not shown again; --new makes another.", file=sys.stderr)
    else:
        print("Secret  was shown when it was made; --new makes another and ends the old one.")
    return 0
