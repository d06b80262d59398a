"""`nbh doctor`: what is wrong with this machine, its configuration and the system, and what mends
it."""

import asyncio
from collections.abc import Iterable, Iterator

from nbh_cli import operating, output
from nbh_cli.doctor import examining
from nbh_cli.doctor.finding import Finding
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile


def doctor(*, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Examine the machine, the configuration and the system; say what mends what is wrong.

    Nothing is changed. The exit status is 1 if there is an error, 0 if there are warnings at most.
    """
    found = asyncio.run(examining.examine(operating.load(config), config))
    if json:
        for finding in found:
            output.print_json(finding)
    else:
        print("\n".join(_lines(found)))
    return 1 if any(finding.level == "error" for finding in found) else 0


def _lines(found: Iterable[Finding]) -> Iterator[str]:
    """What is wrong with its advice, then what is fine."""
    fine = []
    for finding in found:
        if finding.level == "ok":
            fine.append((finding.check, output.text(finding.says)))
            continue
        yield output.bold(f"{finding.level}: {output.text(finding.says)}")
        if finding.advice:
            yield f"  {output.text(finding.advice)}"
    yield ""
    yield from output.aligned([("ok", *row) for row in fine]) if fine else []
