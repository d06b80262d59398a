"""A client of NATS that holds one connection at a time."""

from urllib.parse import ParseResult

from nats.aio.client import Client
from nats.aio.transport import TcpTransport


def client() -> Client:
    """A client of NATS, which is not connected yet.

    nats-py leaves the connection open on which a server said nothing, or not what is expected, and
    opens the next one beside it: a server that hangs for an hour would cost a service thousands.
    """
    made = Client()
    made._transport = _OneConnection()  # type: ignore[no-untyped-call]  # nats-py leaves it so
    return made


class _OneConnection(TcpTransport):
    async def connect(self, uri: ParseResult, buffer_size: int, connect_timeout: int) -> None:
        self.close()  # type: ignore[no-untyped-call]  # nats-py leaves it so
        await super().connect(uri, buffer_size, connect_timeout)

    def __bool__(self) -> bool:
        # one that was not connected yet is to be connected, not to be replaced
        return True
