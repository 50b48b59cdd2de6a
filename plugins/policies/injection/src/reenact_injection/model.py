"""The linear model: weights as data, and the sum of them, fast.

The sums are those of `features.py`. `Model.weigh` weighs a text block by block, with as little
done for each word as can be: most texts are harmless, and that is all there is to them. Only for
one that is not does `Model.sums` work out which words it was. What a piece of text becomes is
remembered, up to a limit, because a language uses the same words over and over.
"""

import json
from bisect import bisect_left
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
_APART = 1 << 7
"""Said of a concept that is more than `NEAR` tokens back."""
_PAIR_KEY, _FAR_KEY = 1 << 20, 1 << 21


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
        if not self._known.issuperset(pieces):
            self._learn(set(pieces).difference(self._known))
        other = self._other
        if other.keys().isdisjoint(pieces):
            return pieces
        words: list[str] = []
        done = 0
        for index, piece in [(index, piece) for index, piece in enumerate(pieces) if piece in other]:
            words += pieces[done:index]
            words += other[piece]
            done = index + 1
        return words + pieces[done:]

    def _learn(self, pieces: set[str]) -> None:
        if len(self._known) >= _REMEMBERED:
            self._known, self._other, self.concepts = set(), {}, {}
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
        self._known |= pieces


@attrs.define(eq=False)
class Model:
    """Weights in log-odds.

    Attributes:
        bias: What every window starts with.
        disguised: What a window of a text that was written another way starts with besides.
        spans: What a window of so many blocks starts with besides, for each of `SPANS`: a longer one has
            more of everything.
        words: Weight of a word.
        pairs: Weight of a word after another one.
        concepts: Weight of each concept.
        openers: Weight of each concept that opens a sentence.
        near: Weight of two close concepts, at the smaller shifted left plus the larger.
        far: The same for concepts further apart.
        triples: Weight of three concepts by their bits.
    """

    bias: float
    disguised: float
    spans: tuple[float, ...]
    words: dict[str, float]
    pairs: dict[tuple[str, str], float]
    concepts: dict[int, float]
    openers: dict[int, float]
    near: dict[int, float]
    far: dict[int, float]
    triples: dict[int, float]
    _seen: Vocabulary = attrs.field(factory=Vocabulary, init=False, repr=False)
    _patterns: dict[tuple[int, ...], tuple[tuple[int, float], ...]] = attrs.field(
        factory=dict, init=False, repr=False
    )
    _weighted: frozenset[str] = attrs.field(init=False, repr=False)
    _paired: frozenset[tuple[str, str]] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Index the words."""
        self._weighted = frozenset(self.words)
        self._paired = frozenset(self.pairs)

    def weigh(self, pieces: list[str]) -> "Weighed":
        """Weigh a folded text, cut into words and signs, block by block."""
        words = self._seen.words(pieces)
        begins = _begins(words)
        weighted, weight_of = self._weighted, self.words.__getitem__
        paired, pair_weight_of = self._paired, self.pairs.__getitem__
        after = ["\n", *words]
        weights = [
            sum(map(weight_of, weighted.intersection(block)))
            + sum(map(pair_weight_of, paired.intersection(zip(after[begin:end], block, strict=True))))
            for begin, end in pairwise((*begins, len(words)))
            for block in (words[begin:end],)
        ]
        concepts = self._of_concepts(words, begins)
        block = 0
        for index, weight in concepts:
            while block + 1 < len(begins) and index >= begins[block + 1]:
                block += 1
            weights[block] += weight
        return Weighed(words, [*begins, len(words)], weights, concepts)

    def sums(self, weighed: "Weighed", first: int = 0, last: int | None = None) -> list[float]:
        """Return the weight of each token of some blocks, every feature counted once in a block.

        Args:
            weighed: The text.
            first: The number of the first block.
            last: The number of the block after the last; all to the end if it is None.
        """
        bounds = weighed.bounds[first : None if last is None else last + 1]
        weight_of = self.words
        out: list[float] = []
        for begin, end in pairwise(bounds):
            words = weighed.words[begin:end]
            counted = [0.0] * len(words)
            for word in self._weighted.intersection(words):
                counted[words.index(word)] = weight_of[word]
            befores = [weighed.words[begin - 1] if begin else "\n", *words]
            placed = {pair: at for at, pair in enumerate(zip(befores, words, strict=False))}
            for pair in self._paired.intersection(placed):
                counted[placed[pair]] += self.pairs[pair]
            out += counted
        start = bounds[0]
        for index, weight in weighed.within(start, bounds[-1]):
            out[index - start] += weight
        return out

    def named(self, words: list[str]) -> list[int]:
        """Return the concepts of *words*, tokens of a text that was weighed, in order."""
        concepts = self._seen.concepts
        return [concept for word in words if (concept := concepts.get(word))]

    def _of_concepts(self, words: list[str], begins: list[int]) -> list[tuple[int, float]]:
        """Return the numbers of the tokens that add weight because of their concepts, and how much."""
        concepts, patterns = self._seen.concepts, self._patterns
        ends = iter((*begins[1:], len(words)))
        end = next(ends)
        recent: list[tuple[int, int]] = []
        seen: set[int] = set()
        out: list[tuple[int, float]] = []
        for index, word in [(index, word) for index, word in enumerate(words) if word in concepts]:
            previous = words[index - 1] if index else "\n"
            concept = concepts[word] or PAIRS.get(f"{previous} {word}", 0)
            if not concept:
                continue
            while index >= end:
                end = next(ends)
                seen.clear()
            near, far = index - NEAR, index - FAR
            pattern = (
                -concept if previous in OPENERS else concept,
                *[other if at >= near else other | _APART for at, other in recent if at >= far],
            )
            weights = patterns.get(pattern)
            if weights is None:
                weights = self._learn(pattern)
            recent.append((index, concept))
            if len(recent) > RECENT:
                del recent[0]
            weight = 0.0
            for key, value in weights:
                if key not in seen:
                    seen.add(key)
                    weight += value
            if weight:
                out.append((index, weight))
        return out

    def _learn(self, pattern: tuple[int, ...]) -> tuple[tuple[int, float], ...]:
        """Remember what a concept weighs after others: a key for each feature, and its weight."""
        if len(self._patterns) >= _REMEMBERED:
            self._patterns.clear()
        concept = abs(pattern[0])
        found = {concept: self.concepts.get(concept, 0.0)}
        if pattern[0] < 0:
            found[-concept] = self.openers.get(concept, 0.0)
        close = [(other & ~_APART, other & _APART) for other in pattern[1:] if other & ~_APART != concept]
        for other, apart in close:
            pair = min(concept, other) << _SHIFT | max(concept, other)
            table, key = (self.far, pair | _FAR_KEY) if apart else (self.near, pair | _PAIR_KEY)
            found[key] = table.get(pair, 0.0)
        if len(close) > 1:
            mask = 1 << concept | 1 << close[-1][0] | 1 << close[-2][0]
            found[-mask << _SHIFT] = self.triples.get(mask, 0.0)
        weights = tuple((key, weight) for key, weight in found.items() if weight)
        self._patterns[pattern] = weights
        return weights


@attrs.frozen
class Weighed:
    """A text, weighed.

    Attributes:
        words: Its tokens.
        bounds: The number of the first token of each block, and at the end how many tokens there are.
        weights: The weight of each block.
        concepts: Number and weight of each token that adds weight because of its concept.
    """

    words: list[str]
    bounds: list[int]
    weights: list[float]
    concepts: list[tuple[int, float]]

    def within(self, start: int, end: int) -> list[tuple[int, float]]:
        """Return those of `concepts` from token *start* to before token *end*."""
        return self.concepts[bisect_left(self.concepts, (start,)) : bisect_left(self.concepts, (end,))]


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
        disguised=data["disguised"] * STEP,
        spans=tuple(units * STEP for units in data["spans"]),
        words=_scaled(data["words"]),
        pairs={tuple(pair.split(" ")): units * STEP for pair, units in data["pairs"].items()},
        **{name: _numbered(data[name]) for name in ("concepts", "openers", "near", "far", "triples")},
    )


def load() -> Model:
    """Read the model that ships with the package."""
    return from_json(files(__package__).joinpath("model.json").read_text("utf-8"))


def _scaled(weights: dict[str, int]) -> dict[str, float]:
    return {name: weight * STEP for name, weight in weights.items()}


def _numbered(weights: dict[str, int]) -> dict[int, float]:
    return {int(name): weight * STEP for name, weight in weights.items()}
