"""What every finder is given: a text, and what is cheap to know of it once.

Most text holds no value of any kind. What a finder would look for everywhere is
looked for once, coarsely: stretches that are mostly digits, words too long to be
words, and *rare* words. A word is ordinary if it is Latin letters with punctuation around
them and has nothing to do with any value; ordinary words are remembered, since a language
uses the same ones over and over, and so are words of that form that do have to do with
values, with the topics they speak of. A finder looks into the rare words first, and into the
text only if there is something for it.
"""

import re
import string
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import chain
from typing import NamedTuple

from reenact_pii.context import DIGIT_NAMES, any_of, listed
from reenact_pii.decoding import MIN_PACKED_CHARS, has_spoken_word, may_be_named, may_be_packed, may_be_spoken
from reenact_pii.folding import CONTROLS
from reenact_pii.names import may_name
from reenact_pii.views import Layer

LONG_WORD = 16
"""Shortest key or address, in characters without a space."""

_SHAPE = bytes.maketrans(
    (string.digits + string.ascii_lowercase + string.ascii_uppercase).encode() + CONTROLS + b"%&<\\~",
    b"0" * 10 + b"a" * 26 + b"A" * 26 + b"\0" * len(CONTROLS) + b"&&&&*",
)
_STRETCH = re.compile(rb"0[0 ./_()-]{6,}+")
_BESIDE_LETTER = re.compile(rb"0(?:[Aa]|(?<=[Aa]0))")
_SINGLES, _BYTE = b"\1\1\1\1", 255
_MIXED = re.compile("[0-9A-Z]")
_MIN_DIGITS = 7
_FEW_DIGITS = 6
"""No number that is disguised, and no IBAN, has fewer."""
_AFTER = 4
"""How much of what follows a stretch belongs to it: a check letter, and what shows that it ends."""

_NEAR = 32
"""Stretches no farther apart than that are searched as one: a search costs as much as some signs do."""


class Topic:
    """What a word may have to do with, as bits; its finder need not look where no word is of it."""

    SECRET = 1
    BIRTH = 2
    DOCUMENT = 4
    HARDWARE = 8
    DIGIT = 16
    SPOKEN = 32
    PACKED = 64


class Page(NamedTuple):
    """A text as finders read it; a tuple, since one is made of every text.

    Attributes:
        text: The text.
        lower: The same in lower case, position for position.
        shape: The same as `shape_of` returns it.
        hidden: Whether the writer took pains to hide what is in it.
        stretches: Where it is mostly digits, seven and more: first position, position after the last.
        areas: The same with what follows each, those near each other as one.
        packable: Those of its rare words that are long enough for a text packed as base64 or hex.
        long_words: Those of its rare words that have `LONG_WORD` characters and more, and a digit or a
            capital letter among them, one a line.
        rare: Its words that are not ordinary, each once, in any order, one a line.
        rare_lower: The same in lower case.
        spaced: Whether several words that follow each other are a single character each.
        digits: How many digits there are in it.
        topics: What words in it may have to do with.
    """

    text: str
    lower: str
    shape: bytes
    hidden: bool
    stretches: list[tuple[int, int]]
    areas: list[tuple[int, int]]
    packable: list[str]
    long_words: str
    rare: str
    rare_lower: str
    spaced: bool
    digits: int
    topics: int

    @classmethod
    def of(cls, text: str, shape: bytes = b"", *, hidden: bool = False) -> "Page":
        """Return the page of *text*, whose shape is *shape* or not known yet."""
        shape = shape or shape_of(text)
        words = text.split()
        spaced = _is_spaced(words)
        strange, topics = _without_ordinary(words)
        if not strange:
            return cls(text, "", shape, hidden, [], [], [], "", "", "", spaced, 0, 0)
        packable = [word for word in strange if len(word) >= MIN_PACKED_CHARS]
        rare = "\n".join(strange)
        digits = shape.count(b"0")
        stretches = _stretches(shape) if digits >= _MIN_DIGITS else []
        return cls(
            text,
            text.lower(),
            shape,
            hidden,
            stretches,
            _joined(stretches) if stretches else [],
            packable,
            _long(packable) if packable else "",
            rare,
            rare.lower(),
            spaced,
            digits,
            topics,
        )

    def without(self, runs: Mapping[int, int]) -> "Page":
        """Return the page without those stretches that are just one of *runs*: first position to last."""
        if not runs:
            return self
        shape = self.shape
        return self._with_stretches(
            (start, end)
            for start, end in self.stretches
            if start not in runs or b"0" in shape[runs[start] : end]
        )

    def changed(self, layer: Layer) -> "Page":
        """Return the page without those stretches that *layer*, the last of its view, has not changed."""
        starts, ends = [*layer.new_starts, len(self.text) + _AFTER], layer.new_ends
        return self._with_stretches(
            (start, end)
            for start, end in self.stretches
            if starts[bisect_left(ends, start - _AFTER)] <= end + _AFTER
        )

    def _with_stretches(self, kept: Iterable[tuple[int, int]]) -> "Page":
        stretches = list(kept)
        return self._replace(stretches=stretches, areas=_joined(stretches) if stretches else [])

    def has_digits_beside_letters(self) -> bool:
        """Say whether there are a few digits at least, and a letter beside one of them."""
        return self.digits >= _FEW_DIGITS and _BESIDE_LETTER.search(self.shape) is not None

    def numbers(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Return matches of *pattern*, which begins with a digit, in the stretches of digits."""
        text, areas = self.text, self.areas
        if len(areas) == 1:
            return pattern.finditer(text, *areas[0])
        return chain.from_iterable(pattern.finditer(text, start, end) for start, end in areas)

    def starts(self, words: tuple[str, ...]) -> Iterator[tuple[str, int]]:
        """Yield each of *words*, hints all of them, that is in the lower-case text, and where."""
        rare = self.rare_lower
        for word in [word for word, core in _cores(words) if core in rare]:
            at = self.lower.find(word)
            while at >= 0:
                yield word, at
                at = self.lower.find(word, at + 1)


def shape_of(text: str) -> bytes:
    """Return *text* in bytes, with 0 for each digit, a and A for letters, and ? for what is not ASCII.

    One sign is found several times as fast as one of a class. What begins an escape is & or *, and a
    control character NUL.
    """
    return text.encode("ascii", "replace").translate(_SHAPE)


def is_plain(text: str, shape: bytes) -> bool:
    """Say whether nothing in *text*, which has that *shape*, is spelled in another way or escaped."""
    return (
        text.isascii()
        and b"\0" not in shape
        and b"&" not in shape
        and (b"*" not in shape or b"**" not in shape)
    )


def _is_spaced(words: list[str]) -> bool:
    """Say whether among *words* there are several in a row of a single character."""
    try:
        return _SINGLES in bytes(map(len, words))
    except ValueError:  # a word too long for a byte
        return _SINGLES in bytes(min(len(word), _BYTE) for word in words)


def _long(words: list[str]) -> str:
    """Return the long ones of *words* that may be a key or an address, one a line."""
    return "\n".join([word for word in words if len(word) >= LONG_WORD and _MIXED.search(word)])


def _stretches(shape: bytes) -> list[tuple[int, int]]:
    return [run.span() for run in _STRETCH.finditer(shape) if run[0].count(b"0") >= _MIN_DIGITS]


def _joined(stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return *stretches* with what follows each, as `Page.areas`."""
    areas: list[tuple[int, int]] = []
    first, last = stretches[0][0], -1
    for start, end in stretches:
        if start > last + _NEAR and last >= 0:
            areas.append((first, last))
            first = start
        last = end + _AFTER
    areas.append((first, last))
    return areas


@cache
def _cores(words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return each of *words* with its first word."""
    return [(word, word.partition(" ")[0]) for word in words]


# --- ordinary words -------------------------------------------------------------------------------

_OTHER = r"\u00df-\u00f6\u00f8-\u024f\u0370-\u0373\u0386-\u0481\u048a-\u052f"
"""Letters of Latin, Greek and Cyrillic beside those of ASCII."""
_ORDINARY = re.compile(
    rf"[\"'(\[]{{0,2}}+(?:[A-Za-z{_OTHER}][a-z{_OTHER}]{{0,23}}+|[A-Z]{{2,12}}+)"
    rf"(?:['\u2019/-][A-Za-z]?+[a-z{_OTHER}]{{0,23}}+){{0,3}}+[.,;:!?\"')\]]{{0,3}}+"
)
_TOPICS = {
    "password": Topic.SECRET,
    "tokens": Topic.SECRET,
    "birth_hints": Topic.BIRTH,
    "document_hints": Topic.DOCUMENT,
    "hardware_hints": Topic.HARDWARE,
    "digit_hints": Topic.DIGIT,
}
_HINTS = tuple((hint.split()[0], topic) for name, topic in _TOPICS.items() for hint in listed(name))
_HINTS_ASCII = tuple((hint, topic) for hint, topic in _HINTS if hint.isascii())
_HINT = re.compile(any_of(hint for hint, _ in _HINTS))
_PARTS = re.compile(r"[^\w]+")
_DIGIT_NAMES = frozenset(DIGIT_NAMES) - frozenset(listed("common_digits"))
_REMEMBERED = 1 << 16
_ordinary: set[str] = set()
_telling: dict[str, int] = {}
"""Words of the form of ordinary ones that may have to do with a value, and with what."""


def _without_ordinary(words: list[str]) -> tuple[list[str], int]:
    """Return which of *words* are not ordinary, and their topics; remember those of such a form."""
    strange: list[str] = []
    others: list[str] = []
    new: list[str] = []
    topics = 0
    for word in set(words).difference(_ordinary):
        known = _telling.get(word)
        if known is not None:
            topics |= known
            strange.append(word)
        elif _ORDINARY.fullmatch(word):
            new.append(word)
        else:
            others.append(word)
    if new:
        learned = _learned(new)
        strange += learned
        for word in learned:
            topics |= _telling[word]
    if others:
        strange += others
        topics |= _topics_of_others("\n".join(others).lower())
    return strange, topics


def _learned(new: list[str]) -> list[str]:
    """Remember words of the form of ordinary ones; return those that may have to do with a value."""
    if len(_ordinary) + len(_telling) > _REMEMBERED:
        _ordinary.clear()
        _telling.clear()
    told = {word: topics for word in _suspects(new) if (topics := _topics_of(word))}
    _telling.update(told)
    _ordinary.update(word for word in new if word not in told)
    return list(told)


def _suspects(new: list[str]) -> list[str]:
    """Return those of *new* to look at closely; what hardly any has is looked for in all together."""
    lower = "\n".join(new).lower()
    if has_spoken_word(lower) or may_be_spoken(lower) or not _DIGIT_NAMES.isdisjoint(_PARTS.split(lower)):
        return new
    return [word for word in new if len(word) >= MIN_PACKED_CHARS or _HINT.search(word.lower())]


def _topics_of(word: str) -> int:
    """Return the topics of a word of the form of ordinary ones."""
    lower = word.lower()
    topics = _topics_in(lower) & ~Topic.DIGIT
    if may_be_spoken(lower):
        topics |= Topic.SPOKEN
    if not _DIGIT_NAMES.isdisjoint(_PARTS.split(lower)):
        topics |= Topic.DIGIT
    if len(word) >= MIN_PACKED_CHARS and may_be_packed([word]):
        topics |= Topic.PACKED
    return topics


def _topics_of_others(lower: str) -> int:
    """Return what words, one a line, may have to do with, none of which has the form of an ordinary one."""
    topics = Topic.SPOKEN if may_be_spoken(lower) else 0
    if lower.isascii() and not lower.islower():
        return topics  # no letters
    if may_be_named(lower):
        topics |= Topic.DIGIT
    return topics | _topics_in(lower)


def _topics_in(lower: str) -> int:
    """Return what the hints that are in *lower* speak of."""
    if not _HINT.search(lower):
        return 0
    topics = 0
    for hint, topic in _HINTS_ASCII if lower.isascii() else _HINTS:
        if hint in lower and not topics & topic and (topic != Topic.SECRET or may_name(hint, lower)):
            topics |= topic
    return topics
