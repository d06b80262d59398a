"""Large values of buckets, made small enough for one message of NATS (1 MiB). Pure."""

import zlib

_FROM = 64 * 1024
_MOST = 64 * 1024**2
_QUICKLY = 3


def packed(data: bytes) -> bytes:
    """JSON as it is, or, where it is large, in zlib's format (RFC 1950), which no JSON looks like.

    >>> packed(b'{"v": 1}')
    b'{"v": 1}'
    """
    return zlib.compress(data, _QUICKLY) if len(data) > _FROM else data


def unpacked(data: bytes) -> bytes:
    """What `packed` was given.

    Raises:
        ValueError: it is neither, or unpacks to more than any value has.
    """
    if not data.startswith(b"x"):
        return data
    unpacking = zlib.decompressobj()
    try:
        whole = unpacking.decompress(data, _MOST)
    except zlib.error as e:
        raise ValueError(str(e)) from e
    if not unpacking.eof:
        raise ValueError(f"unpacks to more than {_MOST} bytes, or is cut off")
    return whole
