"""A text as detectors read it, and the way back to the text as it was given.

A view is made from another by edits: parts that are replaced, and all between
them unchanged. An edit is whole or not at all: a position inside it leads back
to its beginning or its end, so that a finding never cuts an escape in half.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from itertools import accumulate, chain, repeat
from operator import add, sub
from typing import NamedTuple

import attrs

Edit = tuple[int, int, str]
"""First position, position after the last, and what stands there instead."""


@attrs.frozen
class Layer:
    """The edits that led from one text to the next, in positions of both.

    Attributes:
        old_starts: Where each edit begins, before.
        old_ends: Where each ends, before.
        new_starts: Where each begins, after.
        new_ends: Where each ends, after.
    """

    old_starts: list[int]
    old_ends: list[int]
    new_starts: list[int]
    new_ends: list[int]

    def start(self, position: int) -> int:
        """Return where the character at *position* began before the edits."""
        before = bisect_right(self.new_ends, position) - 1
        if before + 1 < len(self.new_starts) and self.new_starts[before + 1] <= position:
            return self.old_starts[before + 1]
        return position if before < 0 else self.old_ends[before] + position - self.new_ends[before]

    def end(self, position: int) -> int:
        """Return where the character before *position* ended before the edits."""
        last = position - 1
        before = bisect_right(self.new_ends, last) - 1
        if before + 1 < len(self.new_starts) and self.new_starts[before + 1] <= last:
            return self.old_ends[before + 1]
        return position if before < 0 else self.old_ends[before] + position - self.new_ends[before]


@attrs.define
class Letters:
    """The way back where many single characters became none or several; found out when it is asked for.

    Attributes:
        new_chars: For each character how many stand for it.
    """

    new_chars: Callable[[], Iterable[int]]
    _ends: list[int] | None = None

    def start(self, position: int) -> int:
        """Return where the character at *position* began before."""
        return bisect_right(self._new_ends(), position)

    def end(self, position: int) -> int:
        """Return where the character before *position* ended before."""
        return bisect_right(self._new_ends(), position - 1) + 1

    def _new_ends(self) -> list[int]:
        if self._ends is None:
            self._ends = list(accumulate(self.new_chars()))
        return self._ends


class View(NamedTuple):
    """A text and the layers between it and the original, the newest last.

    Attributes:
        text: What detectors read.
        layers: How it came about.
        hidden: Whether the writer took pains to hide the value (spelled it out, spaced it).
    """

    text: str
    layers: tuple[Layer | Letters, ...] = ()
    hidden: bool = False

    def back(self, start: int, end: int) -> tuple[int, int]:
        """Return the positions in the original of what stands at *start* to *end* here."""
        if start == end:
            return start, end
        for layer in reversed(self.layers):
            start, end = layer.start(start), layer.end(end)
        return start, end

    def touched(self, start: int, end: int, since: int) -> bool:
        """Say whether any layer after the first *since* changed anything from *start* to *end*."""
        for layer in reversed(self.layers[since:]):
            if isinstance(layer, Letters):
                return True  # all over the text, by the folding, of which nobody asks
            after = bisect_right(layer.new_ends, start)
            if after < len(layer.new_starts) and layer.new_starts[after] < end:
                return True
            start, end = layer.start(start), layer.end(end)
        return False

    def near_changes(self, reach: int) -> "View":
        """Return the view with a new line for all that is farther than *reach* from the newest changes."""
        layer = self.layers[-1]
        if isinstance(layer, Letters):
            return self
        starts = map(sub, chain(layer.new_starts, (len(self.text) + reach,)), repeat(reach))
        ends = map(add, chain((-reach,), layer.new_ends), repeat(reach))
        return self.edited(
            [(end, start, "\n") for end, start in zip(ends, starts, strict=True) if start > end]
        )

    def edited(self, edits: Iterable[Edit], *, hidden: bool = False) -> "View":
        """Return the view after *edits*, which are in order and do not overlap."""
        listed = list(edits)
        if not listed:
            return self
        return self.replaced(
            [edit[0] for edit in listed],
            [edit[1] for edit in listed],
            [edit[2] for edit in listed],
            hidden=hidden,
        )

    def replaced(
        self, old_starts: list[int], old_ends: list[int], texts: list[str], *, hidden: bool = False
    ) -> "View":
        """Return what `edited` does after edits, one at least; each list has a part of all of them."""
        gone = map(sub, old_ends, old_starts)
        if any(texts):
            sizes = list(map(len, texts))
            new_ends = list(map(sub, old_ends, accumulate(map(sub, gone, sizes))))
            new_starts = list(map(sub, new_ends, sizes))
        else:
            new_starts = new_ends = list(map(sub, old_ends, accumulate(gone)))
        text = self._joined(old_starts, old_ends, texts)
        layer = Layer(old_starts, old_ends, new_starts, new_ends)
        return View(text, (*self.layers, layer), self.hidden or hidden)

    def _joined(self, starts: list[int], ends: list[int], texts: list[str]) -> str:
        text = self.text
        kept = [text[a:b] for a, b in zip(chain((0,), ends), starts, strict=False)]
        pieces = map(add, kept, texts) if any(texts) else kept
        return "".join(pieces) + text[ends[-1] :]
