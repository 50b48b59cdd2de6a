"""The linear model: weights as data, and the sum of them, fast.

The sums are those of `features.py`. `Model.weigh` weighs a text block by block, with as little
done for each word as can be: most texts are harmless, and that is all there is to them. Only for
one that is not does `Model.sums` work out which words it was. What a piece of text becomes is
remembered, up to a limit, because a language uses the same words over and over.

The same text has the same score in every process, down to the last bit: weights are whole
numbers, and what is forgotten is forgotten between two texts.
"""

import json
from bisect import bisect_left
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final, TypeAlias

import attrs

from reenact_injection.features import ENDS, FAR, LONGEST_BLOCK, NEAR, RECENT, SHORTEST_BLOCK
from reenact_injection.tokens import BOUND, OPENERS, PAIRS, SECONDS, expand

STEP: Final = 0.01
"""What one unit of a stored weight is worth, in log-odds."""

_REMEMBERED = 1 << 16
_SHIFT = 6
_APART = 1 << 7
"""Said of a concept that is more than `NEAR` tokens back."""
_NEAR_KEY, _FAR_KEY = 1 << 20, 1 << 21


_Feature: TypeAlias = str | tuple[str, str]
"""A word, or a word after another one."""


class Vocabulary(dict[str, str]):
    """The pieces that were met so far, each with the token it stands for.

    Attributes:
        concepts: Concept of each token that has one; 0 for one that has it only as a second word.
        several: Tokens of each piece that stands for more than one.
    """

    def __init__(self, shared: dict[str, str]) -> None:
        """Begin with nothing.

        Args:
            shared: Words that are looked up in other tables, where the same object is found faster than an
                equal one.
        """
        self._shared = shared
        self.concepts: dict[str, int] = {}
        self.several: dict[str, tuple[str, ...]] = {}

    @property
    def full(self) -> bool:
        """Whether it is time to forget it all and begin anew."""
        return len(self) >= _REMEMBERED

    def words(self, pieces: list[str]) -> list[str]:
        """Return the tokens of *pieces*."""
        words = list(map(self.__getitem__, pieces))
        if self.several.keys().isdisjoint(pieces):
            return words
        several = self.several
        parts = [several.get(piece) or (word,) for piece, word in zip(pieces, words, strict=True)]
        return [word for part in parts for word in part]

    def __missing__(self, piece: str) -> str:
        expanded = expand(piece)
        for word, concept in expanded:
            if concept != BOUND and (concept or word in SECONDS):
                self.concepts[word] = concept
        if len(expanded) != 1:
            self.several[piece] = tuple([word for word, _ in expanded])
        token = self._shared.get(expanded[0][0], expanded[0][0])
        self[piece] = token  # last: who finds a piece known finds what it stands for
        return token


@attrs.define(eq=False)
class Model:
    """Weights, in whole numbers of `STEP`: a sum is the same in whatever order it is added up.

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

    bias: int
    disguised: int
    spans: tuple[int, ...]
    words: dict[str, int]
    pairs: dict[tuple[str, str], int]
    concepts: dict[int, int]
    openers: dict[int, int]
    near: dict[int, int]
    far: dict[int, int]
    triples: dict[int, int]
    _shared: dict[str, str] = attrs.field(factory=dict, init=False, repr=False)
    _seen: Vocabulary = attrs.field(init=False, repr=False)
    _patterns: dict[tuple[int, ...], tuple[tuple[int, int], ...]] = attrs.field(
        factory=dict, init=False, repr=False
    )
    _weights: dict[_Feature, int] = attrs.field(init=False, repr=False)
    _weighted: frozenset[_Feature] = attrs.field(init=False, repr=False)
    _of_concepts: dict[int, int] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Put words and pairs into one table, and all that has to do with concepts into another."""
        one = self._shared.setdefault
        self._weights = {one(word, word): weight for word, weight in self.words.items()}
        self._weights.update(
            ((one(first, first), one(second, second)), weight)
            for (first, second), weight in self.pairs.items()
        )
        self._weighted = frozenset(self._weights)
        self._of_concepts = {
            **self.concepts,
            **{-concept: weight for concept, weight in self.openers.items()},
            **{pair | _NEAR_KEY: weight for pair, weight in self.near.items()},
            **{pair | _FAR_KEY: weight for pair, weight in self.far.items()},
            **{-mask << _SHIFT: weight for mask, weight in self.triples.items()},
        }
        self._seen = Vocabulary(self._shared)

    def weigh(self, pieces: list[str]) -> "Weighed":
        """Weigh a folded text, cut into words and signs, block by block."""
        seen = self._seen
        if seen.full:
            self._seen = seen = Vocabulary(self._shared)
        words = seen.words(pieces)
        bounds = _bounds(words)
        pairs = list(zip(("\n", *words), words, strict=False))
        weighted, weight_of = self._weighted, self._weights.__getitem__
        weights = [
            sum(map(weight_of, weighted.intersection([*words[begin:end], *pairs[begin:end]])))
            for begin, end in pairwise(bounds)
        ]
        weighed = Weighed(words, bounds, weights, seen.concepts)
        self._add_concepts(weighed)
        return weighed

    def sums(self, weighed: "Weighed", first: int = 0, last: int | None = None) -> list[int]:
        """Return the weight of each token of some blocks, every feature counted once in a block.

        Args:
            weighed: The text.
            first: The number of the first block.
            last: The number of the block after the last; all to the end if it is None.
        """
        bounds = weighed.bounds[first : None if last is None else last + 1]
        out: list[int] = []
        for begin, end in pairwise(bounds):
            words = weighed.words[begin:end]
            befores = [weighed.words[begin - 1] if begin else "\n", *words]
            placed: dict[_Feature, int] = {words[at]: at for at in reversed(range(len(words)))}
            placed |= {pair: at for at, pair in enumerate(zip(befores, words, strict=False))}
            counted = [0] * len(words)
            for feature in self._weighted.intersection(placed):
                counted[placed[feature]] += self._weights[feature]
            out += counted
        start = bounds[0]
        for index, weight in weighed.within(start, bounds[-1]):
            out[index - start] += weight
        return out

    def _add_concepts(self, weighed: "Weighed") -> None:
        """Add to the blocks' weights what the tokens add because of their concepts."""
        words, concepts, patterns = weighed.words, weighed.known, self._patterns
        block, end = -1, 0
        recent: list[tuple[int, int]] = []
        counted: set[int] = set()
        for index, word in [(index, word) for index, word in enumerate(words) if word in concepts]:
            previous = words[index - 1] if index else "\n"
            concept = concepts[word] or PAIRS.get(f"{previous} {word}", 0)
            if not concept:
                continue
            while index >= end:
                block += 1
                end = weighed.bounds[block + 1]
                counted.clear()
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
            weight = 0
            for key, value in weights:
                if key not in counted:
                    counted.add(key)
                    weight += value
            if weight:
                weighed.concepts.append((index, weight))
                weighed.weights[block] += weight

    def _learn(self, pattern: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """Remember what a concept weighs after others: a key for each feature, and its weight."""
        if len(self._patterns) >= _REMEMBERED:
            self._patterns.clear()
        concept = abs(pattern[0])
        keys = {concept, pattern[0]}
        close = [other for other in pattern[1:] if other & ~_APART != concept]
        for other in close:
            near = other & ~_APART
            pair = min(concept, near) << _SHIFT | max(concept, near)
            keys.add(pair | (_FAR_KEY if other & _APART else _NEAR_KEY))
        if len(close) > 1:
            mask = 1 << concept | 1 << (close[-1] & ~_APART) | 1 << (close[-2] & ~_APART)
            keys.add(-mask << _SHIFT)
        table = self._of_concepts
        weights = tuple([(key, table[key]) for key in keys if key in table])
        self._patterns[pattern] = weights
        return weights


@attrs.define(eq=False)
class Weighed:
    """A text, weighed.

    Attributes:
        words: Its tokens.
        bounds: The number of the first token of each block, and at the end how many tokens there are.
        weights: The weight of each block.
        known: The concepts of its words, and of others.
        concepts: Number and weight of each token that adds weight because of its concept.
    """

    words: list[str]
    bounds: list[int]
    weights: list[int]
    known: dict[str, int]
    concepts: list[tuple[int, int]] = attrs.field(factory=list)

    def within(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return those of `concepts` from token *start* to before token *end*."""
        return self.concepts[bisect_left(self.concepts, (start,)) : bisect_left(self.concepts, (end,))]

    def named(self, start: int, end: int) -> list[int]:
        """Return the concepts of the words from token *start* to before token *end*, in order."""
        return [concept for word in self.words[start:end] if (concept := self.known.get(word))]


def _bounds(words: list[str]) -> list[int]:
    """Return the number of the first token of each block, and at the end how many tokens there are."""
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
    begins.append(size)
    return begins


def from_json(text: str) -> Model:
    """Return the model written down in *text*."""
    data: dict[str, Any] = json.loads(text)
    return Model(
        bias=data["bias"],
        disguised=data["disguised"],
        spans=tuple(data["spans"]),
        words=data["words"],
        pairs={tuple(pair.split(" ")): weight for pair, weight in data["pairs"].items()},
        **{name: _numbered(data[name]) for name in ("concepts", "openers", "near", "far", "triples")},
    )


def load() -> Model:
    """Read the model that ships with the package."""
    return from_json(files(__package__).joinpath("model.json").read_text("utf-8"))


def _numbered(weights: dict[str, int]) -> dict[int, int]:
    return {int(name): weight for name, weight in weights.items()}
