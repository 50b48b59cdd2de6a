"""Where words go: results to stdout, everything said about them to stderr.

A pipe that nobody reads any more is no error: what is still said goes nowhere, and
a run that is under way is not disturbed by it.
"""

import json
import os
import sys
from typing import IO, TYPE_CHECKING, Any

from reenact_cli.words import clean_lines

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

PIPE_COLUMNS = 160
"""How wide tables are where there is no terminal."""


def say(text: str) -> None:
    """Print a result; *text* is clean already."""
    _write(sys.stdout, text)


def say_piece(text: str) -> None:
    """Print a piece of a result, without a line's end; *text* is clean already."""
    _write(sys.stdout, text, end="")


def tell(text: str) -> None:
    """Print a remark; *text* is clean already."""
    _write(sys.stderr, text)


def say_json(data: Any, *, indent: int | None = 2) -> None:
    """Print *data* as JSON, in characters that every terminal and log takes."""
    _write(
        sys.stdout,
        json.dumps(data, indent=indent, ensure_ascii=True, default=_spell).replace("\x7f", "\\u007f"),
    )


def tell_error(text: str) -> None:
    """Print an error of one or more lines."""
    tell(f"error: {clean_lines(text)}")


def _spell(value: object) -> str:
    return str(value)


def _write(stream: IO[str], text: str, *, end: str = "\n") -> None:
    try:
        stream.write(f"{text}{end}")
        stream.flush()
    except BrokenPipeError:
        silence(stream)


def silence(stream: IO[str]) -> None:
    """Have what is written to *stream* from now on go nowhere, also at the end of the process."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except OSError:
        pass  # not a real file, as in tests


def draw(picture: "RenderableType") -> None:
    """Print something of rich as a result; into a pipe without the blanks that fill its lines."""
    screen = console(sys.stdout)
    if sys.stdout.isatty():
        screen.print(picture)
        return
    with screen.capture() as captured:
        screen.print(picture)
    _write(sys.stdout, "\n".join(line.rstrip() for line in captured.get().rstrip("\n").split("\n")))


def console(stream: IO[str]) -> "Console":
    """Return a rich console that reads no markup and no emoji codes, and outlives a closed pipe."""
    from rich.console import Console

    class Screen(Console):
        def on_broken_pipe(self) -> None:
            self.quiet = True
            silence(stream)

    width = None if stream.isatty() else PIPE_COLUMNS
    return Screen(file=stream, markup=False, emoji=False, highlight=False, width=width, soft_wrap=False)
