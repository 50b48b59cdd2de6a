"""What every finder is given: a text, and what is cheap to know of it once.

Most text holds no value of any kind. What a finder would look for everywhere is
looked for once, coarsely: stretches that are mostly digits, and words too long to be
words. A page without them costs a few microseconds.
"""

import re
from collections.abc import Iterator

import attrs

LONG_WORD = 16
"""Shortest key or address, in characters without a space."""

_STRETCH = re.compile(r"[0-9][0-9 ./_()\u00b7-]{5,}+")
_AFTER = 4
"""How much of what follows a stretch belongs to it: a check letter, and what shows that it ends."""


@attrs.frozen
class Page:
    """A text as finders read it.

    Attributes:
        text: The text.
        lower: The same in lower case, position for position.
        hidden: Whether the writer took pains to hide what is in it.
        stretches: Where it is mostly digits: first position, position after the last.
        long_words: Its words of `LONG_WORD` characters and more, one a line.
        longest: Length of the longest word.
    """

    text: str
    lower: str
    hidden: bool
    stretches: list[tuple[int, int]]
    long_words: str
    longest: int

    @classmethod
    def of(cls, text: str, *, hidden: bool = False) -> "Page":
        """Return the page of *text*."""
        stretches = [match.span() for match in _STRETCH.finditer(text)]
        words = text.split()
        longest = max(map(len, words), default=0)
        long_words = (
            "\n".join([word for word in words if len(word) >= LONG_WORD]) if longest >= LONG_WORD else ""
        )
        return cls(text, text.lower(), hidden, stretches, long_words, longest)

    def numbers(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Yield matches of *pattern*, which begins with a digit, in the stretches of digits."""
        for start, end in self.stretches:
            yield from pattern.finditer(self.text, start, end + _AFTER)

    def starts(self, words: tuple[str, ...]) -> Iterator[tuple[str, int]]:
        """Yield each of *words* that is in the lower-case text, and where."""
        for word in words:
            at = self.lower.find(word)
            while at >= 0:
                yield word, at
                at = self.lower.find(word, at + 1)
