"""Reads the numbers of a system's services, with the parser of Prometheus' own client library."""

import httpx2 as httpx
from prometheus_client.parser import text_string_to_metric_families

SERVICES = ("router", "provisioner", "courses", "builder", "reaper", "stats")


class Numbers:
    """What one service said."""

    def __init__(self, text):
        self.text = text
        self.families = {f.name: f for f in text_string_to_metric_families(text)}
        self.samples = [s for family in self.families.values() for s in family.samples]

    def of(self, name, **labels):
        """The sum of the samples of that name that have these labels."""
        return sum(
            s.value for s in self.samples if s.name == name and labels.items() <= s.labels.items()
        )

    def names(self):
        """Of all samples."""
        return {s.name for s in self.samples}


async def numbers(system, service):
    """What a service says now."""
    url = f"http://127.0.0.1:{system.config.health_port(service)}/metrics"
    async with httpx.AsyncClient(trust_env=False, timeout=10) as probe:
        answer = await probe.get(url)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return Numbers(answer.text)


async def all_numbers(system):
    """What all of them say."""
    return {service: await numbers(system, service) for service in SERVICES}
