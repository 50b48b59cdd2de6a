"""An answer in one piece where a stream was asked for.

Some servers and gateways pass over the wish for a stream, and errors come so from many. Such
an answer is read as what it is, and handed on as a stream of one piece.
"""

from collections.abc import Iterator
from typing import Protocol

from reenact.llm import LlmEvent

from reenact_http.answer import Assembly
from reenact_http.lines import Frame


class ReadsWhole(Protocol):
    """What reads an answer that came whole."""

    def whole(self, data: bytes) -> Assembly:
        """Return what it says."""


class WholeFraming:
    """One frame: all that comes."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def feed(self, piece: bytes) -> Iterator[Frame]:
        """Yield nothing yet."""
        self._pieces.append(piece)
        yield from ()

    def end(self) -> Iterator[Frame]:
        """Yield all that came."""
        yield Frame(b"".join(self._pieces))


class WholeReader:
    """Reads an answer in one piece as a stream.

    Args:
        reader: What reads the answer.
    """

    def __init__(self, reader: ReadsWhole) -> None:
        self.ended = False
        self._reader = reader
        self._assembly: Assembly | None = None

    def whole(self, data: bytes) -> Assembly:
        """Return what the answer says."""
        return self._reader.whole(data)

    def event(self, frame: Frame) -> list[LlmEvent]:
        """Return the answer's text, as one piece."""
        self._assembly = self.whole(frame.data)
        text = self._assembly.response().text
        return [LlmEvent(type="text", text=text)] if text else []

    def end(self) -> Assembly | None:
        """Return what the answer says."""
        return self._assembly
