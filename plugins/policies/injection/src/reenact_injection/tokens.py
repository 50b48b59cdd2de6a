"""Words and signs, in the order the model reads them.

A sign is punctuation that can fence off a fake role or start a sentence. Words in scripts
without spaces are cut where the lexicon knows them. Each token has a concept, which may
be 0 for none.
"""

# ruff: noqa: RUF001 - signs of many languages

import re
from collections.abc import Iterator
from functools import lru_cache
from operator import methodcaller
from typing import Final

from reenact_injection.lexicon import FIRST_UNSPACED, LEXICON, unspaced
from reenact_injection.words import repaired, split_forms

_SINGLE: Final = "\n.!?;:\"'「」“”«»。！？؟।|"
_RUN: Final = 31
"""More signs and digits than that are one sign: nobody speaks in them."""
_PATTERN: Final = re.compile(
    r"([^\W_]{1,400}"
    rf"|[{_SINGLE}0-9$%&()+,/>@\]^}}~]{{{_RUN + 1},}}+"
    r"|</?\|?(?=\w)|<!-+|-->|\[/?(?=[a-z])|\|?>|#{2,10}|-{3,10}|={3,10}|\*{2,10}|`{3}|!\[|\]\(|://|@(?=\w)|\{\{|\}\}"
    rf"|[{_SINGLE}]) ?"
)
"""The blank after a piece goes with it, so that the search has one place less to try."""
_SPAN: Final = methodcaller("span", 1)
OPENERS: Final = frozenset("\n.!?;:。！？؟।") | {"-->", "```", "---", "==="}
"""Signs after which something new begins."""
_SIGN_CONCEPTS: Final = {
    "<": "TAG", "</": "TAG", "<|": "TAG", "</|": "TAG", "[": "TAG", "[/": "TAG", "{{": "TAG",
    "<!--": "COMMENT", "```": "FENCE", "://": "LINK", "](": "LINK", "@": "LINK",
}  # fmt: skip
_RULES: Final = {"#": "FENCE", "-": "FENCE", "=": "FENCE", "*": ""}
_EXTRA: Final = ("TAG", "COMMENT", "FENCE", "LINK", "BOUND", "QUOTE")

PAIRS: Final = {**split_forms(), **LEXICON.pairs}
"""Two words joined by a space to the concept they have together."""

CONCEPTS: Final = (*LEXICON.concepts, *_EXTRA)
"""Names of the concepts; 0 is none."""

BOUND: Final = CONCEPTS.index("BOUND")
_FILLER = "\x00"


def pieces(text: str) -> list[str]:
    """Cut a folded text into words and signs."""
    return _PATTERN.findall(text)


def spans(text: str) -> list[tuple[int, int]]:
    """Return where the pieces of a folded text stand: first position and position after the last."""
    return list(map(_SPAN, _PATTERN.finditer(text)))


def expand(piece: str) -> tuple[tuple[str, int], ...]:
    """Return the tokens a piece stands for: text and concept of each."""
    if not piece[0].isalnum():
        sign = _sign(piece)
        return ((sign, _sign_concept(sign)),)
    if not piece.isascii() and _is_unspaced(piece):
        return tuple((word, concept) for word, concept, _, _ in _inner(piece))
    if piece.isdigit():
        return (("0", 0),)
    mixed = not piece.isascii() and any(map(str.isascii, piece))
    concept = 0 if mixed else LEXICON.concept(piece)
    if words := () if concept else repaired(piece):
        return tuple((word, LEXICON.concept(word)) for word in words)
    return ((piece, LEXICON.concept(piece) if mixed else concept),)


def places(text: str, cut: list[str], size: int | None = None) -> list[tuple[int, int]]:
    """Return where each token of a folded text stands: first position and position after the last.

    Args:
        text: The text.
        cut: Its pieces.
        size: How many tokens it has, if that is known.
    """
    spots = spans(text)
    if size == len(cut):
        return spots
    found: list[tuple[int, int]] = []
    done = 0
    for index, inner in enumerate(map(_extents, cut)):
        if inner is not None:
            start, end = spots[index]
            found += spots[done:index]
            found += [(start + at, start + at + size) if size else (start, end) for at, size in inner]
            done = index + 1
    return found + spots[done:]


@lru_cache(maxsize=1 << 14)
def _extents(piece: str) -> tuple[tuple[int, int], ...] | None:
    """Return where and how long the tokens of a piece are, size 0 for all of it; None for just one."""
    if _is_unspaced(piece):
        return tuple((at, size) for _, _, at, size in _inner(piece))
    count = len(expand(piece))
    return ((0, 0),) * count if count > 1 else None


def _sign(piece: str) -> str:
    if piece[0] in _RULES:
        return piece[:3]
    return piece if len(piece) <= _RUN else next(filter(OPENERS.__contains__, piece), piece[0])


def _sign_concept(piece: str) -> int:
    if piece in OPENERS:
        return BOUND
    name = _SIGN_CONCEPTS.get(piece) or _RULES.get(piece[0]) or ("QUOTE" if piece in "\"'「」“”«»" else "")
    return CONCEPTS.index(name)


def _is_unspaced(piece: str) -> bool:
    return piece[-1] >= FIRST_UNSPACED and any(map(unspaced, piece))


def _inner(piece: str) -> Iterator[tuple[str, int, int, int]]:
    at = loose = 0
    while at < len(piece):
        word, concept = _longest(piece, at)
        if word or at + 1 == len(piece):
            end = at if word else at + 1
            yield from ((_FILLER, 0, rest, min(3, end - rest)) for rest in range(loose, end, 3))
        if word:
            yield word, concept, at, len(word)
            loose = at + len(word)
        at += len(word) or 1


def _longest(piece: str, at: int) -> tuple[str, int]:
    for word, concept in LEXICON.inner.get(piece[at], ()):
        if piece.startswith(word, at):
            return word, concept
    return "", 0
