"""Who looks at courses hears which images their labs would start from."""

from nbh_proto import FindImages, ImagesFound, now
from nbh_provisioner.engines.memory import MemoryEngine
from tests.provisioner import world


async def test_an_image_that_is_here_has_an_age_and_a_missing_one_is_left_out(
    tmp_path, nats_url, bus
):
    config = world.config(tmp_path, nats_url)
    asked = FindImages(node="node1", images=(world.IMAGE, "localhost/no/such"))
    async with world.running(config, MemoryEngine({world.IMAGE})):
        found = await bus.ask(asked, ImagesFound)
    assert found.error == ""
    assert found.made.keys() == {world.IMAGE}
    assert found.made[world.IMAGE] <= now()
