"""Each alert of examples/prometheus fires when it should, and none where all is well (E-2)."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

PROMETHEUS = Path(__file__).parents[2] / "examples" / "prometheus"
RULES = PROMETHEUS / "alerts.yml"
ALERTS = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]

PROMTOOL = shutil.which("promtool") or ""
pytestmark = pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed")

GIB = 1024**3
MINUTES = 75
"""Longer than any alert waits."""


def steady(value):
    """A series that stays as it is."""
    return f"{value}x{MINUTES}"


def growing(by):
    """A series that grows by so much a minute."""
    return f"0+{by}x{MINUTES}"


WELL = {
    'up{job="nbhosting", instance="a:8090", service="router"}': steady(1),
    'nbhosting_ready{service="router", need="nats"}': steady(1),
    'nbhosting_clicks_total{outcome="opened"}': growing(60),
    'nbhosting_clicks_total{outcome="failed"}': growing(0.4),
    'nbhosting_clicks_total{outcome="refused"}': growing(1),
    'nbhosting_click_seconds_bucket{le="5"}': growing(59),
    'nbhosting_click_seconds_bucket{le="30"}': growing(60),
    'nbhosting_click_seconds_bucket{le="+Inf"}': growing(60),
    'nbhosting_starts{state="waiting"}': steady(20),
    "nbhosting_memory_available_bytes": steady(2 * GIB),
    "nbhosting_memory_bytes": steady(16 * GIB),
    'nbhosting_disk_free_bytes{disk="data", instance="a:8091"}': steady(5 * GIB),
    'nbhosting_disk_wanted_bytes{instance="a:8091"}': steady(2 * GIB),
    'nbhosting_disk_free_files_ratio{disk="data"}': steady(0.5),
    'nbhosting_stream_bytes{stream="EVENTS"}': steady(100),
    'nbhosting_stream_max_bytes{stream="EVENTS"}': steady(100),
    'nbhosting_stream_bytes{stream="COMMANDS"}': steady(70),
    'nbhosting_stream_max_bytes{stream="COMMANDS"}': steady(100),
    'nbhosting_consumer_waiting_messages{consumer="stats", stream="EVENTS"}': steady(9999),
    'nbhosting_stream_messages{stream="DEAD"}': steady(0),
    'nbhosting_stream_messages{stream="EVENTS"}': steady(99999),
    'nbhosting_labs_stopped_total{reason="idle"}': growing(30),
    'nbhosting_labs_stopped_total{reason="died"}': growing(0.2),
    'nbhosting_courses{state="failing"}': steady(0),
    'nbhosting_courses{state="well"}': steady(9),
    'nbhosting_log_lines_total{service="router", level="error"}': growing(0.2),
    'nbhosting_log_lines_total{service="router", level="info"}': growing(1000),
    'nbhosting_event_loop_lag_seconds{service="router"}': steady(0.1),
}

FIRING = {
    "NbhostingServiceDown": {
        'up{job="nbhosting", instance="a:8090", service="router"}': steady(0)
    },
    "NbhostingServiceWaits": {'nbhosting_ready{service="router", need="nats"}': steady(0)},
    "NbhostingClicksFail": {'nbhosting_clicks_total{outcome="failed"}': growing(6)},
    "NbhostingClicksSlow": {'nbhosting_click_seconds_bucket{le="5"}': growing(50)},
    "NbhostingClicksRefused": {'nbhosting_clicks_total{outcome="refused"}': growing(9)},
    "NbhostingQueueLong": {'nbhosting_starts{state="waiting"}': steady(21)},
    "NbhostingMemoryShort": {"nbhosting_memory_available_bytes": steady(GIB)},
    "NbhostingDiskFilling": {
        'nbhosting_disk_free_bytes{disk="data", instance="a:8091"}': steady(3 * GIB)
    },
    "NbhostingDiskOutOfFiles": {'nbhosting_disk_free_files_ratio{disk="data"}': steady(0.04)},
    "NbhostingStreamFull": {'nbhosting_stream_bytes{stream="COMMANDS"}': steady(81)},
    "NbhostingConsumerBehind": {
        'nbhosting_consumer_waiting_messages{consumer="stats", stream="EVENTS"}': steady(10001)
    },
    "NbhostingDeadLetters": {'nbhosting_stream_messages{stream="DEAD"}': steady(1)},
    "NbhostingLabsDie": {'nbhosting_labs_stopped_total{reason="died"}': growing(1)},
    "NbhostingCourseFails": {'nbhosting_courses{state="failing"}': steady(1)},
    "NbhostingErrorsLogged": {
        'nbhosting_log_lines_total{service="router", level="error"}': growing(2)
    },
    "NbhostingLoopLate": {'nbhosting_event_loop_lag_seconds{service="router"}': steady(0.6)},
}


def promtool(*words):
    ran = subprocess.run([PROMTOOL, *words], capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def judged(folder, series, firing):
    """Have promtool say whether just these fire at the end of the series."""
    samples = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in firing]
    test = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": s, "values": v} for s, v in series.items()],
                "promql_expr_test": [
                    {
                        "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                        "eval_time": f"{MINUTES}m",
                        "exp_samples": samples,
                    }
                ],
            }
        ],
    }
    file = folder / "test.yml"
    file.write_text(yaml.safe_dump(test))
    return promtool("test", "rules", str(file))


def test_the_rules_and_the_configuration_are_right():
    status, said = promtool("check", "config", str(PROMETHEUS / "prometheus.yml"))
    assert status == 0, said


def test_none_fires_where_all_is_well(tmp_path):
    assert judged(tmp_path, WELL, [])[0] == 0, judged(tmp_path, WELL, [])[1]


@pytest.mark.parametrize("alert", [rule["alert"] for rule in ALERTS])
def test_an_alert_fires_when_it_should_and_alone(alert, tmp_path):
    status, said = judged(tmp_path, {**WELL, **FIRING[alert]}, [alert])
    assert status == 0, said


@pytest.mark.parametrize("rule", ALERTS, ids=[rule["alert"] for rule in ALERTS])
def test_an_alert_says_how_urgent_it_is_and_what_to_do(rule):
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert re.search(r"\{\{.*\}\}", rule["annotations"]["summary"])
    assert len(rule["annotations"]["description"]) > 60
