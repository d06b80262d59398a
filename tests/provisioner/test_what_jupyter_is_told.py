"""The site's part of a lab's configuration."""

from nbh_kit.config import Config
from nbh_provisioner.jupyter import server_config


def test_a_lab_knows_whether_it_waits_for_whoever_comes():
    pooled = server_config("c", "t", Config(), pooled=True)
    theirs = server_config("c", "t", Config())
    assert pooled["Kernels"] == {"waits": True}  # a kernel runs ahead (ADR 41)
    assert "Kernels" not in theirs
