"""The linear model: weights as data, and the sum of them, fast.

The sums are those of `features.py`. What a piece of text becomes is remembered, up to a
limit, because a language uses the same words over and over.
"""

import json
from importlib.resources import files
from typing import Any, Final

import attrs

from reenact_injection.features import ENDS, FAR, LONGEST_BLOCK, NEAR, RECENT, SHORTEST_BLOCK
from reenact_injection.tokens import BOUND, PAIRS, SECONDS, expand

STEP: Final = 0.01
"""What one unit of a stored weight is worth, in log-odds."""

_REMEMBERED = 1 << 16
_SHIFT = 6
_PAIR_KEY, _FAR_KEY = 1 << 20, 1 << 21

Known = tuple[str, int, float, dict[str, float] | None, bool, bool]


@attrs.define(eq=False)
class Model:
    """Weights in log-odds.

    Attributes:
        bias: What every window starts with.
        words: Weight of a word.
        after: For a word, the weights of words right after it.
        concepts: Weight of each concept.
        openers: Weight of each concept that opens a sentence.
        near: Weight of two close concepts, at the smaller shifted left plus the larger.
        far: The same for concepts further apart.
        triples: Weight of three concepts by their bits.
    """

    bias: float
    words: dict[str, float]
    after: dict[str, dict[str, float]]
    concepts: dict[int, float]
    openers: dict[int, float]
    near: dict[int, float]
    far: dict[int, float]
    triples: dict[int, float]
    _memo: dict[str, tuple[Known, ...]] = attrs.field(factory=dict, init=False, repr=False)

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
        follow = self.after.get("\n")
        memo, index, size = self._memo, 0, LONGEST_BLOCK
        for piece in words:
            for word, concept, weight, after, second, ends in memo.get(piece) or self._learn(piece):
                if size >= SHORTEST_BLOCK and (ended or size >= LONGEST_BLOCK):
                    begins.append(index)
                    seen.clear()
                    size = 0
                total = 0.0
                if weight and word not in seen:
                    seen.add(word)
                    total = weight
                if follow is not None and word in follow and (previous, word) not in seen:
                    seen.add((previous, word))
                    total += follow[word]
                if second and not concept:
                    concept = PAIRS.get(f"{previous} {word}", 0)  # noqa: PLW2901 - the pair gives it one
                if concept and concept != BOUND:
                    total += self._concept(index, concept, before == BOUND, recent, seen)
                out.append(total)
                previous, before, follow, ended = word, concept, after, ends
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
            (word, concept, self.words.get(word, 0.0), self.after.get(word), word in SECONDS, word in ENDS)
            for word, concept in expand(piece)
        )
        self._memo[piece] = known
        return known


def from_json(text: str) -> Model:
    """Return the model written down in *text*."""
    data: dict[str, Any] = json.loads(text)
    return Model(
        bias=data["bias"] * STEP,
        words=_scaled(data["words"]),
        after={word: _scaled(after) for word, after in data["after"].items()},
        **{name: _numbered(data[name]) for name in ("concepts", "openers", "near", "far", "triples")},
    )


def load() -> Model:
    """Read the model that ships with the package."""
    return from_json(files(__package__).joinpath("model.json").read_text("utf-8"))


def _scaled(weights: dict[str, int]) -> dict[str, float]:
    return {name: weight * STEP for name, weight in weights.items()}


def _numbered(weights: dict[str, int]) -> dict[int, float]:
    return {int(name): weight * STEP for name, weight in weights.items()}
