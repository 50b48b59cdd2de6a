"""A first look at a text: could anything be hidden in it?

Most texts are plain words. One split at the blanks tells which of the slow searches can be left
out, and which few stretches the others need to look at.
"""

# ruff: noqa: RUF001 - so are quotation marks of many languages

import re
from typing import Final

import attrs

_LONG = 16
_LENGTH_LIMIT = 255
_PUNCTUATION = ".,;:!?()\"'’“”«»[]…"

_LETTERS: Final = re.compile(rb"[\x01\x02]{4}")
_EVENLY: Final = re.compile(rb"[\x02-\x05]{6}|[\x07-\x09]{4}")


@attrs.frozen
class Shape:
    """What a text is made of, between its blanks.

    Attributes:
        odd: What is no word with its punctuation, in order, joined by blanks.
        long: Whether some of that is long enough for base64 or hex in one piece.
        letters: Whether letters may stand singly, with blanks between.
        evenly: Whether there may be numbers of one size in a row.
    """

    odd: str
    long: bool
    letters: bool
    evenly: bool

    @classmethod
    def of(cls, text: str) -> "Shape":
        """Look at *text*."""
        chunks = text.split()
        sizes = list(map(len, chunks))
        longest = max(sizes, default=0)
        packed = (
            bytes(sizes) if longest <= _LENGTH_LIMIT else bytes(min(size, _LENGTH_LIMIT) for size in sizes)
        )
        strange = set(chunks).difference(_plain)
        strange.difference_update(_learn(strange))
        odd = [chunk for chunk in chunks if chunk in strange] if strange else []
        if longest >= _LONG:
            long = [chunk for chunk, size in zip(chunks, sizes, strict=True) if size >= _LONG]
            odd += [chunk for chunk in long if not _is_word(chunk)]
        return cls(
            odd=" ".join(odd),
            long=longest >= _LONG and max(map(len, odd), default=0) >= _LONG,
            letters=bool(_LETTERS.search(packed)),
            evenly=bool(_EVENLY.search(packed)),
        )

    def lower(self) -> "Shape":
        """Return the shape of the same text in lower case."""
        return attrs.evolve(self, odd=self.odd.lower())


_REMEMBERED = 1 << 16
_plain: set[str] = set()
"""Words with their punctuation that were met before; most of a text is such words."""


def _learn(chunks: set[str]) -> list[str]:
    """Return those of *chunks* that are words with their punctuation, and remember them."""
    if len(_plain) > _REMEMBERED:
        _plain.clear()
    words = [chunk for chunk in chunks if chunk.isalpha() or chunk.strip(_PUNCTUATION).isalpha()]
    _plain.update(chunk for chunk in words if len(chunk) < _LONG)
    return words


def _is_word(chunk: str) -> bool:
    return chunk[1:].islower() and chunk.strip(_PUNCTUATION).isalpha()
