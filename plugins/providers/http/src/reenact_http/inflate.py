"""Decompression that knows when to stop.

A few kilobytes of gzip can hold gigabytes. zlib is told how much is wanted, so that
a bomb costs what the limit allows and not what it would like.
"""

import zlib
from typing import Any

_GZIP = 16 + zlib.MAX_WBITS
ENCODINGS = {"": False, "identity": False, "gzip": True, "x-gzip": True}
"""Content encodings that are read, and whether they are compressed; gzip alone is asked for."""


class TooLargeError(ValueError):
    """An answer is larger than it may be."""


class BrokenEncodingError(ValueError):
    """An answer is not in the encoding it claims, or was cut off."""


class Inflater:
    """Turns the body of an answer into its content.

    Args:
        encoding: The answer's ``Content-Encoding``.
        limit: The largest content, in bytes.
    """

    def __init__(self, encoding: str, limit: int) -> None:
        name = encoding.strip().lower()
        if name not in ENCODINGS:
            raise BrokenEncodingError("the answer has an encoding that was not asked for")
        self._gzip: Any = zlib.decompressobj(_GZIP) if ENCODINGS[name] else None
        self._left = self._raw_left = limit

    def feed(self, piece: bytes) -> bytes:
        """Return the content of *piece*.

        Raises:
            TooLargeError: If that makes more than the limit.
            BrokenEncodingError: If it is not what the encoding says.
        """
        self._raw_left -= len(piece)
        content = piece if self._gzip is None else _inflate(self._gzip, piece, self._left + 1)
        self._left -= len(content)
        if min(self._left, self._raw_left) < 0:
            raise TooLargeError
        return content

    def end(self) -> None:
        """Note the end of the body.

        Raises:
            BrokenEncodingError: If the compressed content has not ended.
        """
        if self._gzip is not None and not self._gzip.eof:
            raise BrokenEncodingError("the answer's gzip was cut off")


def _inflate(gzip: Any, piece: bytes, most: int) -> bytes:
    try:
        return bytes(gzip.decompress(piece, most))
    except zlib.error:
        problem = "the answer is not the gzip it claims to be"
    raise BrokenEncodingError(problem)
