"""How long a vendor asks to wait, in every spelling in use.

``retry-after-ms`` (milliseconds), ``retry-after`` (seconds or an HTTP date), Google's
``RetryInfo`` in the body (``"34s"``), and for budgets that are used up the reset headers
of OpenAI (``6m0s``) and Anthropic (RFC 3339). What cannot be read counts as not said,
what lies behind us as no wait, what lies far ahead is cut.
"""

import datetime as dt
import email.utils
import math
import re
from collections.abc import Callable, Mapping

_DURATION = re.compile(
    r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?", re.ASCII
)
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{0,18})?", re.ASCII)
_UNITS_S = (86_400.0, 3_600.0, 60.0, 1.0, 0.001)
_DURATION_CHARS = 40


def retry_after(headers: Mapping[str, str], in_body: str | None, *, most_s: float) -> float | None:
    """Return how long to wait, in seconds from 0 to *most_s*; None if nobody said.

    Args:
        headers: The answer's headers; names in small letters, or a mapping that ignores case.
        in_body: The duration that the answer's body names, if it does.
        most_s: The longest wait, in seconds.
    """
    wait_s = _first_known(headers, in_body)
    return None if wait_s is None else min(max(wait_s, 0.0), most_s)


def _first_known(headers: Mapping[str, str], in_body: str | None) -> float | None:
    here = headers.get("date", "")
    spellings: tuple[Callable[[], float | None], ...] = (
        lambda: _times(seconds(headers.get("retry-after-ms", "")), 0.001),
        lambda: seconds(headers.get("retry-after", "")),
        lambda: until(headers.get("retry-after", ""), here),
        lambda: duration(in_body or ""),
        lambda: _budget_reset(headers, here),
    )
    return next((wait_s for spelling in spellings if (wait_s := spelling()) is not None), None)


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def seconds(text: str) -> float | None:
    """Return a plain number of seconds, or None."""
    return float(text) if _NUMBER.fullmatch(text.strip()) else None


def duration(text: str) -> float | None:
    """Return a duration such as ``34s``, ``3.25s``, ``6m0s`` or ``20ms``, in seconds, or None."""
    text = text.strip()
    match = _DURATION.fullmatch(text) if 0 < len(text) <= _DURATION_CHARS else None
    if match is None:
        return None
    return math.fsum(
        float(group) * unit for group, unit in zip(match.groups(), _UNITS_S, strict=True) if group
    )


def until(text: str, now: str) -> float | None:
    """Return how far off a date is, in seconds, or None.

    Args:
        text: An HTTP date, or RFC 3339.
        now: What time the server has, as an HTTP date; this machine's clock if it does not say.
    """
    at = _date(text)
    if at is None:
        return None
    return (at - (_date(now) or dt.datetime.now(dt.UTC))).total_seconds()


def _date(text: str) -> dt.datetime | None:
    for read in (email.utils.parsedate_to_datetime, dt.datetime.fromisoformat):
        try:
            at = read(text)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
        return at if at.tzinfo else at.replace(tzinfo=dt.UTC)
    return None


def _budget_reset(headers: Mapping[str, str], now: str) -> float | None:
    """Return when the last of the budgets that are used up is full again, in seconds."""
    waits_s = []
    for name in ("requests", "tokens", "input-tokens", "output-tokens"):
        for remaining, reset in (
            (f"x-ratelimit-remaining-{name}", f"x-ratelimit-reset-{name}"),
            (f"anthropic-ratelimit-{name}-remaining", f"anthropic-ratelimit-{name}-reset"),
        ):
            if headers.get(remaining, "").strip() == "0":
                value = headers.get(reset, "")
                waits_s.append(duration(value) if duration(value) is not None else until(value, now))
    return max((wait_s for wait_s in waits_s if wait_s is not None), default=None)
