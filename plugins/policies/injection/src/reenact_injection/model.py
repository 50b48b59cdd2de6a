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
from collections.abc import Callable, Sequence
from importlib.resources import files
from itertools import compress, pairwise, repeat
from operator import getitem
from typing import Any, Final

import attrs

from reenact_injection.features import LONGEST_BLOCK, SHORTEST_BLOCK
from reenact_injection.index import END, Index, Vocabulary
from reenact_injection.tokens import BOUND

STEP: Final = 0.01
"""What one unit of a stored weight is worth, in log-odds."""

_NONE: Final = repeat(0)


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
        openers: Weight of each concept that is the first of a sentence, clause or line.
        near: Weight of a concept and the next one, at the smaller shifted left plus the larger.
        far: The same for concepts further apart.
        triples: Weight of three concepts in a row, by their bits.
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
    _index: Index = attrs.field(init=False, repr=False)
    _seen: Vocabulary = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Number all features."""
        self._index = Index(self.words, self.pairs, self.concepts)
        self._index.add_openers(self.openers)
        self._index.add_near(self.near)
        self._index.add_far(self.far)
        self._index.add_triples(self.triples)
        self._seen = Vocabulary(self._index)

    def weigh(self, pieces: list[str]) -> "Weighed":
        """Weigh a folded text, cut into words and signs, block by block."""
        index, seen = self._index, self._seen
        if seen.full:
            self._seen = seen = Vocabulary(index)
        numbers = seen.numbers(pieces)
        nexts = map(index.nexts.__getitem__, [index.start, *numbers])
        kinds = index.kinds_of(numbers)
        spots = list(compress(range(len(kinds)), kinds))
        concepts = list(filter(None, kinds))
        before = [END, *concepts]
        third, second = [0, 0, *before], [0, *before]
        far = index.far.__getitem__
        ends = map(getitem, map(index.triples.__getitem__, before), concepts)
        weighed = Weighed(
            bounds=_bounds(len(numbers), spots, concepts),
            words=(numbers, list(map(dict.get, nexts, numbers, _NONE))),
            spots=spots,
            concepts=(
                concepts,
                list(map(getitem, map(index.near.__getitem__, before), concepts)),
                list(map(getitem, map(far, second), concepts)),
                list(map(getitem, map(far, third), concepts)),
                list(map(dict.get, ends, second, _NONE)),
            ),
        )
        weighed.weights = _weights(weighed, index.weights.__getitem__)
        return weighed

    def sums(self, weighed: "Weighed", first: int = 0, last: int | None = None) -> list[int]:
        """Return the weight of each token of some blocks, every feature counted once in a block.

        Args:
            weighed: The text.
            first: The number of the first block.
            last: The number of the block after the last; all to the end if it is None.
        """
        bounds = weighed.bounds[first : None if last is None else last + 1]
        sums = [0] * (bounds[-1] - bounds[0])
        weights = self._index.weights
        for begin, end in pairwise(bounds):
            for feature, at in weighed.places(begin, end).items():
                sums[at - bounds[0]] += weights[feature]
        return sums


_Numbers = Sequence[int]
"""Numbers of features; 0 where there is no such feature."""


@attrs.define(eq=False)
class Weighed:
    """A text, weighed.

    Attributes:
        bounds: The number of the first token of each block, and at the end how many tokens there are.
        words: Numbers of the tokens, and of the pairs that they end.
        spots: The number of each token that has a concept or ends something.
        concepts: What those are, and the numbers of what they end.
        weights: The weight of each block.
    """

    bounds: list[int]
    words: tuple[_Numbers, ...]
    spots: list[int]
    concepts: tuple[_Numbers, ...]
    weights: list[int] = attrs.field(factory=list)

    @property
    def size(self) -> int:
        """How many tokens it has."""
        return len(self.words[0])

    def places(self, begin: int, end: int) -> dict[int, int]:
        """Return the features from token *begin* to before token *end*, and the first token of each."""
        first, last = bisect_left(self.spots, begin), bisect_left(self.spots, end)
        found: dict[int, int] = {}
        for part in self.words:
            found.update(zip(part[begin:end][::-1], range(end - 1, begin - 1, -1), strict=True))
        for part in self.concepts:
            found.update(zip(part[first:last][::-1], self.spots[first:last][::-1], strict=True))
        found.pop(0, None)
        return found

    def named(self, begin: int, end: int) -> list[int]:
        """Return the concepts from token *begin* to before token *end*, in order."""
        first, last = bisect_left(self.spots, begin), bisect_left(self.spots, end)
        return [kind for kind in self.concepts[0][first:last] if kind and kind not in (BOUND, END)]


def _weights(weighed: Weighed, weight_of: Callable[[int], int]) -> list[int]:
    """Return the weight of each block: of each feature in it, once."""
    words, pairs = weighed.words
    one, two, three, four, five = weighed.concepts
    weights = []
    begin = first = 0
    for end in weighed.bounds[1:]:
        last = bisect_left(weighed.spots, end, first)
        found = {
            *words[begin:end], *pairs[begin:end],
            *one[first:last], *two[first:last], *three[first:last], *four[first:last], *five[first:last],
        }  # fmt: skip
        weights.append(sum(map(weight_of, found)))
        begin, first = end, last
    return weights


def _bounds(size: int, spots: list[int], concepts: list[int]) -> list[int]:
    """Return the number of the first token of each block, and at the end how many tokens there are."""
    begins: list[int] = []
    begin = 0
    for end in [spot + 1 for spot, concept in zip(spots, concepts, strict=True) if concept == END]:
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
