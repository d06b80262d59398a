"""The signers that platforms copy: all say the same, and the router's verifier believes it."""

import json
import shutil
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from nbh_kit import links
from nbh_kit.links import SigningKey, SigningPlatform
from nbh_router import address
from tests.conftest import REPOSITORY

SIGNERS = REPOSITORY / "examples" / "signers"
VECTORS = json.loads((SIGNERS / "vectors.json").read_text())

_PYTHON = """
import json, sys
sys.path.insert(0, sys.argv[1])
from launch_url import launch_url
print(json.dumps([launch_url(**v["given"]) for v in json.load(sys.stdin)]))
"""
_JAVASCRIPT = """
import { readFileSync } from "node:fs";
const { launchUrl } = await import(process.argv[1] + "/launch_url.mjs");
console.log(JSON.stringify(JSON.parse(readFileSync(0)).map((v) => launchUrl(v.given))));
"""
_PHP = """
require $argv[1] . '/launch_url.php';
echo json_encode(array_map(fn($v) => launch_url(...$v['given']),
                           json_decode(file_get_contents('php://stdin'), true)));
"""
RUN = {
    "python": [sys.executable, "-c", _PYTHON],
    "javascript": ["node", "--input-type=module", "-e", _JAVASCRIPT],
    "php": ["php", "-r", _PHP, "--"],
}


@pytest.mark.parametrize("language", RUN)
def test_each_signer_signs_as_the_vectors_say(language):
    program = RUN[language][0]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed here")
    argv = [*RUN[language], str(SIGNERS / language)]
    done = subprocess.run(
        argv, input=json.dumps(VECTORS), capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [v["url"] for v in VECTORS]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["about"])
def test_the_router_believes_the_vectors(vector):
    given, url = vector["given"], urlsplit(vector["url"])
    platform = SigningPlatform(
        name=given["platform"],
        courses=("*",),
        keys=(SigningKey(id=given["key"], secret=given["secret"].encode()),),
    )
    click = address.click(url.path.encode(), url.query.encode())
    now = given["expires"] - 10
    link = links.verify(click.place, click.query, {platform.name: platform}, now)
    assert link.place.student == given["student"]
    assert links.sign(link, platform.keys[0]) == f"{url.path}?{url.query}"


def test_the_vectors_cover_every_choice():
    said = [v["given"] for v in VECTORS]
    assert {g.get("action", "open") for g in said} == {"open", "reset", "stop"}
    assert {g.get("workspace", "copy") for g in said} == {"copy", "git"}
    assert {g.get("role", "student") for g in said} == {"student", "teacher", "staff"}
    assert {bool(g.get("nonce")) for g in said} == {True, False}
