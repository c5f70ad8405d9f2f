"""Unpacks an answer no further than it may be long: a few packed bytes can hold gigabytes."""

import zlib
from collections.abc import Callable, Iterable, Iterator

_GZIP_OR_ZLIB = 47


class TooLongError(ValueError):
    """Unpacked, it is longer than it may be."""


class PackedWronglyError(ValueError):
    """It is not packed as it says, or in a way that was not asked for."""


def unpacked(chunks: Iterable[bytes], *, encoding: str, max_bytes: int) -> bytes:
    """Return all of ``chunks`` unpacked.

    Args:
        chunks: What came over the wire.
        encoding: The header Content-Encoding; empty for none.
        max_bytes: How long the whole may be, unpacked.

    Raises:
        TooLongError: it is longer; no more than one byte beyond was made.
        PackedWronglyError: it cannot be unpacked.
    """
    unpack = _unpacker(encoding.strip().lower())
    parts: list[bytes] = []
    room = max_bytes
    try:
        for chunk in chunks:
            for part in unpack(chunk, room):
                room -= len(part)
                if room < 0:
                    raise TooLongError
                parts.append(part)
    except zlib.error as error:
        raise PackedWronglyError("packed its answer wrongly") from error
    return b"".join(parts)


def _unpacker(encoding: str) -> Callable[[bytes, int], Iterator[bytes]]:
    """Return what unpacks one chunk after the other, each to a little more than its room."""
    if encoding in {"", "identity"}:
        return lambda chunk, room: iter((chunk,))
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise PackedWronglyError(f"packs its answer as {encoding[:40]!r}, which was not asked for")
    inflater = zlib.decompressobj(wbits=_GZIP_OR_ZLIB)

    def unpack(chunk: bytes, room: int) -> Iterator[bytes]:
        nonlocal inflater
        while chunk:
            part = inflater.decompress(chunk, max(room, 0) + 1)
            room -= len(part)
            yield part
            chunk = inflater.unused_data
            if chunk:  # another member follows
                inflater = zlib.decompressobj(wbits=_GZIP_OR_ZLIB)

    return unpack
