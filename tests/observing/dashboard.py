"""What examples/ asks Prometheus for."""

import json
import re
from pathlib import Path

import yaml

EXAMPLES = Path(__file__).parents[2] / "examples"
_NAME = re.compile(r"\b(?:nbhosting|jupyterhub|process)_[a-z0-9_]+")


def panels():
    """All panels of the dashboard that show something."""
    dashboard = json.loads((EXAMPLES / "grafana" / "nbhosting.json").read_text())
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def asked_by_panels():
    """Their questions, as Prometheus gets them."""
    return [
        target["expr"].replace("$__rate_interval", "5m")
        for panel in panels()
        for target in panel["targets"]
    ]


def asked_by_alerts():
    """The questions of the alerts."""
    rules = yaml.safe_load((EXAMPLES / "prometheus" / "alerts.yml").read_text())
    return [rule["expr"] for group in rules["groups"] for rule in group["rules"]]


def names(questions):
    """The numbers that they are about."""
    return {name for question in questions for name in _NAME.findall(question)}
