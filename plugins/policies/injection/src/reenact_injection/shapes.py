"""A first look at a text: could anything be hidden in it?

Most texts are plain words. One split at the blanks tells which of the slow searches can be left
out, and which few stretches the others need to look at.
"""

# ruff: noqa: RUF001 - so are quotation marks of many languages

import re
from itertools import compress
from typing import Final

import attrs

from reenact_injection.folding import fold

_LONG = 16
_LENGTH_LIMIT = 255
_PUNCTUATION = ".,;:!?()\"'’“”«»[]…"

_LETTERS: Final = re.compile(rb"[\x01\x02]{4}")
_LONG_SIZE: Final = re.compile(rb"[\x10-\xff]")
_EVENLY: Final = re.compile(rb"[\x02-\x05]{6}|[\x07-\x09]{4}")


@attrs.define(eq=False)
class Shape:
    """What a text is made of, between its blanks.

    Attributes:
        odd: What is no word with its punctuation, or a long one with capitals, in order, joined by blanks.
        long: What of that is long enough for base64 or hex in one piece, likewise.
    """

    odd: str
    long: str
    _sizes: bytes

    @classmethod
    def of(cls, text: str) -> "Shape":
        """Look at *text*."""
        chunks = text.split()
        try:
            sizes = bytes(map(len, chunks))
        except ValueError:
            sizes = bytes(min(len(chunk), _LENGTH_LIMIT) for chunk in chunks)
        strange = list(compress(chunks, map(_ODD.__getitem__, chunks)))
        long: list[str] = []
        if _LONG_SIZE.search(sizes):
            long = [chunk for chunk in dict.fromkeys(strange) if len(chunk) >= _LONG]
        return cls(" ".join(strange), " ".join(long), sizes)

    @property
    def letters(self) -> bool:
        """Whether letters may stand singly, with blanks between."""
        return _LETTERS.search(self._sizes) is not None

    @property
    def evenly(self) -> bool:
        """Whether there may be numbers of one size in a row."""
        return _EVENLY.search(self._sizes) is not None

    def folded(self) -> "Shape":
        """Return the shape of the same text, folded, if that made it neither longer nor shorter."""
        return Shape(fold(self.odd), self.long, self._sizes)


_REMEMBERED = 1 << 16


class _Odd(dict[str, bool]):
    """Whether what stands between two blanks is no word with its punctuation; short ones are remembered."""

    def __missing__(self, chunk: str) -> bool:
        if len(chunk) >= _LONG:
            return not (chunk[1:].islower() and chunk.strip(_PUNCTUATION).isalpha())
        if len(self) >= _REMEMBERED:
            self.clear()
        self[chunk] = odd = not (chunk.isalpha() or chunk.strip(_PUNCTUATION).isalpha())
        return odd


_ODD: Final = _Odd()
