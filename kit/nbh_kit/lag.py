"""How far behind its stream a consumer is."""

from nbh_kit.metrics import Metrics


class Lag:
    """Of one consumer."""

    def __init__(self, metrics: Metrics, stream: str, consumer: str) -> None:
        self._labels = (stream, consumer)
        self._waiting = metrics.gauge(
            "nbhosting_consumer_waiting_messages",
            "Messages that were not given to a consumer yet.",
            stream=(stream,),
            consumer=(consumer,),
        )
        self._in_hand = metrics.gauge(
            "nbhosting_consumer_messages_in_hand",
            "Messages that a consumer has and did not acknowledge.",
            stream=(stream,),
            consumer=(consumer,),
        )

    def is_now(self, waiting: int, in_hand: int) -> None:
        """So many messages wait for it, and so many it has."""
        self._waiting.set(*self._labels, to=waiting)
        self._in_hand.set(*self._labels, to=in_hand)
