"""What a build that failed says to who wrote its Dockerfile."""

import pytest

from nbh_builder import dockerfile
from nbh_builder.steps import Steps

TEXT = b"""# twice the same, and one that podman may leave out
FROM a AS unused
RUN make \\
    other
FROM b
RUN true
RUN true

COPY needs.txt /opt/
"""


def heard(*lines: str) -> Steps:
    steps = Steps(dockerfile.read(TEXT))
    for line in lines:
        steps.hear(line)
    return steps


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        ((), ""),
        (("STEP 1/4: FROM b",), "line 5: FROM b"),
        (("[2/2] STEP 1/4: FROM b", "[2/2] STEP 2/4: RUN true"), "line 6: RUN true"),
        (("STEP 2/4: RUN true", "said", "STEP 3/4: RUN true"), "line 7: RUN true"),
        (("STEP 2/2: RUN make      other",), "line 3: RUN make other"),
        (('STEP 9/9: LABEL "nbh.build"="x"',), ""),
    ],
)
def test_the_line_of_the_instruction_that_was_begun_is_told(lines, where):
    assert heard(*lines).where == (where and f"Dockerfile, {where}")


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (
            'building at STEP "RUN true": while running runtime: exit status 1\n',
            "exit status 1: three; four; five",
        ),
        (
            'building at STEP "COPY needs.txt /opt/": checking on sources under "/var/tmp/x/build"'
            ': copier: stat: "/needs.txt": no such file or directory',
            "there is no needs.txt in the folder of the Dockerfile",
        ),
        (
            'building at STEP "RUN true": determining run uid: user: unknown user error',
            "determining run uid: user: unknown user error",
        ),
        ("", ""),
    ],
)
def test_why_is_told_without_what_is_podmans_own(error, why):
    steps = heard("STEP 1/3: FROM b", "one", "STEP 2/3: RUN true", "two", "three", "four", "five")
    assert steps.why(error) == why
