"""What a course's Dockerfile may hold, and what podman gets of it."""

import pytest

from nbh_builder import dockerfile
from nbh_builder.failure import BuildError


def refused(text: str) -> str:
    with pytest.raises(BuildError) as e:
        dockerfile.read(text.encode())
    assert e.value.reason == "dockerfile-refused"
    return e.value.detail


def test_comments_and_continued_lines_are_gone():
    text = "# why\nFROM a AS b\nRUN true \\\n    # inside\n\n && pip install x \\\n && true\n"
    read = dockerfile.read(text.encode())
    assert read.text() == "FROM a AS b\nRUN true  && pip install x  && true\n"


def test_each_run_gets_what_is_lent():
    read = dockerfile.read(b'FROM a\nrun ["true"]\nUSER x\nRUN\ttrue\n')
    assert read.text(["--mount=x"]) == (
        'FROM a\nRUN --mount=x ["true"]\nUSER x\nRUN --mount=x true\n'
    )


def test_a_word_that_is_split_is_read_as_podman_reads_it():
    assert "RUN --mount" in refused("FROM a\nRU\\\nN --mou\\\nnt=type=bind,from=a,source=/ ls\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("FROM a\nRUN --mount=type=cache,target=/x ls", "line 2: RUN --mount"),
        ("FROM a\nRUN --security=insecure ls", "line 2: RUN --security"),
        ("FROM a\nRUN --network=host ls", "line 2: RUN --network"),
        ("FROM a\nONBUILD RUN --mount=type=secret,id=x ls", "line 2: RUN --mount"),
        ("FROM a\nADD http://127.0.0.1:8222/varz /x", "line 2: ADD"),
        ("FROM a\nARG U=x\nADD $U /x", "line 3: ADD"),
        ("FROM oci:/var/lib/x", "line 1: oci:/var/lib/x"),
        ("FROM docker-archive:/x.tar", "line 1: docker-archive:/x.tar"),
        ("ARG A=oci:\nFROM ${A}/x", "line 2: oci:/x"),
        ("FROM ${A:+oci:/x}", "line 1"),
        ("FROM a\nCOPY --from=dir:/etc passwd /x", "line 2: dir:/etc"),
        ("FROM a\nRUN cat <<EOF\nRUN --mount=x\nEOF", "line 2: here-documents"),
        ("FROM a\nLABEL nbh.site=x", "line 2: labels"),
        ("# escape=`\nFROM a", "line 1: escape=`"),
        ("FROM a\n\nRNU pip install x", "line 3: RNU is no instruction"),
        ("RUN ls", "there is no FROM"),
        ("FROM", "line 1"),
    ],
)
def test_what_a_course_may_not_have_is_told_with_its_line(text, why):
    assert why in refused(text)


@pytest.mark.parametrize(
    ("text", "bases"),
    [
        ("FROM nbhosting/scipy-notebook", ("nbhosting/scipy-notebook",)),
        ("ARG V=1.2\nFROM quay.io/x/y:$V", ("quay.io/x/y:1.2",)),
        ("ARG V\nFROM x:${V:-3}", ("x:3",)),
        ("FROM a AS b\nFROM b\nCOPY --from=B /x /y\nCOPY --from=0 /x /y", ("a",)),
        ("FROM a\nCOPY --from=localhost:5000/c:1 /x /y", ("a", "localhost:5000/c:1")),
        ("FROM --platform=linux/amd64 a@sha256:" + "0" * 64, ("a@sha256:" + "0" * 64,)),
    ],
)
def test_the_images_that_it_builds_on_are_known(text, bases):
    assert dockerfile.read(text.encode()).bases == bases


def test_podman_finds_no_variable_where_an_image_is_named():
    assert dockerfile.read(b"ARG V=1\nFROM x:$V").text() == "ARG V=1\nFROM x:1\n"
