"""Words of many languages that mean the same to the detector.

"Ignore", "vergiss" and "忽略" are one concept, so that what the model learned of attacks in
one language holds for the others. The words stand in ``lexicon.txt``; here they become tables.
"""

from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Final

import attrs

from reenact_injection.folding import fold

FIRST_UNSPACED: Final = "\u0e00"
"""Scripts from here on may be written without spaces (Thai, Lao, Burmese, Khmer, kana, Han)."""

_SHORTEST_STEM = 2
_START = 3
_LONGEST_ENDING = 8
_UNSPACED = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF))


@attrs.frozen
class Lexicon:
    """The concepts and the words that stand for them.

    Attributes:
        concepts: Names; a concept's number is its place here. 0 is no concept.
        words: Folded word to concept.
        stems: Folded beginning of a word to concept.
        pairs: Two folded words joined by a space to concept, found at the second.
        inner: First character to the words found inside unspaced text, longest first.
        english: The English words and stems, which the repairs aim at.
        sizes: The first three characters of a stem, or its two, to the lengths of the stems that a word
            which begins so may begin with, longest first.
    """

    concepts: tuple[str, ...]
    words: dict[str, int] = attrs.field(factory=dict)
    stems: dict[str, int] = attrs.field(factory=dict)
    pairs: dict[str, int] = attrs.field(factory=dict)
    inner: dict[str, list[tuple[str, int]]] = attrs.field(factory=dict)
    english: dict[str, int] = attrs.field(factory=dict)
    sizes: dict[str, tuple[int, ...]] = attrs.field(factory=dict)

    def concept(self, word: str) -> int:
        """Return the concept of a folded word, 0 if it has none."""
        exact = self.words.get(word)
        if exact is not None:
            return exact
        shortest = len(word) - _LONGEST_ENDING
        sizes = self.sizes.get(word[:_START]) or self.sizes.get(word[:_SHORTEST_STEM], ())
        for size in sizes:
            if size >= shortest and (found := self.stems.get(word[:size])) is not None:
                return found
        return 0


def unspaced(char: str) -> bool:
    """Say whether *char* belongs to a script written without spaces between words."""
    code = ord(char)
    return any(first <= code <= last for first, last in _UNSPACED)


def load() -> Lexicon:
    """Read the lexicon that ships with the package."""
    lines = files(__package__).joinpath("lexicon.txt").read_text("utf-8").splitlines()
    names = ("", *(line[1:] for line in lines if line.startswith("@")))
    lexicon = Lexicon(names)
    for concept, language, entry in _entries(lines):
        _add(lexicon, concept, language, entry)
    for words in lexicon.inner.values():
        words.sort(key=lambda item: -len(item[0]))
    lexicon.sizes.update(_sizes(lexicon.stems))
    return lexicon


def _entries(lines: list[str]) -> Iterator[tuple[int, str, str]]:
    concept = 0
    for line in lines:
        if line.startswith("@"):
            concept += 1
        elif line and not line.startswith("#"):
            language, _, entries = line.partition(":")
            for entry in entries.split():
                yield concept, language, entry


def _add(lexicon: Lexicon, concept: int, language: str, entry: str) -> None:
    word = fold(entry.rstrip("*").replace("_", " "))
    if unspaced(word[0]):
        lexicon.inner.setdefault(word[0], []).append((word, concept))
    elif " " in word:
        lexicon.pairs.setdefault(word, concept)
    elif entry.endswith("*"):
        lexicon.stems.setdefault(word, concept)
    else:
        lexicon.words.setdefault(word, concept)
    if language == "en":
        lexicon.english.setdefault(word, concept)


def _sizes(stems: Iterable[str]) -> dict[str, tuple[int, ...]]:
    found: dict[str, set[int]] = {}
    for stem in stems:
        if len(stem) >= _SHORTEST_STEM:
            found.setdefault(stem[:_START], set()).add(len(stem))
    for start, sizes in found.items():
        sizes.update(found.get(start[:_SHORTEST_STEM], ()))
    return {start: tuple(sorted(sizes, reverse=True)) for start, sizes in found.items()}


LEXICON: Final = load()
