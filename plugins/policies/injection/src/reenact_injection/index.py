"""Numbers for tokens and features, so that a text is weighed by looking up small numbers.

A token's number is also that of its feature as a word. Of the tokens only those have a number of
their own that the model or the lexicon's pairs know; any other one has that of its concept, 0 if
it has none.
"""

from collections.abc import Iterable, Mapping
from itertools import permutations
from typing import Final

from reenact_injection.features import ENDS
from reenact_injection.tokens import BOUND, CONCEPTS, PAIRS, expand

END: Final = len(CONCEPTS)
"""Stands among the concepts for what ends a sentence or line, and so may end a block."""
_OPEN: Final = END + 1
"""Stands among the concepts for a word that has one after some words only."""
_SEVERAL: Final = END + 2
"""The number of a piece that stands for several tokens."""
_FIRST: Final = END + 3

_REMEMBERED = 1 << 16
_SHIFT = 6
_LOW = (1 << _SHIFT) - 1
_NONE: Final[dict[int, int]] = {}


class Index:
    """Number and weight of every feature.

    Attributes:
        weights: The weight of each feature, by its number; 0 is no feature, and weighs nothing.
        kinds: What a token is among the concepts: a concept, `BOUND` or `END`, 0 for nothing; by its number.
        nexts: The numbers of the pairs that a token begins, by the number of the second; by its number.
        near: The number of a concept after the one before it, or after what opens it; by that, then by it.
        far: The number of a concept after one further back; likewise.
        triples: The numbers of three concepts in a row; by the second, the third, and then the first.
        start: The number of the token that a text begins after.
    """

    def __init__(
        self,
        words: Mapping[str, int],
        pairs: Mapping[tuple[str, str], int],
        concepts: Mapping[int, int],
    ) -> None:
        """Number the words, the pairs of words, and the concepts.

        Args:
            words: Weight of each.
            pairs: Weight of each.
            concepts: Weight of each.
        """
        self._equal: dict[int, int] = {}
        self.weights = [0, *(self._one(concepts.get(number, 0)) for number in range(1, _FIRST))]
        self.kinds = [*range(END + 1), 0, 0]
        self.nexts: list[dict[int, int]] = [_NONE] * _FIRST
        self.near = [[0] * (END + 1) for _ in range(END + 1)]
        self.far = [[0] * (END + 1) for _ in range(END + 1)]
        self.triples = [[_NONE] * (END + 1) for _ in range(END + 1)]
        self._tokens: dict[str, int] = {}
        self._joint: dict[tuple[int, int], int] = {}
        for token in (*ENDS, *words, *(token for pair in pairs for token in pair)):
            self._add_token(token, words.get(token, 0))
        self._add_joint(PAIRS)
        self.kinds += [0] * len(self._tokens)
        for end in ENDS:
            self.kinds[self._tokens[end]] = END
        for _, number in self._joint:
            self.kinds[number] = _OPEN
        self.nexts += [_NONE] * len(self._tokens)
        self.start = self._tokens["\n"]
        for (first, second), weight in pairs.items():
            self._add_pair(self._tokens[first], self._tokens[second], weight)

    def add_openers(self, weights: Mapping[int, int]) -> None:
        """Number the concepts that are the first after what opens something."""
        for concept, weight in weights.items():
            number = self._add(weight)
            self.near[BOUND][concept] = self.near[END][concept] = number

    def add_near(self, weights: Mapping[int, int]) -> None:
        """Number two concepts next to each other, at the smaller one shifted left plus the larger one."""
        self._add_two(self.near, weights)

    def add_far(self, weights: Mapping[int, int]) -> None:
        """Number two concepts further apart, named in the same way."""
        self._add_two(self.far, weights)

    def add_triples(self, weights: Mapping[int, int]) -> None:
        """Number three concepts in a row, named by their bits."""
        for mask, weight in weights.items():
            number = self._add(weight)
            for one, two, three in permutations(concept for concept in range(END) if mask >> concept & 1):
                if self.triples[two][three] is _NONE:
                    self.triples[two][three] = {}
                self.triples[two][three][one] = number

    def number(self, token: str, concept: int) -> int:
        """Return the number of a token, which has *concept*, 0 for none."""
        number = self._tokens.get(token)
        if number is None:
            return concept
        if concept and self.kinds[number] != END:
            self.kinds[number] = concept
        return number

    def kinds_of(self, numbers: list[int]) -> list[int]:
        """Return what the tokens of a text are among the concepts."""
        kinds = list(map(self.kinds.__getitem__, numbers))
        if _OPEN in kinds:
            joint = self._joint
            for at, kind in enumerate(kinds):
                if kind == _OPEN:
                    kinds[at] = joint.get((numbers[at - 1], numbers[at]), 0) if at else 0
        return kinds

    def _add(self, weight: int) -> int:
        self.weights.append(self._one(weight))
        return len(self.weights) - 1

    def _one(self, weight: int) -> int:
        """Return *weight*, the same object for all that are equal: less memory is read for a text."""
        return self._equal.setdefault(weight, weight)

    def _add_token(self, token: str, weight: int) -> int:
        number = self._tokens.get(token)
        if number is None:
            number = self._tokens[token] = self._add(weight)
        return number

    def _add_joint(self, pairs: Mapping[str, int]) -> None:
        for pair, concept in pairs.items():
            first, second = (self._add_token(token, 0) for token in pair.split())
            self._joint[first, second] = concept

    def _add_pair(self, first: int, second: int, weight: int) -> None:
        if self.nexts[first] is _NONE:
            self.nexts[first] = {}
        self.nexts[first][second] = self._add(weight)

    def _add_two(self, table: list[list[int]], weights: Mapping[int, int]) -> None:
        for both, weight in weights.items():
            one, other = both >> _SHIFT, both & _LOW
            table[one][other] = table[other][one] = self._add(weight)


class Vocabulary(dict[str, int]):
    """The pieces of text that were met so far, each with the number of its token."""

    def __init__(self, index: Index) -> None:
        """Begin with nothing.

        Args:
            index: Where the numbers are from.
        """
        self._index = index
        self._several: dict[str, tuple[int, ...]] = {}

    @property
    def full(self) -> bool:
        """Whether it is time to forget it all and begin anew."""
        return len(self) >= _REMEMBERED

    def numbers(self, pieces: list[str]) -> list[int]:
        """Return the numbers of the tokens of *pieces*."""
        numbers = list(map(self.__getitem__, pieces))
        if _SEVERAL not in numbers:
            return numbers
        several = self._several
        parts: Iterable[tuple[int, ...]] = [
            several[piece] if number == _SEVERAL else (number,)
            for piece, number in zip(pieces, numbers, strict=True)
        ]
        return [number for part in parts for number in part]

    def __missing__(self, piece: str) -> int:
        tokens = expand(piece)
        if len(tokens) == 1:
            number = self._index.number(*tokens[0])
        else:
            self._several[piece] = tuple([self._index.number(word, concept) for word, concept in tokens])
            number = _SEVERAL
        self[piece] = number  # last: who finds a piece known finds what it stands for
        return number
