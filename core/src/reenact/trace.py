"""Who is running: trace ids, span ids, and what carries them.

A run has one trace id (W3C Trace Context: 32 hex digits). A span is one attempt
of one step; its id is derived from run, path and attempt, so that exporting a
run twice gives the same spans. The current step travels in a context variable,
from which log records and outgoing requests take it.
"""

import contextvars
import datetime as dt
import hashlib
import logging
import re
import secrets
from collections.abc import Callable

import attrs

TRACE_ID_HEX = 32
SPAN_ID_HEX = 16

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_TRACEPARENT_CHARS = 512


@attrs.frozen
class TraceContext:
    """Where a piece of work stands in its trace.

    Attributes:
        trace_id: 32 hex digits, the same for all that a run causes.
        run_id: The run.
        path: The step in the run; empty for the run itself.
        attempt: Which try of the step, from 1.
    """

    trace_id: str
    run_id: str
    path: str = ""
    attempt: int = 1

    @property
    def span_id(self) -> str:
        """The span's id: 16 hex digits, the same whenever it is asked for."""
        return span_id(self.run_id, self.path, self.attempt)

    @property
    def traceparent(self) -> str:
        """The W3C header that tells a server which trace its work belongs to."""
        return f"00-{self.trace_id}-{self.span_id}-01"


current_trace: contextvars.ContextVar[TraceContext | None] = contextvars.ContextVar(
    "reenact_trace", default=None
)


def new_trace_id(draw: Callable[[int], str] = secrets.token_hex) -> str:
    """Return a new trace id, never all zeros, which the standard forbids.

    Args:
        draw: Returns so many random bytes in hex.
    """
    return draw(TRACE_ID_HEX // 2 - 1) + f"{int(draw(1), 16) % 255 + 1:02x}"


def span_id(run_id: str, path: str, attempt: int) -> str:
    """Return the span id of one attempt of one step."""
    seed = f"{run_id}\n{path}\n{attempt}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(seed).hexdigest()[:SPAN_ID_HEX]


def parse_traceparent(header: str | None) -> str | None:
    """Return the trace id of a W3C ``traceparent`` header, or None if it is not a valid one.

    Strict, as https://www.w3.org/TR/trace-context/ asks: version ``ff``, zero ids and
    anything malformed or over 512 characters start a new trace instead.
    """
    if header is None or len(header) > _TRACEPARENT_CHARS:
        return None
    match = _TRACEPARENT.fullmatch(header)
    if match is None or match[1] == "ff" or (match[1] == "00" and match[5]):
        return None
    if set(match[2]) == {"0"} or set(match[3]) == {"0"}:
        return None
    return match[2]


def iso_time(at_ns: int) -> str:
    """Spell a time in nanoseconds since the epoch as ISO 8601, UTC, to the millisecond."""
    at = dt.datetime.fromtimestamp(at_ns / 1e9, tz=dt.UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# C0 and C1 controls, line and paragraph separators, bidi controls and marks, zero-width and tag characters.
_CONTROLS = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


_LATIN = 0xFF


def neutral(text: str, *, keep_newlines: bool = False) -> str:
    """Return *text* with every control character spelled out, safe for a terminal or a log line."""

    def spell(match: re.Match[str]) -> str:
        char = match[0]
        if keep_newlines and char == "\n":
            return char
        code = ord(char)
        return {"\n": "\\n", "\r": "\\r"}.get(char) or (
            f"\\x{code:02x}" if code <= _LATIN else f"\\u{code:04x}"
        )

    return _CONTROLS.sub(spell, text)


class TraceFilter(logging.Filter):
    """Adds ``trace_id``, ``run_id`` and ``step`` to every record that passes, and refuses none.

    .. code-block:: python

        handler.addFilter(TraceFilter())
        handler.setFormatter(logging.Formatter("%(trace_id)s %(step)s %(message)s"))
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Stamp *record* with the current step."""
        here = current_trace.get()
        record.trace_id = here.trace_id if here else "-"
        record.run_id = here.run_id if here else "-"
        record.step = here.path if here else "-"
        return True


class NeutralFormatter(logging.Formatter):
    """A text formatter whose lines cannot be broken or coloured by what they quote."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, controls spelled out."""
        return neutral(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, trace_id, run_id, step."""

    def format(self, record: logging.LogRecord) -> str:
        """Return *record* as one line of JSON."""
        import json

        fields = {
            "at": iso_time(int(record.created * 1e9)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "trace_id": getattr(record, "trace_id", "-"),
            "run_id": getattr(record, "run_id", "-"),
            "step": getattr(record, "step", "-"),
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=True)
