"""examples/grafana: what can be known of the dashboard without a system."""

import shutil
import subprocess

import pytest
import yaml

from tests.observing.dashboard import asked_by_panels, panels

PROMTOOL = shutil.which("promtool") or ""


def test_panels_lie_beside_each_other():
    taken = {}
    for panel in panels():
        at = panel["gridPos"]
        for x in range(at["x"], at["x"] + at["w"]):
            assert x < 24, panel["title"]
            for y in range(at["y"], at["y"] + at["h"]):
                other = taken.setdefault((x, y), panel["title"])
                assert other == panel["title"], f"{other} lies over {panel['title']}"


def test_panels_are_told_apart():
    ids, titles = ([panel[key] for panel in panels()] for key in ("id", "title"))
    assert len(set(ids)) == len(set(titles)) == len(titles)


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed")
def test_prometheus_understands_its_questions(tmp_path):
    # promtool reads whole files of rules only
    rules = [
        {"record": f"panel:{number}", "expr": question}
        for number, question in enumerate(asked_by_panels())
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    ran = subprocess.run(
        [PROMTOOL, "check", "rules", str(file)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{len(rules)} rules found" in ran.stdout
