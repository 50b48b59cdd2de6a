"""Lines for a terminal: pieces with a style each, cut and wrapped to its width.

What comes from a journal is neutralised here, once and for all. Colour is a matter of the
terminal: without one the same lines are printed bare, so they must read well without.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import attrs
from reenact_cli.plugin import clean, console, say
from rich.cells import cell_len, chop_cells
from rich.text import Text

from reenact_inspect.texts import Line, Span
from reenact_inspect.values import Change

Piece: TypeAlias = tuple[str, str]
"""Text and its style."""

WIDTH_LEAST = 40
PIPE_COLUMNS = 100
VALUE_LINES_MAX = 12
_SAME_CHARS_MAX = 48
_SAME_CHARS_KEPT = 20

REMOVED, ADDED, DIM, BOLD = "red", "green", "dim", "bold"


@attrs.define
class Page:
    """What a command shows.

    Attributes:
        width: How many columns there are.
        rows: The lines so far.
    """

    width: int = 80
    rows: list[list[Piece]] = attrs.field(factory=list)

    def add(self, *pieces: Piece | str) -> None:
        """Add a line; what does not fit is cut off, with a sign."""
        self.rows.append(_cut([_piece(one) for one in pieces], self.width))

    def gap(self) -> None:
        """Add an empty line, unless there is one."""
        if self.rows and self.rows[-1]:
            self.rows.append([])

    def wrapped(self, pieces: Sequence[Piece | str], *, indent: int = 0, hang: int = 0) -> None:
        """Add a line that goes on in the next ones where it does not fit.

        Args:
            pieces: What it is made of.
            indent: Columns before the first line.
            hang: Further columns before the others.
        """
        room = max(self.width - indent - hang, WIDTH_LEAST // 2)
        for number, row in enumerate(_wrap([_piece(one) for one in pieces], room)):
            self.rows.append([(" " * (indent + (hang if number else 0)), ""), *row])

    def text(self) -> str:
        """Return the page without styles."""
        return "\n".join("".join(text for text, _ in row).rstrip() for row in self.rows)


def show(page: Page, stream: Any) -> None:
    """Print a page: with colours on a terminal, bare elsewhere."""
    if not stream.isatty():
        say(page.text())
        return
    screen = console(stream)
    for row in page.rows:
        screen.print(Text.assemble(*row, no_wrap=True, overflow="crop"))


def new_page(stream: Any) -> Page:
    """Return an empty page as wide as the terminal."""
    return Page(max(console(stream).width, WIDTH_LEAST) if stream.isatty() else PIPE_COLUMNS)


def _piece(one: Piece | str) -> Piece:
    text, style = (one, "") if isinstance(one, str) else one
    return clean(text), style


def _cut(pieces: Sequence[Piece], width: int) -> list[Piece]:
    if sum(cell_len(text) for text, _ in pieces) <= width:
        return list(pieces)
    made: list[Piece] = []
    room = width - 1
    for text, style in pieces:
        kept = chop_cells(text, room)[0] if cell_len(text) > room > 0 else text[: max(room, 0)]
        made.append((kept, style))
        room -= cell_len(kept)
        if room <= 0 or kept != text:
            break
    return [*made, ("…", DIM)]


def _wrap(pieces: Sequence[Piece], width: int) -> Iterator[list[Piece]]:
    """Yield lines no wider than *width*, broken between words where that is possible."""
    row: list[Piece] = []
    room = width
    for word, style in _words(pieces):
        if cell_len(word) > room and row:
            yield row
            row, room = [], width
            if word.isspace():
                continue
        for part in chop_cells(word, width) if cell_len(word) > width else [word]:
            if cell_len(part) > room:
                yield row
                row, room = [], width
            row.append((part, style))
            room -= cell_len(part)
    yield row


def _words(pieces: Sequence[Piece]) -> Iterator[Piece]:
    for text, style in pieces:
        start = 0
        for at in range(1, len(text) + 1):
            if at == len(text) or (text[at] == " ") != (text[at - 1] == " "):
                yield text[start:at], style
                start = at


# --- differences ----------------------------------------------------------------------------------


def add_changes(page: Page, changes: Iterable[Change], *, indent: int = 2) -> None:
    """Add the places in which two values differ."""
    for change in changes:
        page.wrapped([(place(change.at), BOLD)], indent=indent, hang=2)
        lines = change.lines
        if lines:
            add_lines(page, lines, indent=indent + 2)
            continue
        if change.how != "added":
            _add_value(page, "-", change.a, indent + 2)
        if change.how != "removed":
            _add_value(page, "+", change.b, indent + 2)


def place(at: str) -> str:
    """Return a place in a value as people read it."""
    spelled = at.removeprefix("$").removeprefix(".").removesuffix(".parts[0].text")
    return spelled or "value"


def add_lines(page: Page, lines: Iterable[Line], *, indent: int) -> None:
    """Add the lines of a text diff."""
    for line in lines:
        style = {"-": REMOVED, "+": ADDED}.get(line.op, DIM)
        pieces: list[Piece | str] = [(f"{line.op} ", style)]
        for span in _shortened(line.spans):
            emphasis = f"{style} bold" if span.changed and line.op in "-+" else style
            pieces.append((span.text, emphasis))
        page.wrapped(pieces, indent=indent, hang=2)


def _shortened(spans: Sequence[Span]) -> Iterator[Span]:
    """Yield the pieces of a line, those in the middle left out that both sides have and that are long."""
    last = len(spans) - 1
    for number, span in enumerate(spans):
        if span.changed or last == 0 or len(span.text) <= _SAME_CHARS_MAX:
            yield span
            continue
        head = span.text[:_SAME_CHARS_KEPT] if number else ""
        tail = span.text[-_SAME_CHARS_KEPT:] if number < last else ""
        yield Span(f"{head}…{tail}")


def _add_value(page: Page, sign: str, value: Any, indent: int) -> None:
    style = REMOVED if sign == "-" else ADDED
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    lines = text.split("\n")
    for line in lines[:VALUE_LINES_MAX]:
        page.wrapped([(f"{sign} ", style), (line, style)], indent=indent, hang=2)
    if len(lines) > VALUE_LINES_MAX:
        page.add(" " * indent, (f"… {len(lines) - VALUE_LINES_MAX} more lines", DIM))
