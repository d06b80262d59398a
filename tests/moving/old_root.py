"""Makes a root of nbhosting 0.59 up, with each of the oddities that such a disk has in the end.

    old = make(folder, python="https://forge.example.org/python.git")

Nothing of it is anybody's: the original's own files are described in FEATURES.md (G1, G2, T1, T2).
"""

import os
import socket
import sqlite3
from pathlib import Path

HASH = "3f2a9c04b1d24e7fa0c58e6d9b7a1c35"
"""Most students of a MOOC are called like this."""

SECRET = "no student may read this"
OLD_WORK = "---\nkernelspec:\n  name: python3\n---\n\n# First\n\nadas old work\n"
OLD = 1_600_000_000
"""When all of it was written; unix seconds."""

OVERRIDES = 'general:\n  notebook-url-format: "notebooks/{notebook}"\n'
SETTINGS = """
production_box = True
server_mode = "https"
if production_box:
    server_name = "notebooks.example.org"
else:
    server_name = "dev.example.org"
nbhroot = '/nbhosting/current'
frame_ancestors = ["https://*.fun-mooc.fr", "https://lms.example.org", "'self'"]
allowed_referer_domains = [server_name, 'fun-mooc.fr']
allowed_devel_ips = [('exact', '192.0.2.1')]
monitor_idle = 120
monitor_period = 5
monitor_lingering = 24
SECRET_KEY = open('/etc/passwd').read()
container_max_memory = "5g"
"""

EVENTS = [
    "2024-01-08T09:00:00 python ada w1/first created 40001",
    "2024-01-08T09:05:00 python ada w1/second existing 40001",
    f"2024-01-09T10:00:00 python {HASH} w1/first created 40002",
    f"2024-01-09T10:00:00 python {HASH} w1/first created 40002",
    "2024-01-09T10:01:00 python ada w1/first killing 40001",
    "half a line",
    "2024-13-40T10:00:00 python ada w1/first created 40001",
]
OPENED = 4
"""How many of these lines say that a notebook was opened."""

UNREADABLE = (6, 7)
COUNTS = [
    "# UTC ts running_container frozen_container",
    "2024-01-08T09:10:00 2 0 3 40 150 120 90 55 1000 60 2000 70 3000 8000 4000 5000 9 12",
    "2024-01-08T09:15:00 1 0",
    "2024-01-08T09:20:00 many 0",
]


def make(folder: Path, **urls: str) -> Path:
    """A root with a course of each of these names, and the odd ones beside them."""
    root = folder / "nbhosting"
    for name in ("courses-git", "courses", "students", "raw", "droparea", "local", "jupyter"):
        (root / name).mkdir(parents=True)
    for name, url in urls.items():
        _clone(root, name, url, dockerfile=True)
    _clone(root, "orphan", "https://forge.example.org/orphan.git")
    (root / "courses-git/leftover").mkdir()
    _database(root / "db.sqlite3", urls)
    _students(root / "students", folder)
    for name in urls:
        _statistics(root / "raw" / name)
    _statistics(root / "raw/donn\u00e9es")
    write(root / "droparea/python/week1/data.csv", "1;2\n")
    write(
        root / "local/python/nbhosting.yaml",
        'general:\n  notebook-url-format: "notebooks/{notebook}"\n',
    )
    write(root / "local/python/tracks.py", "def tracks(course): ...\n")
    write(root / "sitesettings.py", SETTINGS)
    return root


def _clone(root: Path, name: str, url: str, *, dockerfile: bool = False) -> None:
    git = root / "courses-git" / name / ".git"
    write(git / "HEAD", "ref: refs/heads/main\n")
    write(
        git / "config",
        f'[core]\n\trepositoryformatversion = 0\n[remote "origin"]\n\turl = {url}\n'
        "\tfetch = +refs/heads/*:refs/remotes/origin/*\n",
    )
    if dockerfile:
        write(git.parent / "nbhosting/Dockerfile", "FROM nbhosting/scipy-notebook\n")


def _database(file: Path, urls: dict[str, str]) -> None:
    connection = sqlite3.connect(file)
    with connection:
        connection.executescript(_TABLES)
        rows = [
            *(
                (name, url, name, 1, 0, 1, "ada @teachers not/a/name")
                for name, url in urls.items()
            ),
            ("borrowing", "https://forge.example.org/borrowing.git", "python", 0, 0, 0, ""),
            ("old", "https://forge.example.org/old.git", "localhost/some/image:3", 0, 1, 0, ""),
            ("nogit", "none", "none", 0, 0, 0, ""),
            ("donn\u00e9es", "https://forge.example.org/d.git", "donn\u00e9es", 0, 0, 0, ""),
        ]
        connection.executemany(
            "INSERT INTO courses_coursedir (coursename, giturl, image, autopull, archived, "
            "autobuild, staff_usernames) VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        connection.executescript(_PEOPLE)
    connection.close()


_TABLES = """
CREATE TABLE courses_coursedir (id integer PRIMARY KEY, coursename varchar(128), giturl
  varchar(1024), image varchar(256), autopull bool, archived bool, autobuild bool,
  staff_usernames text);
CREATE TABLE courses_coursedir_registered_groups (id integer PRIMARY KEY, coursedir_id integer,
  group_id integer);
CREATE TABLE auth_group (id integer PRIMARY KEY, name varchar(150));
CREATE TABLE auth_user (id integer PRIMARY KEY, username varchar(150), password varchar(128),
  is_staff bool, is_superuser bool, is_active bool, email varchar(254));
CREATE TABLE auth_user_groups (id integer PRIMARY KEY, user_id integer, group_id integer);
"""
_PEOPLE = """
INSERT INTO auth_group VALUES (1, 'teachers'), (2, 'class of 2024'), (3, 'year2');
INSERT INTO auth_user VALUES (1, 'thierry', 'pbkdf2_sha256$1$x', 1, 1, 1, ''),
  (2, 'eve', '', 0, 0, 1, ''), (3, 'bob', '', 0, 0, 1, '');
INSERT INTO auth_user_groups VALUES (1, 1, 1), (2, 3, 1), (3, 2, 3);
INSERT INTO courses_coursedir_registered_groups VALUES (1, 1, 2), (2, 1, 3);
"""


def _students(students: Path, folder: Path) -> None:
    write(folder / "outside.txt", SECRET)
    for number, student in enumerate((HASH, "ada")):
        work = students / student / "python"
        write(work / "w1/first.md", OLD_WORK.replace("ada", student))
        write(work / "w1/notes.txt", f"{student}'s notes\n")
        write(work / ".port", "40001\n")
        _give(students / student, 40001 + number)
    odd(students / "ada/python", folder / "outside.txt")
    write(students / "ada/.bash_history", "ls\n")
    write(students / "ada/forgotten/n1.ipynb", "{}")
    write(students / "ada/donn\u00e9es/n1.ipynb", "{}")
    write(students / "ada/orphan/mine.txt", "mine")
    for student in ("a student", "-rf", "eve@example.org", "x" * 129):
        write(students / student / "python/n1.ipynb", "{}")
    (students / "elsewhere").symlink_to(folder)
    write(students / "README", "not a student")


def odd(work: Path, outside: Path) -> None:
    """What students leave in a workspace."""
    (work / "w1/data").symlink_to("/home/jovyan/static/data")
    (work / "w1/again.md").symlink_to("first.md")
    (work / "w1/mine").symlink_to("/home/jovyan/work/w1")
    (work / "passwd").symlink_to("/etc/passwd")
    (work / "root").symlink_to("/")
    (work / "up").symlink_to("../../../outside.txt")
    os.link(outside, work / "hard.txt")
    os.mkfifo(work / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.open(work, os.O_RDONLY)
        listening.bind(f"/proc/self/fd/{here}/socket")  # a socket's path has 107 bytes at most
        os.close(here)
    write(work / "broken.ipynb", "{ half a notebook")
    write(Path(os.fsdecode(os.fsencode(work) + b"/caf\xe9\n.txt")), "bytes")
    write(work / ("n" * 250 + ".txt"), "long")
    write(work / ".nbautoeval", "log\n")
    with (work / "huge.bin").open("wb") as huge:
        huge.write(b"begin")
        huge.seek(1 << 40)
        huge.write(b"end")


def _statistics(folder: Path) -> None:
    write(folder / "events.raw", "\n".join(EVENTS) + "\n")
    write(folder / "counts.raw", "\n".join(COUNTS) + "\n")


def write(file: Path, text: str, *, later: int = 0) -> None:
    """A file of the old system, so many seconds younger than all others."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    os.utime(file, (OLD + later, OLD + later))


def _give(folder: Path, uid: int) -> None:
    """Each student was a Unix user of their own (S8)."""
    if os.getuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, uid, uid, follow_symlinks=False)
