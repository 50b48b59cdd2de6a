"""Whether a pattern fits a path, and which lines of two texts are nearest."""

import difflib
import functools
import re


@functools.cache
def _compiled(pattern: str) -> "re.Pattern[str]":
    parts = re.split(r"(\*\*|\*)", pattern)
    spelled = (".*" if part == "**" else "[^/]*" if part == "*" else re.escape(part) for part in parts)
    return re.compile("".join(spelled), re.DOTALL)


def fits(pattern: str, text: str) -> bool:
    """Say whether *text* fits: ``*`` is anything without a slash, ``**`` anything, the rest itself."""
    return _compiled(pattern).fullmatch(text) is not None


def is_step(pattern: str, path: str) -> bool:
    """Say whether *pattern* means the step at *path*.

    A bare name means every step of that name and what stands under it; anything with ``#``,
    ``/``, ``[`` or ``*`` in it is a path.
    """
    if re.search(r"[#/\[*]", pattern):
        return fits(pattern, path)
    return any(re.split(r"[#\[]", part, maxsplit=1)[0] == pattern for part in path.split("/"))


def nearest(wanted: str, text: str) -> str:
    """Return the line of *text* that is most like *wanted*."""
    lines = text.splitlines()
    close = difflib.get_close_matches(wanted, lines, n=1, cutoff=0.3)
    return (close or lines or [""])[0]


def likeness(wanted: str, found: str) -> float:
    """Return how alike two texts are, from 0 to 1; of long ones only the beginning counts."""
    return difflib.SequenceMatcher(None, wanted[:2000], found[:2000]).ratio()
