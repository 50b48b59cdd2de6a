"""The linear model: weights as data, and the sum of them, fast.

The sums are those of `features.py`. `Model.blocks` weighs a text block by block, with as little
done for each word as can be: most texts are harmless, and that is all there is to them. Only for
one that is not does `Model.sums` work out which words it was. What a piece of text becomes is
remembered, up to a limit, because a language uses the same words over and over.
"""

import json
from collections.abc import Iterator
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final

import attrs

from reenact_injection.features import ENDS, FAR, LONGEST_BLOCK, NEAR, RECENT, SHORTEST_BLOCK
from reenact_injection.tokens import BOUND, OPENERS, PAIRS, SECONDS, expand

STEP: Final = 0.01
"""What one unit of a stored weight is worth, in log-odds."""

_REMEMBERED = 1 << 16
_SHIFT = 6
_PAIR_KEY, _FAR_KEY = 1 << 20, 1 << 21

Known = tuple[str, int, float, bool, bool]


@attrs.define(eq=False)
class Vocabulary:
    """The pieces that were met so far, and what they stand for.

    Attributes:
        concepts: Concept of each word that has one; 0 for one that has it only as a second word.
    """

    concepts: dict[str, int] = attrs.field(factory=dict)
    _known: set[str] = attrs.field(factory=set)
    _other: dict[str, tuple[str, ...]] = attrs.field(factory=dict)

    def words(self, pieces: list[str]) -> list[str]:
        """Return the tokens of *pieces*: themselves, but for those that stand for others."""
        fresh = set(pieces).difference(self._known)
        if fresh:
            self._learn(fresh)
        other = self._other
        words: list[str] = []
        done = 0
        for index in [index for index, piece in enumerate(pieces) if piece in other]:
            words += pieces[done:index]
            words += other[pieces[index]]
            done = index + 1
        return words + pieces[done:] if done else pieces

    def _learn(self, pieces: set[str]) -> None:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
            self._other.clear()
            self.concepts.clear()
        self._known |= pieces
        for piece in pieces:
            expanded = expand(piece)
            words = tuple(word for word, _ in expanded)
            if words != (piece,):
                self._other[piece] = words
            self.concepts |= {
                word: concept
                for word, concept in expanded
                if concept != BOUND and (concept or word in SECONDS)
            }


@attrs.define(eq=False)
class Model:
    """Weights in log-odds.

    Attributes:
        bias: What every window starts with.
        words: Weight of a word.
        concepts: Weight of each concept.
        openers: Weight of each concept that opens a sentence.
        near: Weight of two close concepts, at the smaller shifted left plus the larger.
        far: The same for concepts further apart.
        triples: Weight of three concepts by their bits.
    """

    bias: float
    words: dict[str, float]
    concepts: dict[int, float]
    openers: dict[int, float]
    near: dict[int, float]
    far: dict[int, float]
    triples: dict[int, float]
    _memo: dict[str, tuple[Known, ...]] = attrs.field(factory=dict, init=False, repr=False)
    _seen: Vocabulary = attrs.field(factory=Vocabulary, init=False, repr=False)
    _weighted: frozenset[str] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Index the words."""
        self._weighted = frozenset(self.words)

    def blocks(self, pieces: list[str]) -> tuple[list[float], list[int]]:
        """Weigh a folded text, cut into words and signs, block by block.

        Returns:
            The weight of each block; and the number of its first token.
        """
        words = self._seen.words(pieces)
        begins = _begins(words)
        weights = [
            sum(map(self.words.__getitem__, self._weighted.intersection(words[begin:end])))
            for begin, end in pairwise((*begins, len(words)))
        ]
        for block, weight in self._of_concepts(words, begins):
            weights[block] += weight
        return weights, begins

    def _of_concepts(self, words: list[str], begins: list[int]) -> Iterator[tuple[int, float]]:
        """Yield for each word that has a concept its block, and the weight it adds there as such."""
        concepts = self._seen.concepts
        block, end = -1, 0
        recent: list[tuple[int, int]] = []
        seen: set[object] = set()
        for index, word in [(index, word) for index, word in enumerate(words) if word in concepts]:
            previous = words[index - 1] if index else "\n"
            concept = concepts[word] or PAIRS.get(f"{previous} {word}", 0)
            if not concept:
                continue
            while index >= end:
                block += 1
                end = begins[block + 1] if block + 1 < len(begins) else len(words)
                seen.clear()
            yield block, self._concept(index, concept, previous in OPENERS, recent, seen)

    def sums(self, words: list[str]) -> tuple[list[float], list[int]]:
        """Weigh a folded text, cut into *words* and signs.

        Returns:
            The weight of each token, every feature counted once in a block; and the
            number of the first token of each block.
        """
        out: list[float] = []
        begins: list[int] = []
        seen: set[object] = set()
        recent: list[tuple[int, int]] = []
        previous, before, ended = "\n", BOUND, False
        memo, index, size = self._memo, 0, LONGEST_BLOCK
        for piece in words:
            for word, concept, weight, second, ends in memo.get(piece) or self._learn(piece):
                if size >= SHORTEST_BLOCK and (ended or size >= LONGEST_BLOCK):
                    begins.append(index)
                    seen.clear()
                    size = 0
                total = 0.0
                if weight and word not in seen:
                    seen.add(word)
                    total = weight
                if second and not concept:
                    concept = PAIRS.get(f"{previous} {word}", 0)  # noqa: PLW2901 - the pair gives it one
                if concept and concept != BOUND:
                    total += self._concept(index, concept, before == BOUND, recent, seen)
                out.append(total)
                previous, before, ended = word, concept, ends
                index += 1
                size += 1
        return out, begins

    def _concept(
        self, index: int, concept: int, opens: bool, recent: list[tuple[int, int]], seen: set[object]
    ) -> float:
        total = 0.0
        if concept not in seen:
            seen.add(concept)
            total = self.concepts.get(concept, 0.0)
        if opens and -concept not in seen:
            seen.add(-concept)
            total += self.openers.get(concept, 0.0)
        last = third = 0
        for at, other in recent:
            distance = index - at
            if distance > FAR or other == concept:
                continue
            third, last = last, other
            pair = other << _SHIFT | concept if other < concept else concept << _SHIFT | other
            if distance > NEAR:
                weight, pair = self.far.get(pair), pair | _FAR_KEY
            else:
                weight = self.near.get(pair)
            if weight is not None and (_PAIR_KEY | pair) not in seen:
                seen.add(_PAIR_KEY | pair)
                total += weight
        if third:
            mask = 1 << concept | 1 << last | 1 << third
            weight = self.triples.get(mask)
            if weight is not None and -mask << _SHIFT not in seen:
                seen.add(-mask << _SHIFT)
                total += weight
        recent.append((index, concept))
        if len(recent) > RECENT:
            del recent[0]
        return total

    def _learn(self, piece: str) -> tuple[Known, ...]:
        if len(self._memo) >= _REMEMBERED:
            self._memo.clear()
        known = tuple(
            (word, concept, self.words.get(word, 0.0), word in SECONDS, word in ENDS)
            for word, concept in expand(piece)
        )
        self._memo[piece] = known
        return known


def _begins(words: list[str]) -> list[int]:
    """Return the number of the first token of each block."""
    begins: list[int] = []
    begin, size = 0, len(words)
    for end in [index for index, word in enumerate(words, 1) if word in ENDS]:
        while end > begin + LONGEST_BLOCK:
            begins.append(begin)
            begin += LONGEST_BLOCK
        if end - begin >= SHORTEST_BLOCK:
            begins.append(begin)
            begin = end
    begins.extend(range(begin, size, LONGEST_BLOCK))
    return begins


def from_json(text: str) -> Model:
    """Return the model written down in *text*."""
    data: dict[str, Any] = json.loads(text)
    return Model(
        bias=data["bias"] * STEP,
        words=_scaled(data["words"]),
        **{name: _numbered(data[name]) for name in ("concepts", "openers", "near", "far", "triples")},
    )


def load() -> Model:
    """Read the model that ships with the package."""
    return from_json(files(__package__).joinpath("model.json").read_text("utf-8"))


def _scaled(weights: dict[str, int]) -> dict[str, float]:
    return {name: weight * STEP for name, weight in weights.items()}


def _numbered(weights: dict[str, int]) -> dict[int, float]:
    return {int(name): weight * STEP for name, weight in weights.items()}
