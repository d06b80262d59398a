"""S-4: a file's name is bytes, never a command; nothing here goes through a shell."""

import ast
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nbh_proto import Course
from nbh_provisioner.files.workspace import Wanted, Workspaces
from nbh_provisioner.revision import Revisions
from tests.provisioner import world

REPOSITORY = Path(__file__).parent.parent.parent
SHELLS = {
    "os.system",
    "os.popen",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "asyncio.create_subprocess_shell",
}

stems = st.binary(min_size=1, max_size=60).filter(lambda b: not set(b) & {0, 0x2F})


def sources() -> list[Path]:
    folders = ("proto", "kit", "cli", "services", "images")
    return [p for f in folders for p in (REPOSITORY / f).rglob("*.py")]


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(REPOSITORY)))
def test_nothing_goes_through_a_shell(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            assert ast.unparse(node.func) not in SHELLS, f"{path}:{node.lineno}"
            keywords = {k.arg: k.value for k in node.keywords}
            shell = keywords.get("shell")
            assert not (isinstance(shell, ast.Constant) and shell.value), f"{path}:{node.lineno}"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(stems)
@example(b"$(touch HACKED)")
@example(b"`touch HACKED`")
@example(b"; touch HACKED;")
@example(b"-rf")
@example(b"\xff\xfe")
@example(b"a\nb")
def test_any_name_that_a_disk_can_hold_is_only_a_name(tmp_path, stem):
    course, students = tmp_path / "courses", tmp_path / "students"
    name = os.fsdecode(stem)
    notebooks = course / "python/revisions/c1/notebooks"
    if not notebooks.exists():
        world.publish(tmp_path, {})
    (notebooks / f"{name}.md").write_text("original")
    current = Revisions(course).current(Course(course="python", giturl="x", image="x"))
    before = world.entries(Path.cwd())
    ready = Workspaces(students, None).prepare(Wanted("ada", current, f"{name}.md"))
    copy = students / "ada/python" / ready.notebook
    assert copy.read_text() == "original"
    copy.unlink()
    (notebooks / f"{name}.md").unlink()
    assert world.entries(Path.cwd()) == before
    assert world.entries(students / "ada/python") == []
    assert not list(tmp_path.rglob("HACKED"))
