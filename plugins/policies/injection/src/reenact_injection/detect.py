"""From a text to a finding: how suspicious it is, where, and by what signs.

Every reading of a text is cut into windows, every window is weighed, and the text is as
suspicious as its most suspicious window. Nothing is sampled and nothing is left out, however
long the text; an attack at its end weighs what it weighs at its beginning.
"""

import math
from collections.abc import Iterator
from functools import cache, cached_property
from operator import add
from typing import Final

import attrs

from reenact_injection import model as models
from reenact_injection.features import ENDS, SPANS
from reenact_injection.model import STEP, Weighed
from reenact_injection.normalise import readings
from reenact_injection.tokens import CONCEPTS, places
from reenact_injection.views import View

THRESHOLD: Final = 0.5
"""The score from which a text counts as an injection; see the README for what it costs."""

_STEEPEST = 50_000
"""As good as certain, in whole numbers of `STEP`."""
_SIGNALS = 8
_GUILTY = 0.25
"""Share of the weight of a window's worst sentence that makes another one part of the attack."""

_Window = tuple[int, int]
"""Number of the first block, number of the block after the last."""


@attrs.frozen
class Finding:
    """What the detector says of a text.

    Attributes:
        score: From 0 to 1; `THRESHOLD` is where about one harmless text in a hundred lies above.
        signals: What was undone to read it (``encoded``, ``leet``), then the concepts found.
    """

    score: float
    signals: tuple[str, ...] = ()
    _text: str = attrs.field(default="", repr=False)
    _limit: float = attrs.field(default=math.inf, repr=False)

    @cached_property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Where it is suspicious: first position and position after the last, in characters of the original.

        In order, not overlapping. Worked out when first asked for, which takes a second look at the text.
        """
        found: list[tuple[int, int]] = []
        for view, weighed, bias in _read(self._text):
            chosen = _chosen(weighed.weights, self._limit - bias, _model().spans)
            found += [view.origin(start, end) for start, end in _guilty(view, weighed, chosen)]
        return _merged(found)


def detect(text: str, threshold: float = THRESHOLD) -> Finding:
    """Judge *text*; never raises, whatever the text.

    Args:
        text: What a user, a document or a tool said.
        threshold: The score from which spans and signals are worked out.
    """
    limit = _logit(threshold) / STEP
    spans = _model().spans
    best = -_STEEPEST
    signals: list[str] = []
    for view, weighed, bias in _read(text):
        highest = _highest(weighed.weights, spans) + bias
        best = max(best, highest)
        if highest >= limit:
            signals += [*view.marks, *_concepts(weighed, _chosen(weighed.weights, limit - bias, spans))]
    if best < limit:
        return Finding(_sigmoid(best))
    return Finding(_sigmoid(best), tuple(dict.fromkeys(signals))[:_SIGNALS], text, limit)


def _read(text: str) -> Iterator[tuple[View, Weighed, int]]:
    """Yield the readings of *text*, weighed, each with what all its windows start with."""
    model = _model()
    for view in readings(text):
        bias = model.bias + model.disguised if view.disguised else model.bias
        yield view, model.weigh(view.pieces()), bias


@cache
def _model() -> models.Model:
    return models.load()


def _highest(weights: list[int], biases: tuple[int, ...]) -> int:
    """Return the log-odds of the most suspicious window of blocks that weigh so much."""
    if not weights:
        return -_STEEPEST
    alone, double = biases
    return max(max(weights) + alone, max(map(add, weights, weights[1:]), default=-_STEEPEST) + double)


def _chosen(weights: list[int], limit: float, biases: tuple[int, ...]) -> list[_Window]:
    """Return the windows at or over *limit* that do not overlap, the shorter ones first."""
    chosen: list[_Window] = []
    taken = bytearray(len(weights))
    sums = {1: weights, 2: list(map(add, weights, weights[1:]))}
    for size, bias in zip(SPANS, biases, strict=True):
        for at, weight in enumerate(sums[size]):
            if weight + bias >= limit and not any(taken[at : at + size]):
                taken[at : at + size] = b"\1" * size
                chosen.append((at, at + size))
    return chosen


def _guilty(view: View, weighed: Weighed, chosen: list[_Window]) -> Iterator[tuple[int, int]]:
    """Return where the windows stand in the view, without the harmless sentences at their ends."""
    found = places(view.text, view.pieces(), weighed.size)
    ends = weighed.bounds
    for begin_block, end_block in chosen:
        first, last = ends[begin_block], ends[end_block]
        sentences = list(_sentences(view.text, found, first, last)) or [(first, last)]
        if len(sentences) > 1:
            sums = _model().sums(weighed, begin_block, end_block)
            weights = [sum(sums[begin - first : end - first]) for begin, end in sentences]
            limit = max(weights) * _GUILTY
            guilty = [spot for spot, weight in zip(sentences, weights, strict=True) if weight >= limit]
            sentences = guilty or sentences
        yield found[sentences[0][0]][0], found[sentences[-1][1] - 1][1]


def _sentences(text: str, found: list[tuple[int, int]], first: int, last: int) -> Iterator[tuple[int, int]]:
    begin = first
    for at in [at for at in range(first, last) if text[found[at][0]] in ENDS]:
        start, end = found[at]
        line = text[start] == "\n"
        if line and at == begin:
            begin = at + 1
        elif line or end == len(text) or text[end].isspace():
            yield begin, at + (not line)
            begin = at + 1
    if begin < last:
        yield begin, last


def _merged(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _concepts(weighed: Weighed, chosen: list[_Window]) -> list[str]:
    ends = weighed.bounds
    found: dict[str, None] = {}
    for first, last in chosen[:_SIGNALS]:
        named = weighed.named(ends[first], ends[last])
        found.update(dict.fromkeys(CONCEPTS[concept].lower() for concept in named))
    return list(found)


def _sigmoid(margin: int) -> float:
    return 1 / (1 + math.exp(-max(-_STEEPEST, min(_STEEPEST, margin)) * STEP))


def _logit(score: float) -> float:
    if not 0 < score < 1:
        return math.inf if score >= 1 else -math.inf
    return math.log(score / (1 - score))
