"""From a text to a finding: how suspicious it is, where, and by what signs.

Every reading of a text is cut into windows, every window is weighed, and the text is as
suspicious as its most suspicious window. Nothing is sampled and nothing is left out, however
long the text; an attack at its end weighs what it weighs at its beginning.
"""

import math
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import accumulate
from operator import sub
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
        spans: First position and position after the last of what is suspicious, in
            characters of the original text, in order, not overlapping.
        signals: What was undone to read it (``encoded``, ``leet``), then the concepts found.
    """

    score: float
    spans: tuple[tuple[int, int], ...] = ()
    signals: tuple[str, ...] = ()


def detect(text: str, threshold: float = THRESHOLD) -> Finding:
    """Judge *text*; never raises, whatever the text.

    Args:
        text: What a user, a document or a tool said.
        threshold: The score from which spans and signals are worked out.
    """
    limit = _logit(threshold) / STEP
    model = _model()
    best = -_STEEPEST
    spans: list[tuple[int, int]] = []
    signals: list[str] = []
    for view in readings(text):
        weighed = model.weigh(view.pieces())
        bias = model.bias + model.disguised if view.disguised else model.bias
        heights = list(accumulate(weighed.weights, initial=bias))
        highest = _highest(heights, model.spans)
        best = max(best, highest)
        if highest >= limit:
            chosen = _chosen(heights, limit, model.spans)
            spans += [view.origin(start, end) for start, end in _guilty(view, weighed, chosen)]
            signals += [*view.marks, *_concepts(weighed, chosen)]
    return Finding(_sigmoid(best), _merged(spans), tuple(dict.fromkeys(signals))[:_SIGNALS])


@cache
def _model() -> models.Model:
    return models.load()


def _highest(heights: list[int], biases: tuple[int, ...]) -> int:
    """Return the log-odds of the most suspicious window; *heights* are the sums up to each block."""
    return heights[0] + max(
        [
            max(map(sub, heights[size:], heights)) + bias
            for size, bias in _sizes(min(len(heights) - 1, SPANS[-1]), biases)
        ],
        default=-_STEEPEST,
    )


@lru_cache(maxsize=SPANS[-1] + 1)
def _sizes(blocks: int, biases: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return how many blocks the windows of a text have, and what such a window starts with.

    Args:
        blocks: How many the text has; any number that is more than the longest window has will do for more.
        biases: What windows start with.
    """
    spans = [
        (span, bias) for span, bias in zip(SPANS, biases, strict=True) if span == 1 or blocks > span // 2
    ]
    return [(min(span, blocks), bias) for span, bias in spans] if blocks else []


def _chosen(heights: list[int], limit: float, biases: tuple[int, ...]) -> list[_Window]:
    """Return the shortest windows at or over *limit* that do not overlap."""
    blocks = len(heights) - 1
    chosen: list[_Window] = []
    taken = bytearray(blocks)
    for size, bias in _sizes(min(blocks, SPANS[-1]), biases):
        need = limit - heights[0] - bias
        for at, weight in enumerate(map(sub, heights[size:], heights)):
            if weight >= need and not any(taken[at : at + size]):
                taken[at : at + size] = b"\1" * size
                chosen.append((at, at + size))
    return chosen


def _guilty(view: View, weighed: Weighed, chosen: list[_Window]) -> Iterator[tuple[int, int]]:
    """Return where the windows stand in the view, without the harmless sentences at their ends."""
    found = places(view.text, view.pieces(), weighed.words)
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
