"""What a course brings is tried under the conditions of a lab (S-46)."""

import msgspec
import pytest

from nbh_builder import container, smoke
from nbh_builder.failure import BuildError
from nbh_kit.conditions import Mount
from nbh_proto import image_repository
from nbh_provisioner import jupyter, lab_paths
from nbh_provisioner.engine import RunSpec
from nbh_provisioner.engines import libpod

ITS_OWN = {"name", "labels", "netns", "Networks", "log_configuration"}


def test_a_smoke_run_has_the_conditions_of_a_lab():
    mount = {"source": "/x", "target": "/y", "read_only": True, "owned": True}
    spec = RunSpec(
        name="n",
        image="i",
        command=("c",),
        environment={"a": "b"},
        labels={},
        mounts=(Mount(**mount),),
        user=lab_paths.UID,
        group=lab_paths.GID,
        folder=lab_paths.WORK,
        memory=2**30,
        cpus=1.5,
        processes=100,
        open_files=1000,
        tmp=2**28,
        egress="open",
    )
    ours = container.body(
        name="m",
        site="s",
        image="i",
        command=("c",),
        environment={"a": "b"},
        mounts=(Mount(**mount),),
        limits=container.Limits(memory=2**30, cpus=1.5, processes=100, open_files=1000),
        network=False,
    )
    theirs = libpod.container_body(spec, "labs")
    assert ours.keys() | {"Networks"} == theirs.keys()
    differs = {key for key in ours if ours[key] != theirs[key]}
    assert differs <= ITS_OWN


def test_a_smoke_run_is_told_where_a_lab_is_told():
    assert smoke._ENVIRONMENT.keys() == jupyter.ENVIRONMENT.keys()
    assert lab_paths.CONFIG in jupyter.ENVIRONMENT["JUPYTER_CONFIG_PATH"]
    assert (container.CONFIG, container.RUNTIME) == (lab_paths.CONFIG, lab_paths.RUNTIME)


STARTED = "[I 2026-11-26 17:06:15.800 ServerApp] Kernel started: c1c2c1ce"


@pytest.mark.parametrize("last", [[], [STARTED]], ids=["the probe's", "the lab's"])
def test_what_was_found_counts_whoever_has_the_last_word(last):
    assert smoke.software(["…", '{"software": {"python": "3.11.2"}}', *last])["python"] == "3.11.2"
    with pytest.raises(BuildError, match="no jupyter-lab in its path"):
        smoke.software(['{"software": {}, "error": "there is no jupyter-lab in its path"}', *last])


def test_a_probe_that_finds_nothing_has_its_last_words_told():
    with pytest.raises(BuildError, match="its python3 cannot try it: b; c; d"):
        smoke.software(["a", "b", "c", "d"])
    with pytest.raises(BuildError, match="it wrote nothing"):
        smoke.software([])


def test_a_container_of_ours_is_taken_for_no_lab_whatever_its_image_says():
    body = container.body(
        name="m",
        site="s",
        image="i",
        command=(),
        environment={},
        mounts=(),
        limits=container.Limits(memory=1, cpus=1, processes=1),
        network=False,
    )
    assert body["labels"][libpod.SITE] == ""


def test_images_have_names_that_podman_takes_and_no_two_courses_share_one():
    courses = ["python", "Python", "a__b", "a.b", "_x", "x-", "A"]
    names = [image_repository("nbh", course) for course in courses]
    assert names[0] == "localhost/nbh/python"
    assert len(set(names)) == len(names)
    assert all(name == name.lower() for name in names)
    assert msgspec.json.encode(names)
