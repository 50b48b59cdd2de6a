"""Two texts side by side: which lines differ, and which words in them.

Prompts are prose: often one paragraph is one line, and one word of it has changed. So
lines that took each other's place are compared word by word. Aligning is quadratic at
worst; texts that are too long or too unlike for it are set beside each other in whole.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Literal, TypeAlias

import attrs

Op: TypeAlias = Literal[" ", "-", "+", "…"]

CELLS_MAX = 1_000_000
"""The most comparisons that one alignment may cost."""

CONTEXT_LINES = 2
ALIKE_LEAST = 0.3
"""How alike two lines must be for their words to be compared."""

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


@attrs.frozen
class Span:
    """A piece of a line.

    Attributes:
        text: The piece.
        changed: Whether the other side does not have it.
    """

    text: str
    changed: bool = False


@attrs.frozen
class Line:
    """A line of a text diff.

    Attributes:
        op: `` `` in both, ``-`` only in the first, ``+`` only in the second, ``…`` lines left out.
        spans: Its pieces; of lines left out, how many they are.
    """

    op: Op
    spans: Sequence[Span]

    @property
    def text(self) -> str:
        """The whole line."""
        return "".join(span.text for span in self.spans)


def diff_texts(a: str, b: str, *, context: int = CONTEXT_LINES) -> list[Line]:
    """Return the lines in which two texts differ, with *context* lines around; none if they are the same.

    Args:
        a: The first text.
        b: The second.
        context: How many lines around a difference are kept.
    """
    if a == b:
        return []
    lines = [
        line
        for op, a_part, b_part in _opcodes(a.split("\n"), b.split("\n"))
        for line in _lines(op, a_part, b_part)
    ]
    return _without_far_context(lines, context)


def unified(lines: Sequence[Line]) -> str:
    """Return a text diff as text, a sign before each line."""
    return "\n".join(f"{line.op}{line.text}" for line in lines)


def opcodes(a: Sequence[str], b: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """Return how *a* becomes *b*, as `difflib` does; the same the other way round.

    What both begin and end with is not looked at again, and what would cost too much is
    replaced in whole.
    """
    start = _common(a, b)
    end = _common(a[start:][::-1], b[start:][::-1])
    mid_a, mid_b = a[start : len(a) - end], b[start : len(b) - end]
    made = [("equal", 0, start, 0, start)] if start else []
    made += [
        (op, start + i1, start + i2, start + j1, start + j2) for op, i1, i2, j1, j2 in _middle(mid_a, mid_b)
    ]
    if end:
        made.append(("equal", len(a) - end, len(a), len(b) - end, len(b)))
    return made


def _middle(a: Sequence[str], b: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    if not a and not b:
        return []
    if not a or not b or len(a) * len(b) > CELLS_MAX:
        op = "insert" if not a else "delete" if not b else "replace"
        return [(op, 0, len(a), 0, len(b))]
    if tuple(a) > tuple(b):  # difflib is not the same both ways
        return [(_SWAPPED[op], i1, i2, j1, j2) for op, j1, j2, i1, i2 in _matched(b, a)]
    return _matched(a, b)


_SWAPPED = {"insert": "delete", "delete": "insert", "replace": "replace", "equal": "equal"}


def _matched(a: Sequence[str], b: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    return [tuple(code) for code in SequenceMatcher(None, a, b, autojunk=False).get_opcodes()]  # type: ignore[misc]


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    count = 0
    for one, other in zip(a, b, strict=False):
        if one != other:
            break
        count += 1
    return count


def _opcodes(a: Sequence[str], b: Sequence[str]) -> list[tuple[str, Sequence[str], Sequence[str]]]:
    return [(op, a[i1:i2], b[j1:j2]) for op, i1, i2, j1, j2 in opcodes(a, b)]


def _lines(op: str, a: Sequence[str], b: Sequence[str]) -> list[Line]:
    if op == "equal":
        return [Line(" ", [Span(text)]) for text in a]
    pairs = list(zip(a, b, strict=False)) if len(a) == len(b) else []
    if not pairs:
        return [*(_whole("-", text) for text in a), *(_whole("+", text) for text in b)]
    removed, added = [], []
    for one, other in pairs:
        first, second = _words(one, other)
        removed.append(Line("-", first))
        added.append(Line("+", second))
    return [*removed, *added]


def _whole(op: Op, text: str) -> Line:
    return Line(op, [Span(text, True)])


def _words(a: str, b: str) -> tuple[list[Span], list[Span]]:
    """Return both lines in pieces, those marked which the other does not have."""
    words_a, words_b = _WORDS.findall(a), _WORDS.findall(b)
    first: list[Span] = []
    second: list[Span] = []
    same = 0
    for op, a_part, b_part in _opcodes(words_a, words_b):
        text_a, text_b = "".join(a_part), "".join(b_part)
        same += 2 * len(text_a) if op == "equal" else 0
        first += [Span(text_a, op != "equal")] if text_a else []
        second += [Span(text_b, op != "equal")] if text_b else []
    if same < ALIKE_LEAST * (len(a) + len(b)):
        return [Span(a, True)], [Span(b, True)]
    return first, second


def _without_far_context(lines: Sequence[Line], context: int) -> list[Line]:
    """Leave out lines that both have and that are further than *context* from a difference."""
    keep = {
        near
        for at, line in enumerate(lines)
        if line.op != " "
        for near in range(at - context, at + context + 1)
    }
    made: list[Line] = []
    skipped = 0
    for at, line in enumerate(lines):
        if at in keep:
            made += [_left_out(skipped)] if skipped else []
            made.append(line)
            skipped = 0
        else:
            skipped += 1
    return [*made, *([_left_out(skipped)] if skipped else [])]


def _left_out(count: int) -> Line:
    return Line("…", [Span(f"{count} line{'' if count == 1 else 's'} the same")])
