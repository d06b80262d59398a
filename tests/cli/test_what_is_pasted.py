"""`nbh snippet` prints what a platform's page needs."""

import re

import pytest

from tests.cli.test_commands import Nbh


@pytest.fixture
def nbh(tmp_path):
    file = tmp_path / "nbhosting.toml"
    file.write_text(
        f"[site]\ndata = '{tmp_path}/data'\n"
        "[nats]\nurl = 'nats://127.0.0.1:1'\n"
        "[[platform]]\nname = 'lms'\ncourses = ['python']\n"
        f"keys = [{{ id = 'k1', secret = '{'s' * 32}' }}]\n"
        "[[platform]]\nname = 'fun'\nstrategy = 'referer'\nhosts = ['fun.example']\n"
        "courses = ['python']\n"
    )
    return Nbh(file)


@pytest.mark.parametrize(("kind", "student"), [("edx", "%%USER_ID%%"), ("moodle", "{userid}")])
async def test_a_platform_that_knows_its_students_fills_them_in(nbh, kind, student):
    status, out, err = await nbh("snippet", "python", "w1/l'été 1.ipynb", "--for", kind)
    assert status == 0
    path = f"python/w1/l%27%C3%A9t%C3%A9%201/{student}"
    assert f'src="http://localhost:8080/notebookLazyCopy/{path}"' in out
    assert f'href="http://localhost:8080/rescue/notebookLazyCopy/{path}"' in out
    assert 'loading="lazy"' in out
    assert 'title="w1/l&#x27;été 1"' in out
    assert student in err
    assert "refused" not in err


async def test_who_would_be_refused_is_told(nbh):
    for kind, strategy in (("edx", "referer"), ("html", "signed")):
        _, _, err = await nbh("snippet", "other", "n1", "--for", kind)
        assert f'strategy = "{strategy}" may open other' in err
    status, out, _ = await nbh("snippet", "python", "../x")
    assert (status, out) == (2, "")


@pytest.mark.parametrize(("language", "said"), [("en", "Trouble with"), ("fr", "Un problème")])
async def test_who_signs_links_puts_them_where_it_is_said(nbh, language, said):
    words = ("--title", "TITLE", "--language", language)
    _, out, err = await nbh("snippet", "python", "n1", *words)
    assert said in out
    assert 'title="TITLE"' in out
    assert set(re.findall(r"[A-Z]+_URL", out)) == {"LAUNCH_URL", "RESCUE_URL"}
    assert "sign" in err
