"""A first look at a text: could anything be hidden in it?

Most texts are plain words. One split at the blanks tells which of the slow searches can be left
out, and which few stretches the others need to look at.
"""

# ruff: noqa: RUF001 - so are quotation marks of many languages

import re
from typing import Final

import attrs

from reenact_injection.folding import fold

_LONG = 16
_LENGTH_LIMIT = 255
_PUNCTUATION = ".,;:!?()\"'’“”«»[]…"

_LETTERS: Final = re.compile(rb"[\x01\x02]{4}")
_EVENLY: Final = re.compile(rb"[\x02-\x05]{6}|[\x07-\x09]{4}")


@attrs.define(eq=False)
class Shape:
    """What a text is made of, between its blanks.

    Attributes:
        odd: What is no word with its punctuation, in order, joined by blanks.
        long: What of that is long enough for base64 or hex in one piece, likewise.
    """

    odd: str
    long: str
    _sizes: bytes

    @classmethod
    def of(cls, text: str) -> "Shape":
        """Look at *text*."""
        chunks = text.split()
        sizes = list(map(len, chunks))
        longest = max(sizes, default=0)
        words = _WORDS
        strange = [chunk for chunk in chunks if not words[chunk]]
        long = []
        if longest >= _LONG:
            strange += [chunk for chunk in chunks if len(chunk) >= _LONG and not _is_word(chunk)]
            long = [chunk for chunk in dict.fromkeys(strange) if len(chunk) >= _LONG]
        packed = (
            bytes(sizes) if longest <= _LENGTH_LIMIT else bytes(min(size, _LENGTH_LIMIT) for size in sizes)
        )
        return cls(" ".join(strange), " ".join(long), packed)

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


class _Words(dict[str, bool]):
    """Whether what stands between two blanks is a word with its punctuation; short ones are remembered."""

    def __missing__(self, chunk: str) -> bool:
        if len(self) >= _REMEMBERED:
            self.clear()
        is_word = chunk.isalpha() or chunk.strip(_PUNCTUATION).isalpha()
        if len(chunk) < _LONG:
            self[chunk] = is_word
        return is_word


_WORDS: Final = _Words()


def _is_word(chunk: str) -> bool:
    return chunk[1:].islower() and chunk.strip(_PUNCTUATION).isalpha()
