"""Which words are known, and which known words an unknown one was made from.

A misspelling, a mixture of scripts or a run of words without spaces hides a word from a
table. Repairs aim at the lexicon only: a word that is not a trigger is left alone, which
keeps them fast and keeps them from inventing triggers.
"""

from functools import lru_cache
from importlib.resources import files
from typing import Final

from reenact_injection.folding import latin, latin_capitals
from reenact_injection.lexicon import LEXICON

COMMON: Final = frozenset(files(__package__).joinpath("common.txt").read_text("utf-8").split())
"""Frequent English words: never taken for a misspelling, and where joined words are cut."""

_LONGEST = 16
_JOINED = 14
_MISSPELT = 5
_NEAR = 6
_LONG_ENOUGH = 7
_SEGMENT = 4
_NEARER = 8
_CHUNK = 400


def known(word: str) -> bool:
    """Say whether the lexicon has a folded word of three letters or more."""
    return len(word) > 2 and LEXICON.concept(word) > 0  # noqa: PLR2004 - shorter ones mean too much


def repaired(word: str) -> tuple[str, ...]:
    """Return the known words an unknown folded word was made from.

    Returns:
        No words if it is just an unknown word.
    """
    if not word.isascii():
        return _from_other_scripts(word)
    if len(word) < _MISSPELT or word in COMMON or not word.isalpha():
        return ()
    if len(word) < _JOINED:
        return _misspelt(word)
    parts = segment(word)
    if _is_joined(parts):
        return tuple(parts)
    return _misspelt(word) if len(word) <= _LONGEST else ()


def segment(letters: str) -> list[str]:
    """Cut joined words apart, with as few letters left over as can be.

    Takes time linear in the letters, since no word is longer than a few letters.
    """
    words: list[str] = []
    for start in range(0, len(letters), _CHUNK):
        words += _segment(letters[start : start + _CHUNK])
    return words


@lru_cache(maxsize=256)
def _segment(letters: str) -> tuple[str, ...]:
    size = len(letters)
    costs = [*range(0, 2 * size + 1, 2)]
    cuts = [*range(-1, size)]
    for start in range(size):
        cost = costs[start] + 1
        for length in _SIZES.get(letters[start : start + 3]) or _SIZES.get(letters[start : start + 2], ()):
            end = start + length
            if end <= size and cost <= costs[end] and letters[start:end] in _SEGMENTS:
                costs[end], cuts[end] = cost, start
        if cost < costs[start + 1]:
            costs[start + 1], cuts[start + 1] = cost + 1, start
    return _cut(letters, cuts)


def _cut(letters: str, cuts: list[int]) -> tuple[str, ...]:
    words: list[str] = []
    end = loose = len(letters)
    while end > 0:
        start = cuts[end]
        if end - start > 1:
            words += [letters[end:loose]] if loose > end else []
            words.append(letters[start:end])
            loose = start
        end = start
    words += [letters[:loose]] if loose else []
    return tuple(words[::-1])


def _is_joined(parts: list[str]) -> bool:
    covered = sum(len(part) for part in parts if part in _SEGMENTS)
    return covered * 3 >= sum(map(len, parts)) * 2 and sum(map(known, parts)) > 1


def _from_other_scripts(word: str) -> tuple[str, ...]:
    mixed = any(map(str.isascii, word))
    plain = latin(word)
    for drawn in dict.fromkeys((plain, latin_capitals(word))):
        if drawn is not None and drawn.isalpha():
            if known(drawn) and (mixed or drawn not in COMMON):
                return (drawn,)
            if len(drawn) >= _MISSPELT and (found := repaired(drawn)):
                return found
    return (plain,) if mixed and plain is not None else ()


def _misspelt(word: str) -> tuple[str, ...]:
    outline = (word[0], word[-1], len(word))
    if outline in _SHUFFLED and (shuffled := _SIGNATURES.get(_signature(word))) is not None:
        return (shuffled,)
    if outline in _SLIPPED:
        for candidate in (word, *_shorter(word)):
            found = _NEIGHBOURS.get(candidate)
            if found is not None and _is_slip(word, found):
                return (found,)
    return ()


def _is_slip(word: str, meant: str) -> bool:
    """Say whether *word*, one letter away from *meant*, is more likely a slip than a word of its own."""
    if word.startswith(meant) or meant.startswith(word):
        return False
    same_ends = word[0] == meant[0] and word[-1] in meant[-2:]
    return same_ends and (len(word) != len(meant) or len(word) >= _NEARER or meant in _DISTINCT)


def _signature(word: str) -> str:
    return word[0] + "".join(sorted(word[1:-1])) + word[-1]


def _shorter(word: str) -> list[str]:
    return [word[:at] + word[at + 1 :] for at in range(1, len(word))]


_AIMS: Final = tuple(
    """
    ignore ignoring disregard forget previous previously instruction instructions system prompt
    override overriding bypass password passwords reveal secret secrets credentials pretend jailbreak
    unrestricted unfiltered uncensored restrictions guidelines developer administrator assistant
    confidential forward execute roleplay maintenance conversation attacker immediately everything
    preceding earlier verbatim
    """.split()  # noqa: SIM905 - a list of it is unreadable
)
_SEGMENTS: Final = frozenset(
    word
    for word in (*LEXICON.words, *LEXICON.stems, *COMMON, *_AIMS)
    if 1 < len(word) <= _LONGEST
    and word.isascii()
    and (len(word) >= _SEGMENT or word in COMMON or word in LEXICON.english)
)


def _sizes() -> dict[str, tuple[int, ...]]:
    sizes: dict[str, set[int]] = {}
    for word in _SEGMENTS:
        sizes.setdefault(word[:3], set()).add(len(word))
    return {
        start: tuple(sorted(found | {2} if start[:2] in _SEGMENTS else found))
        for start, found in sizes.items()
    }


_SIZES: Final = _sizes()
"""Lengths of the words that begin so, with three letters or, where that is one, with a word of two."""
_DISTINCT: Final = frozenset(("ignore", "reveal", "system", "prompt", "bypass", "previous", "password"))
_SIGNATURES: Final = {_signature(word): word for word in (*sorted(COMMON), *_AIMS) if len(word) >= _MISSPELT}
_NEIGHBOURS: Final = {
    near: word
    for word in (*(word for word in LEXICON.english if len(word) >= _LONG_ENOUGH), *_AIMS)
    if len(word) >= _NEAR and word.isalpha()
    for near in (word, *_shorter(word))
    if near == word or near not in COMMON
}
_SHUFFLED: Final = {(word[0], word[-1], len(word)) for word in _SIGNATURES.values()}
_SLIPPED: Final = {
    (meant[0], last, size)
    for meant in set(_NEIGHBOURS.values())
    for last in meant[-2:]
    for size in (len(meant) - 1, len(meant), len(meant) + 1)
}
"""First letter, last letter and length of what may be such a word: few others are looked at closer."""


def split_forms() -> dict[str, int]:
    """Return triggers cut in two by a space, which are no words of their own, with their concepts."""
    return {
        f"{word[:cut]} {word[cut:]}": LEXICON.concept(word)
        for word in _AIMS
        for cut in range(2, len(word) - 1)
        if not all(part in COMMON or known(part) for part in (word[:cut], word[cut:]))
    }
