"""Figures and foreign text, as people read them.

Whatever comes from a journal, a model or a file name goes through `clean` before it
reaches a terminal: control sequences in it are spelled out, never sent.
"""

import json
import shlex
from datetime import datetime
from decimal import Decimal
from typing import Any

NS = 1_000_000_000
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400
TEXT_CHARS_MAX = 20_000


def _neutral(text: str, *, keep_newlines: bool = False) -> str:
    from reenact.trace import neutral  # late: it takes the kernel along

    return neutral(text, keep_newlines=keep_newlines)


def clean(text: object, most: int = 0) -> str:
    """Return *text* on one line, controls spelled out, cut after *most* characters (0: not cut)."""
    spelled = _neutral(str(text)).replace("\t", " ")
    return spelled if not most or len(spelled) <= most else f"{spelled[: most - 1]}…"


def clean_lines(text: str, most: int = TEXT_CHARS_MAX) -> str:
    """Return *text* with its line breaks, other controls spelled out, cut after *most* characters."""
    spelled = _neutral(text, keep_newlines=True)
    return spelled if len(spelled) <= most else f"{spelled[:most]}\n… {len(spelled) - most} more characters"


def value_text(value: Any, most: int = TEXT_CHARS_MAX) -> str:
    """Return a plain value for people: text as it is, everything else as indented JSON."""
    if isinstance(value, str):
        return clean_lines(value, most)
    return clean_lines(json.dumps(value, indent=2, ensure_ascii=False, default=str), most)


def quoted(text: str) -> str:
    """Return *text* as one word of a shell."""
    return shlex.quote(clean(text))


def duration(took_ns: int) -> str:
    """Spell a span of time; shorter than a millisecond is ``<1 ms``."""
    seconds = max(took_ns, 0) / NS
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms" if seconds >= 0.001 else "<1 ms"  # noqa: PLR2004  # a millisecond
    if seconds < _MINUTE_S:
        return f"{seconds:.1f} s"
    if seconds < _HOUR_S:
        return f"{int(seconds // _MINUTE_S)} m {int(seconds % _MINUTE_S):02d} s"
    if seconds < _DAY_S:
        return f"{int(seconds // _HOUR_S)} h {int(seconds % _HOUR_S // _MINUTE_S):02d} m"
    return f"{int(seconds // _DAY_S)} d {int(seconds % _DAY_S // _HOUR_S)} h"


def tokens(read: int, written: int) -> str:
    """Spell tokens as ``in→out``; nothing if there are none."""
    return f"{read:,}→{written:,}" if read or written else ""


def cost(amount: Decimal | str | None) -> str:
    """Spell a price in US dollars; ``?`` if unknown, nothing if there is none."""
    if amount in (None, ""):
        return "?"
    exact = Decimal(str(amount))
    if not exact:
        return ""
    cents = Decimal("0.01")
    return f"${exact:.2f}" if exact >= cents * 100 else f"${exact.normalize():f}"


def clock(at_ns: int) -> str:
    """Spell a moment as the local time of day."""
    return datetime.fromtimestamp(at_ns / NS).astimezone().strftime("%H:%M:%S")


def moment(at_ns: int) -> str:
    """Spell a moment as local date and time."""
    return datetime.fromtimestamp(at_ns / NS).astimezone().strftime("%Y-%m-%d %H:%M:%S")
