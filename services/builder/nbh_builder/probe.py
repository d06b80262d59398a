"""Run in a container of a new image, by its own Python (S-46): does a lab of it answer?

Standard library only, Python 3.8 or later. Its last line on stdout is what it found, as JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any

BASE = "http://127.0.0.1:8888/smoke/"
TOKEN = "smoke"
LEAST = (2, 20)
WITHIN = 60.0
NOTEBOOK = "smoke.ipynb"
PACKAGE = "has "
"""Begins the line that says one of Python's packages."""


class Fails(Exception):
    """The image cannot run labs, and why."""


def main() -> int:
    """Print what was found; the exit status says whether labs can run."""
    versions = software()
    found: dict[str, object] = {"software": versions}
    for package in packages():
        print(PACKAGE + package)
    try:
        versions["jupyter_server"] = lab_answers()
    except Fails as e:
        found["error"] = str(e)
    print("\n" + json.dumps(found), flush=True)
    return 1 if "error" in found else 0


def software() -> dict[str, str]:
    """The versions that a person asks for, of what is installed."""
    from importlib import metadata

    versions = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in ("jupyterlab", "notebook", "jupytext", "ipykernel"):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def packages() -> list[str]:
    """Each of Python's packages with its version, as ``pip freeze`` has them (I6)."""
    from importlib import metadata

    found = {(d.metadata["Name"] or "?", d.version) for d in metadata.distributions()}
    return [f"{name}=={version}" for name, version in sorted(found, key=lambda f: f[0].lower())]


def lab_answers() -> str:
    """Start a lab as labs are started, and use it; the version of its server."""
    if os.getuid() != 1000:
        raise Fails("it does not run as uid 1000")
    program = shutil.which("jupyter-lab")
    if program is None:
        raise Fails("there is no jupyter-lab in its path")
    lab = subprocess.Popen([program], stdout=sys.stderr)
    try:
        version = first_answer(lab)
        if tuple(int(part) for part in version.split(".")[:2]) < LEAST:
            least = ".".join(map(str, LEAST))
            raise Fails(f"its jupyter-server is {version}; {least} or later is needed")
        use()
        return version
    finally:
        lab.kill()


def first_answer(lab: subprocess.Popen[bytes]) -> str:
    """The version that the server tells, once it answers."""
    give_up = time.monotonic() + WITHIN
    while time.monotonic() < give_up:
        if lab.poll() is not None:
            raise Fails(f"jupyter-lab ended with status {lab.returncode} as soon as it began")
        try:
            return str(ask("api")["version"])
        except OSError:
            time.sleep(0.05)
    raise Fails(f"jupyter-lab did not answer within {WITHIN:.0f} s")


def use() -> None:
    """Read a notebook, and start a kernel."""
    try:
        if ask("api/contents/" + NOTEBOOK)["type"] != "notebook":
            raise Fails("a notebook is no notebook to it")
        ask("api/kernels", {})
    except urllib.error.HTTPError as e:
        raise Fails(f"it answers {e.code} to {e.url}") from e
    except OSError as e:
        raise Fails(f"it stopped answering: {e}") from e


def ask(path: str, body: object = None) -> Any:
    """What the lab answers."""
    request = urllib.request.Request(
        BASE + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": "token " + TOKEN, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read().decode())


if __name__ == "__main__":
    sys.exit(main())
