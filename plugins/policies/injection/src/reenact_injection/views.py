"""A text as the detector reads it, with the way back to the text as it was written.

Every step of the normaliser makes a new view of the view before it. A view remembers
how its characters came about and works out where they stand in the original only when
it is asked: most texts are harmless, and nobody asks.
"""

import re
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from re import Match, Pattern

import attrs

from reenact_injection.tokens import pieces

Offsets = tuple[Sequence[int], Sequence[int]]
"""For each character of a view, where its source begins and ends in the original, in characters."""

_ITEM = "q"
_FEW = 8
_PART = 8


@attrs.define(eq=False)
class View:
    """One reading of a text.

    Attributes:
        text: What the detector reads.
        marks: Names of the obfuscations that were undone to get here, without repeats.
        undone: How many characters were written another way.
    """

    text: str
    marks: tuple[str, ...]
    _locate: Callable[[], Offsets] = attrs.field(repr=False)
    undone: int = 0
    _offsets: Offsets | None = attrs.field(default=None, init=False, repr=False)
    _pieces: list[str] | None = attrs.field(default=None, init=False, repr=False)

    @property
    def disguised(self) -> bool:
        """Whether a good part of it was written another way."""
        return self.undone >= _FEW and self.undone * _PART >= len(self.text)

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return where ``text[start:end]`` stands in the original.

        Args:
            start: First position in the view.
            end: Position after the last, greater than *start*.
        """
        starts, ends = self.offsets()
        if isinstance(starts, range):
            return start, end
        return min(starts[start:end]), max(ends[start:end])

    def pieces(self) -> list[str]:
        """Return the words and signs of it; cut at the first call."""
        if self._pieces is None:
            self._pieces = pieces(self.text)
        return self._pieces

    def offsets(self) -> Offsets:
        """Return the offsets of all characters; computed at the first call."""
        if self._offsets is None:
            self._offsets = self._locate()
        return self._offsets


def whole(text: str) -> View:
    """Return the view that is the original itself."""
    return View(text, (), lambda: (range(len(text)), range(1, len(text) + 1)))


def mapped(parent: View, fold: Callable[[str], str], text: str, undone: int = 0) -> View:
    """Return *text*, which is *parent* with *fold* put to each of its characters.

    Args:
        parent: The view to change.
        fold: What a character becomes.
        text: What all of them became.
        undone: How many of them were a disguise.
    """

    def locate() -> Offsets:
        sizes = {} if parent.text.isascii() else {char: len(fold(char)) for char in set(parent.text)}
        odd = "".join(char for char, size in sizes.items() if size != 1)
        if not odd:
            return parent.offsets()
        found = re.finditer(f"[{re.escape(odd)}]", parent.text)
        return _edited(parent, [(match.start(), match.end(), sizes[match[0]]) for match in found])

    return View(text, parent.marks, locate, parent.undone + undone)


def replaced(parent: View, pattern: Pattern[str], new: Callable[[Match[str]], str | None], mark: str) -> View:
    """Return *parent* with what *pattern* finds replaced; *parent* itself if nothing was.

    Args:
        parent: The view to change.
        pattern: What to look for.
        new: The replacement for a match, or None to leave it.
        mark: The name of the obfuscation undone.
    """
    found = [(match, text) for match in pattern.finditer(parent.text) if (text := new(match)) is not None]
    return _replaced(parent, [(*match.span(), text) for match, text in found if text != match[0]], mark)


def reworded(parent: View, pattern: Pattern[str], meant: Mapping[str, str], mark: str) -> View:
    """Return what `replaced` does, given what the texts that *pattern* finds mean."""
    if not meant:
        return parent
    found = [match for match in pattern.finditer(parent.text) if match[0] in meant]
    return _replaced(parent, [(*match.span(), meant[match[0]]) for match in found], mark)


def _replaced(parent: View, finds: list[tuple[int, int, str]], mark: str) -> View:
    if not finds:
        return parent
    pieces: list[str] = []
    done = 0
    for start, end, text in finds:
        pieces += (parent.text[done:start], text)
        done = end
    pieces.append(parent.text[done:])
    edits = [(start, end, len(text)) for start, end, text in finds]
    undone = parent.undone + sum(size for _, _, size in edits)
    return View("".join(pieces), _with(parent.marks, mark), lambda: _edited(parent, edits), undone)


def extracted(parent: View, finds: Iterable[tuple[int, int, str]], gap: str, mark: str) -> View:
    """Return what was hidden in stretches of *parent*, joined by *gap*.

    Args:
        parent: Where it was found.
        finds: First position, position after the last, and what was hidden there.
        gap: Text put after each find.
        mark: The name of the obfuscation undone.
    """
    found = list(finds)

    def locate() -> Offsets:
        out = array(_ITEM), array(_ITEM)
        for start, end, text in found:
            first, last = parent.origin(start, end)
            size = len(text) + len(gap)
            out[0].extend([first] * size)
            out[1].extend([last] * size)
        return out

    text = "".join(text + gap for _, _, text in found)
    return View(text, _with(parent.marks, mark), locate, parent.undone + len(text))


def _edited(parent: View, edits: list[tuple[int, int, int]]) -> Offsets:
    starts, ends = parent.offsets()
    out = array(_ITEM), array(_ITEM)
    done = 0
    for start, end, size in edits:
        out[0].extend(starts[done:start])
        out[1].extend(ends[done:start])
        out[0].extend([min(starts[start:end])] * size)
        out[1].extend([max(ends[start:end])] * size)
        done = end
    out[0].extend(starts[done:])
    out[1].extend(ends[done:])
    return out


def _with(marks: tuple[str, ...], mark: str) -> tuple[str, ...]:
    return marks if mark in marks else (*marks, mark)
