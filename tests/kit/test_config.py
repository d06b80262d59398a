"""A wrong setting stops the start and says which one, where and why."""

from pathlib import Path

import pytest

from nbh_kit import config, settings
from nbh_kit.config import BadConfig

SECRET = "s" * 32
PLATFORM = {"name": "lms", "keys": [{"id": "k1", "secret": SECRET}]}


def written(tmp_path, text):
    path = tmp_path / "nbhosting.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ("[router]\nprot = 1", "router.prot", "no such setting"),
        ("[rooter]\nport = 1", "rooter", "no such setting"),
        ("[router]\nport = 'x'", "router.port", "expected `int`"),
        ("[router]\nport = 70000", "router.port", "65535"),
        ("[lab]\nmemory = 0", "lab.memory", ">= 1"),
        ("[lab]\negress = 'half-open'", "lab.egress", "neither open, closed nor HOST:PORT"),
        ("[site]\ndata = 'here'", "site.data", "full path"),
        ("[site]\nname = 'a b'", "site.name", "ASCII"),
        ("[origins]\ncontent = 'nb.example.org'", "origins.content", "no origin"),
        ("[origins]\ncontent = 'https://nb.example.org/x'", "origins.content", "no origin"),
        ("[origins]\nui = 'http://localhost:8080'", "origins", "must differ"),
        ("[[platform]]\nname = 'lms'", "platform[0].keys", "one or two live keys"),
        ("[[platform]]\nname = 'a'\nstrategy = 'referer'", "platform[0].hosts", "hosts"),
        ("[[platform]]\nstrategy = 'signed'", "platform[0]", "missing required field `name`"),
        ("[router", "", "no TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, text, key, reason):
    path = written(tmp_path, text)
    with pytest.raises(BadConfig) as refused:
        config.load(path, {})
    assert refused.value.file == str(path)
    assert refused.value.key == key
    assert reason in refused.value.reason


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadConfig, match=r"nowhere\.toml: cannot be read"):
        config.load(tmp_path / "nowhere.toml", {})


def test_the_environment_says_a_list_as_the_file_does(tmp_path):
    path = written(tmp_path, "")
    given = {"NBH_TRAEFIK_NETWORKS": '["10.1.2.0/24", "10.1.3.0/24"]'}
    assert config.load(path, given).traefik.networks == ("10.1.2.0/24", "10.1.3.0/24")
    with pytest.raises(BadConfig, match="expected `array`"):
        config.load(path, {"NBH_TRAEFIK_NETWORKS": "[10.1.2.0/24"})


def test_the_environment_stands_over_the_file(tmp_path):
    path = written(tmp_path, "[router]\nport = 1")
    loaded = config.load(path, {"NBH_ROUTER_PORT": "2", "NBH_SITE_DEV": "true", "NBH_CONFIG": "x"})
    assert loaded.router.port == 2
    assert loaded.site.dev is True


def test_an_empty_file_is_all_defaults(tmp_path):
    assert config.load(written(tmp_path, ""), {}) == config.Config()


def test_origins_may_coincide_in_a_demo(tmp_path):
    text = "[site]\ndev = true\n[origins]\nui = 'http://localhost:8080'"
    assert config.load(written(tmp_path, text), {}).site.dev


def test_frames_are_allowed_for_the_platforms_alone():
    tree = {"platform": [PLATFORM | {"origins": ["https://lms.example.org"]}]}
    assert config.from_tree(tree).frame_ancestors == ("https://lms.example.org",)


def test_a_secret_may_stand_in_a_file_and_is_never_short(tmp_path):
    (tmp_path / "key").write_text(SECRET + "\n")
    assert config.secret_of(settings.Key(id="k", secret_file=tmp_path / "key")) == SECRET.encode()
    with pytest.raises(BadConfig, match="32 characters"):
        config.secret_of(settings.Key(id="k", secret="short"))


def test_each_role_has_a_user_of_its_own():
    roles = ("router", "traefik", "nats", "courses", "stats", "reaper")
    assert len({config.Config().uid_of(role) for role in roles}) == len(roles)


def test_a_path_is_read(tmp_path):
    read = config.load(written(tmp_path, "[site]\ndata = '/srv/nbh'"), {})
    assert read.site.data == Path("/srv/nbh")
