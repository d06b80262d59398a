"""A site with a pool, and what can be seen of it."""

import asyncio
from functools import partial

import httpx2

from nbh_kit.buckets import Snapshot
from nbh_kit.testing import eventually
from tests.provisioner import world


def with_pool(data, nats_url, number, **tables):
    """A site whose course has so many labs in its pool, always."""
    pool = {"minimum": number, "maximum": number, "free_memory": 1}
    return world.config(data, nats_url, pool=pool, **tables)


async def pooled(router, number, *, within=30.0):
    """Wait until so many labs are nobody's and have booted; return them."""

    async def there():
        found = await nobodys(router)
        return found if len(found) == number else None

    labs = await eventually(there, within=within)
    await asyncio.gather(*(eventually(partial(answers, lab), within=within) for lab in labs))
    return labs


async def all_labs(router):
    async for change in router.labs.watch():
        if isinstance(change, Snapshot):
            return [held.value for held in change.all.values()]
    return []


async def nobodys(router):
    """The labs in the pool, without those that are somebody's already."""
    labs = await all_labs(router)
    theirs = {lab.capability for lab in labs if lab.state != "pooled"}
    return [lab for lab in labs if lab.capability not in theirs]


async def answers(lab):
    try:
        return (await ask(lab, "api")).status_code == 200
    except httpx2.HTTPError:
        return False


async def ask(lab, path):
    headers = {"Authorization": f"token {lab.token}"}
    async with httpx2.AsyncClient(timeout=60, headers=headers, trust_env=False) as client:
        return await client.get(f"http://{lab.address}/{lab.capability}/{path}")
