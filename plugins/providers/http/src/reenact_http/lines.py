"""Event streams out of bytes, however the bytes were cut.

Lines end at LF, CR or CRLF and nowhere else. Text decoders of HTTP libraries also cut at
U+2028, U+2029 and U+0085, which JSON may hold raw. So lines are cut as bytes: their ends
are ASCII, and a character that two pieces share is whole again before anyone decodes it.

httpx-sse 0.4.3 cuts lines rightly and is not used: it decodes by the charset a server
claims, keeps a byte order mark, and holds an event back that ends with CR.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import re
from collections.abc import Iterator
from typing import Protocol

import attrs

_LINE_END = re.compile(rb"\r\n|\r|\n")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@attrs.frozen
class Frame:
    """One message of a stream.

    Attributes:
        data: Its content, UTF-8. An event's name is left out: every vendor repeats it in the content.
    """

    data: bytes


class Framing(Protocol):
    """Cuts a stream into frames."""

    def feed(self, piece: bytes) -> Iterator[Frame]:
        """Yield the frames that *piece* completes."""

    def end(self) -> Iterator[Frame]:
        """Yield what the end of the stream completes."""


class LineReader:
    """Cuts bytes into lines."""

    def __init__(self) -> None:
        self._pending: list[bytes] = []  # joined once a line ends, or a long line would cost its square
        self._after_cr = False

    def feed(self, piece: bytes) -> list[bytes]:
        """Return the lines that *piece* completes, without their ends."""
        if not piece:
            return []
        if self._after_cr and piece.startswith(b"\n"):
            piece = piece[1:]  # the rest of a CRLF; its line was handed on at the CR
            self._after_cr = False
            return self.feed(piece)
        self._after_cr = piece.endswith(b"\r")
        first, *lines = _LINE_END.split(piece)
        self._pending.append(first)
        if not lines:
            return []
        lines.insert(0, self.rest())
        self._pending.append(lines.pop())
        return lines

    def rest(self) -> bytes:
        """Return, and forget, the line that has not ended."""
        line = b"".join(self._pending)
        self._pending.clear()
        return line


class SseFraming:
    """Server-sent events; an event without the empty line after it has not happened."""

    def __init__(self) -> None:
        self._lines = LineReader()
        self._first = True
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> Iterator[Frame]:
        """Yield the events that *piece* completes."""
        for line in self._lines.feed(piece):
            if self._first:
                self._first = False
                line = line.removeprefix(_BYTE_ORDER_MARK)  # noqa: PLW2901  # it is no part of the line
            if line:
                self._field(line)
            elif self._data:
                yield Frame(b"\n".join(self._data))
                self._data.clear()

    def end(self) -> Iterator[Frame]:
        """Yield nothing: what is not complete was cut off."""
        yield from ()

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")  # a comment is a field without a name
        if name == b"data":
            self._data.append(value.removeprefix(b" "))


class NdjsonFraming:
    """One JSON value a line; the last may lack its line's end."""

    def __init__(self) -> None:
        self._lines = LineReader()

    def feed(self, piece: bytes) -> Iterator[Frame]:
        """Yield the values that *piece* completes."""
        return _filled(self._lines.feed(piece))

    def end(self) -> Iterator[Frame]:
        """Yield the last line, if anything is in it."""
        return _filled([self._lines.rest()])


def _filled(lines: list[bytes]) -> Iterator[Frame]:
    return (Frame(line) for line in lines if line.strip())
