"""Everything is deleted, and a backup that was made while a lab ran brings it back (R-21)."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys

import pytest

from nbh_kit.testing import eventually
from tests.backups.work import LAST, counted, has_counted, worked
from tests.e2e.student import Student
from tests.system import Failed, running_system

pytestmark = pytest.mark.podman

FILES = 3000


def nbh(config_file, *words):
    return (sys.executable, "-m", *words, "--config", str(config_file))


async def killed(argv, when):
    """Run a command and kill it as soon as something is true."""
    process = await asyncio.create_subprocess_exec(
        *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    await eventually(when, within=60, pause=0.001)
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGKILL)
    await process.communicate()
    return process.returncode == -signal.SIGKILL


async def said(*argv):
    """(exit status, what a command said)."""
    process = await asyncio.create_subprocess_exec(
        *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await process.communicate()
    return process.returncode, out.decode()


def many_files(folder):
    """Enough that a kill finds a backup at work."""
    (folder / "many").mkdir()
    for number in range(FILES):
        (folder / "many" / f"{number}.txt").write_text(f"{number}")


def on_disk(folder):
    """What is in a workspace, with what is said of it."""
    return {
        str(path.relative_to(folder)): (
            path.read_bytes() if path.is_file() else b"",
            (state := path.lstat()).st_mode,
            state.st_uid,
            state.st_mtime_ns,
            {n: os.getxattr(path, n) for n in os.listxattr(path) if n.startswith("user.")},
        )
        for path in folder.rglob("*")
        if not path.is_symlink()
    }


async def test_what_was_lost_is_there_again(tmp_path, lab_images):
    kept, objects = tmp_path / "kept", tmp_path / "kept" / "objects"
    async with running_system(tmp_path) as system:
        await system.new_course("lesson")
        student = await worked(system, "ada")
        workspace = system.folder("ada", "lesson")
        many_files(workspace)
        await eventually(lambda: has_counted(system, "notebook.reset"), within=30)
        await eventually(lambda: has_counted(system, "notebook.shared"), within=30)

        backing_up = nbh(system.config_file, "nbh_cli", "backup", str(kept))
        assert await killed(backing_up, lambda: len(list(objects.glob("*/*"))) > 200)
        assert "no backup" in await system.nbh("backup", str(kept), "--list")
        before, was = await counted(system), on_disk(workspace)
        assert was
        await system.nbh("backup", str(kept))
        await system.nbh("backup", str(kept))
        assert "as it was written" in await system.nbh("backup", str(kept), "--verify", "last")
        with pytest.raises(Failed, match="another nbh up"):
            await system.nbh("restore", str(kept))
        await student.close()
        links = await system.nbh("share", "list")
        config = system.config
    with contextlib.ExitStack() as stack:
        # what the system is told to use until it is there again
        stack.callback(shutil.rmtree, config.site.run.parent, ignore_errors=True)
        restoring = nbh(system.config_file, "nbh_cli", "restore", str(kept))
        status, why = await said(*restoring)
        assert (status, "already" in why) == (1, True)

        shutil.rmtree(config.site.data)
        students = config.site.data / "students" / "ada" / "lesson" / "many"
        assert await killed(restoring, lambda: len(list(students.iterdir())) > 200)
        status, why = await said(sys.executable, "-m", "nbh_cli.up", str(system.config_file))
        assert (status, "nbh restore" in why) == (1, True)
        status, why = await said(*restoring)
        assert status == 0, why

    async with running_system(tmp_path) as system:
        there = on_disk(workspace)
        assert {k: (there.get(k), v) for k, v in was.items() if there.get(k) != v} == {}
        assert there.keys() == was.keys()
        student = Student(system.link("lesson", "w1/first", "ada"))
        await student.open()
        (cell,) = (await student.contents("w1/first.md"))["content"]["cells"]
        assert cell["source"] == LAST.strip()
        await student.close()
        for name in (word for word in links.split() if "/snapshots/" in word):
            assert name.rpartition("/")[2] in await system.nbh("share", "list")
        after = await eventually(lambda: counted(system), within=30)
        assert {key: after[key] for key in before} == before
        # whose lab is no more is told so, and once
        await eventually(lambda: has_counted(system, "lab.stopped"), within=30)
        assert not [key for key, times in (await counted(system)).items() if times > 1]
