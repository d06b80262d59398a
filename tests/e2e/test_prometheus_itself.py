"""A real Prometheus with our examples, beside a system that runs: it reads all, and the dashboard
shows something (E-2)."""

import asyncio
import shutil
from contextlib import asynccontextmanager

import httpx2 as httpx
import pytest
import yaml

from nbh_kit.testing import eventually, free_port
from tests.e2e.prometheus import SERVICES
from tests.observing.dashboard import EXAMPLES, panels

PROGRAM = shutil.which("prometheus") or ""

pytestmark = [
    pytest.mark.podman,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(not PROGRAM, reason="prometheus is not installed"),
]


def written(folder, system):
    """Our example, for the ports of this system, and in a hurry."""
    config = yaml.safe_load((EXAMPLES / "prometheus" / "prometheus.yml").read_text())
    config["global"] = {
        "scrape_interval": "1s",
        "scrape_timeout": "1s",
        "evaluation_interval": "1s",
    }
    config["rule_files"] = [str(EXAMPLES / "prometheus" / "alerts.yml")]
    for static in config["scrape_configs"][0]["static_configs"]:
        port = system.config.health_port(static["labels"]["service"])
        static["targets"] = [f"127.0.0.1:{port}"]
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    return file


@asynccontextmanager
async def prometheus(folder, system):
    """Runs it; yields who asks it."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(PROGRAM, f"--config.file={written(folder, system)}"),
        *(f"--storage.tsdb.path={folder}/tsdb", f"--web.listen-address=127.0.0.1:{port}"),
        *("--log.level=error",),
    )
    base = f"http://127.0.0.1:{port}/api/v1"
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:

            async def ask(path, **parameters):
                answer = (await client.get(f"{base}/{path}", params=parameters)).json()
                assert answer["status"] == "success", answer
                return answer["data"]

            yield ask
    finally:
        process.terminate()
        await process.wait()


async def test_it_reads_all_services_and_the_dashboard_shows_something(system, tmp_path):
    async with prometheus(tmp_path, system) as ask:

        async def value(question):
            (found,) = (await ask("query", query=question))["result"]
            return float(found["value"][1])

        async def has_read_all():
            return await value("sum(count_over_time(up[1m]) >= bool 3)") == len(SERVICES)

        await eventually(has_read_all, within=60, pause=0.2)
        assert await value("sum(up)") == len(SERVICES)
        for panel in panels():
            for target in panel["targets"]:
                question = target["expr"].replace("$__rate_interval", "1m")
                shown = (await ask("query", query=question))["result"]
                assert shown, f"{panel['title']}: {question}"
        (group,) = (await ask("rules"))["groups"]
        assert {rule["health"] for rule in group["rules"]} == {"ok"}
        assert len(group["rules"]) >= 8
