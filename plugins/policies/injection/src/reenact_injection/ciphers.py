"""Letter ciphers: rotations, atbash, reversed text, pig latin.

A text in such a cipher has words that are triggers in that cipher. All the enciphered
triggers are in one table, so to look for every cipher costs one look-up a word; only where two
different ones of the same cipher stand close together are the words around them deciphered.
"""

import re
from collections.abc import Iterator
from re import Match
from string import ascii_lowercase
from typing import Final

from reenact_injection.lexicon import LEXICON
from reenact_injection.tokens import spans
from reenact_injection.views import View, extracted, replaced
from reenact_injection.words import COMMON, known

_PIG: Final = re.compile(r"(?<![^\W_])[a-z]{2,18}ay(?![^\W_])")
_PIGS = 4
_SHORTEST = 4
_CLOSE = 8
_AROUND = 40
_BACKWARDS = 0


def solve(view: View) -> Iterator[View]:
    """Return the readings of *view* in each cipher it seems to be written in."""
    words = view.pieces()
    secret = _SECRETS.intersection(words)
    runs = _runs([(at, word) for at, word in enumerate(words) if word in secret]) if len(secret) > 1 else {}
    if runs:
        spots = spans(view.text)
        for cipher, stretches in runs.items():
            finds = list(_deciphered(cipher, stretches, words, spots))
            yield extracted(view, finds, " ", _name(cipher))
            if cipher == _BACKWARDS:
                yield extracted(view, finds[::-1], " ", _name(cipher))
    if view.text.count("ay") >= _PIGS and _may_be_pig_latin(words):
        yield from _unpigged(view)


def _runs(votes: list[tuple[int, str]]) -> dict[int, list[tuple[int, int]]]:
    """Return for each cipher the stretches of words, first to last, with two of its triggers."""
    last: dict[int, tuple[int, str]] = {}
    runs: dict[int, list[tuple[int, int]]] = {}
    for at, word in votes:
        for cipher in _TABLE[word]:
            before, other = last.get(cipher, (at, word))
            if other != word and at - before <= _CLOSE:
                stretches = runs.setdefault(cipher, [])
                if stretches and before <= stretches[-1][1]:
                    stretches[-1] = (stretches[-1][0], at)
                else:
                    stretches.append((before, at))
            last[cipher] = (at, word)
    return runs


def _deciphered(
    cipher: int, stretches: list[tuple[int, int]], words: list[str], spots: list[tuple[int, int]]
) -> Iterator[tuple[int, int, str]]:
    done = 0
    for first, last in stretches:
        around = range(max(done, first - _AROUND), min(len(words), last + _AROUND + 1))
        done = around.stop
        for at in reversed(around) if cipher == _BACKWARDS else around:
            word = words[at][::-1] if cipher == _BACKWARDS else words[at].translate(_CIPHERS[cipher])
            yield *spots[at], word


def _name(cipher: int) -> str:
    return "reversed" if cipher == _BACKWARDS else "cipher"


def _may_be_pig_latin(words: list[str]) -> bool:
    """Say whether there are several words in "ay" that English has not got."""
    return len({word for word in words if word[-2:] == "ay"} - COMMON) >= _PIGS


def _unpigged(view: View) -> Iterator[View]:
    plain = replaced(view, _PIG, _unpig, "piglatin")
    if plain is not view:
        yield plain


def _unpig(match: Match[str]) -> str | None:
    stem = match[0][:-2]
    turned = [stem[:-1]] if stem.endswith("w") else []
    turned += [stem[-size:] + stem[:-size] for size in range(1, min(4, len(stem)))]
    return next((word for word in turned if known(word) or word in COMMON), None)


def _rotated(by: int) -> dict[int, int]:
    return str.maketrans(ascii_lowercase, ascii_lowercase[by:] + ascii_lowercase[:by])


_CIPHERS: Final = {
    **{by: _rotated(by) for by in range(1, 26)},
    26: str.maketrans(ascii_lowercase, ascii_lowercase[::-1]),
}


def _inverse(cipher: int) -> dict[int, int]:
    return {plain: secret for secret, plain in _CIPHERS[cipher].items()}


def _table() -> dict[str, tuple[int, ...]]:
    table: dict[str, tuple[int, ...]] = {}
    plain = [*LEXICON.words, *LEXICON.stems, *_INFLECTED]
    words = [word for word in plain if len(word) >= _SHORTEST and word.isalpha()]
    for word in words:
        secrets = {_BACKWARDS: word[::-1]}
        if word.isascii():
            secrets |= {cipher: word.translate(_inverse(cipher)) for cipher in _CIPHERS}
        for cipher, secret in secrets.items():
            if secret not in COMMON and not known(secret):
                table[secret] = (*table.get(secret, ()), cipher)
    return table


_INFLECTED: Final = (
    "instructions",
    "ignoring",
    "guidelines",
    "directives",
    "restrictions",
    "this",
    "that",
    "from",
    "with",
    "have",
)
_TABLE: Final = _table()
_SECRETS: Final = frozenset(_TABLE)
