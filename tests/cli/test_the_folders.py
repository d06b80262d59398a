"""Each folder of the data has the owner and the mode that its part needs, at every start."""

import os
import stat

import pytest

from nbh_cli.up import folders
from nbh_kit import config as configs

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")


def config_in(folder, first_uid=64100):
    site = {"data": str(folder / "data"), "run": str(folder / "run"), "first_uid": first_uid}
    return configs.from_tree({"site": site})


def seen(path):
    found = path.lstat()
    return oct(stat.S_IMODE(found.st_mode)), found.st_uid, found.st_gid


def test_every_part_owns_its_folder_and_no_other(tmp_path):
    config = config_in(tmp_path)
    folders.prepare(config)
    data = config.site.data
    assert {p.name: seen(p) for p in data.iterdir()} == {
        "secrets": ("0o700", 0, 0),
        "students": ("0o700", 0, 0),
        "labs": ("0o711", 0, 0),
        "local": ("0o755", 0, 0),
        "snapshots": ("0o711", 0, 0),
        "builder": ("0o700", 0, 0),
        "nats": ("0o700", 64102, 64102),
        "clickhouse": ("0o700", 64104, 64104),
        "courses": ("0o755", 64103, 64103),
        "accounts": ("0o700", 64103, 64103),
        "traefik": ("0o2750", 64100, 64101),
        "acme": ("0o700", 64101, 64101),
    }
    assert seen(data) == ("0o711", 0, 0)


def test_secrets_are_long_random_closed_and_kept(tmp_path):
    config = config_in(tmp_path)
    folders.prepare(config)
    secrets = sorted((config.site.data / "secrets").iterdir())
    first = {path.name: path.read_text() for path in secrets}
    folders.prepare(config)
    assert {path.name: path.read_text() for path in secrets} == first
    assert len(set(first.values())) == len(folders.NATS_USERS) + len(("router", "stats"))
    assert all(len(bytes.fromhex(text)) == 32 for text in first.values())
    assert {seen(path) for path in secrets} == {("0o600", 0, 0)}


def test_rights_that_somebody_loosened_are_mended(tmp_path):
    config = config_in(tmp_path)
    folders.prepare(config)
    (config.site.data / "secrets").chmod(0o777)
    (config.site.data / "secrets" / "router").chmod(0o644)
    os.chown(config.site.data / "students", 1000, 1000)
    folders.prepare(config)
    assert seen(config.site.data / "secrets") == ("0o700", 0, 0)
    assert seen(config.site.data / "secrets" / "router") == ("0o600", 0, 0)
    assert seen(config.site.data / "students") == ("0o700", 0, 0)


def test_when_the_users_change_what_is_theirs_follows_but_no_link_is_followed(tmp_path):
    folders.prepare(config_in(tmp_path))
    outside = tmp_path / "outside"
    outside.write_text("root's")
    courses = tmp_path / "data" / "courses"
    (courses / "python").mkdir()
    (courses / "python" / "lesson.md").write_text("# lesson")
    (courses / "python" / "link").symlink_to(outside)
    folders.prepare(config_in(tmp_path, first_uid=64200))
    assert seen(courses)[1:] == (64203, 64203)
    assert seen(courses / "python" / "lesson.md")[1:] == (64203, 64203)
    assert seen(courses / "python" / "link")[1:] == (64203, 64203)
    assert seen(outside)[1:] == (0, 0)
