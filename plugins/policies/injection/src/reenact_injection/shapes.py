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
        odd = [chunk for chunk in chunks if not chunk.isalpha() and not chunk.strip(_PUNCTUATION).isalpha()]
        if longest >= _LONG:
            odd += [chunk for chunk in chunks if len(chunk) >= _LONG and not _is_word(chunk)]
        return cls(
            odd=" ".join(odd),
            long=longest >= _LONG and max(map(len, odd), default=0) >= _LONG,
            letters=bool(_LETTERS.search(packed)),
            evenly=bool(_EVENLY.search(packed)),
        )

    def lower(self) -> "Shape":
        """Return the shape of the same text in lower case."""
        return attrs.evolve(self, odd=self.odd.lower())


def _is_word(chunk: str) -> bool:
    return chunk[1:].islower() and chunk.strip(_PUNCTUATION).isalpha()
