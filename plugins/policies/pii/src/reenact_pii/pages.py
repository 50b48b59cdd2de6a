"""What every finder is given: a text, and what is cheap to know of it once.

Most text holds no value of any kind. What a finder would look for everywhere is
looked for once, coarsely: stretches that are mostly digits, words too long to be
words, and *rare* words. A word is ordinary if it is Latin letters with punctuation around
them and has nothing to do with any value; ordinary words are remembered, since a language
uses the same ones over and over. A finder looks into the rare words first, and into the
text only if there is something for it.
"""

import re
from collections.abc import Iterator
from functools import cache

import attrs

from reenact_pii.context import hints

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
        long_words: Those of its rare words that have `LONG_WORD` characters and more, one a line.
        longest: Length of the longest word.
        rare: Its words that are not ordinary, each once, in any order, one a line.
        rare_lower: The same in lower case.
        singles: How many of its words are a single character.
    """

    text: str
    lower: str
    hidden: bool
    stretches: list[tuple[int, int]]
    long_words: str
    longest: int
    rare: str
    rare_lower: str
    singles: int

    @classmethod
    def of(cls, text: str, *, hidden: bool = False) -> "Page":
        """Return the page of *text*."""
        words = text.split()
        sizes = list(map(len, words))
        longest = max(sizes, default=0)
        strange = _without_ordinary(words)
        long_words = [word for word in strange if len(word) >= LONG_WORD] if longest >= LONG_WORD else []
        rare = "\n".join(strange)
        stretches = [match.span() for match in _STRETCH.finditer(text)] if _DIGIT.search(rare) else []
        return cls(
            text,
            text.lower(),
            hidden,
            stretches,
            "\n".join(long_words),
            longest,
            rare,
            rare.lower(),
            sizes.count(1),
        )

    @property
    def has_digits(self) -> bool:
        """Whether there is a digit in it."""
        return _DIGIT.search(self.rare) is not None

    def numbers(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Yield matches of *pattern*, which begins with a digit, in the stretches of digits."""
        for start, end in self.stretches:
            yield from pattern.finditer(self.text, start, end + _AFTER)

    def starts(self, words: tuple[str, ...]) -> Iterator[tuple[str, int]]:
        """Yield each of *words*, hints all of them, that is in the lower-case text, and where."""
        rare = self.rare_lower
        for word in [word for word, core in _cores(words) if core in rare]:
            at = self.lower.find(word)
            while at >= 0:
                yield word, at
                at = self.lower.find(word, at + 1)


@cache
def _cores(words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return each of *words* with its first word."""
    return [(word, word.partition(" ")[0]) for word in words]


# --- ordinary words -------------------------------------------------------------------------------

_DIGIT = re.compile(r"[0-9]")
_ORDINARY = re.compile(
    r"[\"'(\[]{0,2}(?:[A-Za-z][a-z]{0,23}|[A-Z]{2,12})(?:['\u2019/-][A-Za-z]?[a-z]{0,23}){0,3}[.,;:!?\"')\]]{0,3}"
)
_HINT = re.compile("|".join(map(re.escape, hints())))
_REMEMBERED = 1 << 16
_ordinary: set[str] = set()


def _without_ordinary(words: list[str]) -> set[str]:
    """Return which of *words* are not ordinary; remember those that are."""
    strange = set(words).difference(_ordinary)
    if strange:
        if len(_ordinary) > _REMEMBERED:
            _ordinary.clear()
        known = {word for word in strange if _ORDINARY.fullmatch(word) and not _HINT.search(word.lower())}
        _ordinary.update(known)
        strange -= known
    return strange
