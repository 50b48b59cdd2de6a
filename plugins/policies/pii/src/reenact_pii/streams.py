"""Scrubbing and restoring text that comes in pieces.

A scrubber keeps back the end of what it was given, because a value may be cut there:
`HOLD_CHARS`, and in steps of `STEP_CHARS`, so in ordinary text at most 384 characters.
It keeps back more only of a word that does not end, of single characters in a row, and
of a value that may go on (a key block), up to `MAX_HELD_CHARS`. What comes out, put
together, is what scrubbing the whole text gives, unless a value with spaces in it is
longer than `HOLD_CHARS`, or a word longer than `MAX_HELD_CHARS`.

A restorer keeps back only what may be the beginning of a placeholder.
"""

import re

from reenact_pii.findings import Finding
from reenact_pii.vault import PLACEHOLDER_CHARS, Vault

HOLD_CHARS = 256
"""How much of ordinary text is kept back."""

STEP_CHARS = 128
"""How much must have come before it is worth looking again."""

CONTEXT_CHARS = 256
"""How much of what was given out is still looked at, for the words before a value."""

MAX_HELD_CHARS = 32_768
"""Most that is kept back, whatever comes."""

_PARTIAL = re.compile(r"\[(?:\[(?:[A-Z_]{0,17}(?:[a-z2-7]{1,16}\]?)?)?)?\Z")


class StreamScrubber:
    """Scrubs a text that comes in pieces."""

    def __init__(self, vault: Vault) -> None:
        """Scrub with *vault*, which may be that of other texts of the run."""
        self._vault = vault
        self._context = ""
        self._held: list[str] = []
        self._held_chars = 0
        self._look_at_chars = HOLD_CHARS + STEP_CHARS

    def feed(self, chunk: str) -> str:
        """Take the next piece and return what is safe to give out; often nothing."""
        self._held.append(chunk)
        self._held_chars += len(chunk)
        return self._given(HOLD_CHARS) if self._held_chars >= self._look_at_chars else ""

    def flush(self) -> str:
        """Return the rest; also right after a stream that was cut off."""
        return self._given(0)

    def _given(self, hold: int) -> str:
        """Return what is before the last *hold* characters, scrubbed, and keep the rest."""
        done = len(self._context)
        text = self._context + "".join(self._held)
        found = [item for item in self._vault.look(text) if _span(item)[0] >= done]
        cut = _cut(text, found, done, len(text) - hold) if hold else len(text)
        out = self._vault.replace(text[:cut], [item for item in found if _span(item)[1] <= cut]).text[done:]
        self._context = text[max(0, cut - CONTEXT_CHARS) : cut]
        self._held, self._held_chars = [text[cut:]], len(text) - cut
        # A word that does not end is looked at again when it has grown by a quarter: linear in all.
        self._look_at_chars = max(
            HOLD_CHARS + STEP_CHARS, self._held_chars + max(STEP_CHARS, self._held_chars // 4)
        )
        return out


def _span(item: Finding | re.Match[str]) -> tuple[int, int]:
    return (item.start, item.end) if isinstance(item, Finding) else item.span()


def _cut(text: str, found: list[Finding | re.Match[str]], done: int, latest: int) -> int:
    """Return the last position from *done* to *latest* that is in no value, word or spaced run."""
    full = len(text) - done >= MAX_HELD_CHARS
    cut = latest
    for start, end in map(_span, found):
        if start < cut < end or (start < cut and end == len(text)):
            cut = end if full else start
    if full:
        return max(cut, done)
    while cut > done and not text[cut - 1].isspace():
        cut -= 1
    while cut - 2 > done and text[cut - 1].isspace() and text[cut - 3].isspace():
        cut -= 2
    for start, end in map(_span, found):
        if start < cut < end:
            cut = start
    return max(cut, done)


class StreamRestorer:
    """Restores a text that comes in pieces; keeps back at most the length of a placeholder."""

    def __init__(self, vault: Vault) -> None:
        """Restore from *vault*."""
        self._vault = vault
        self._held = ""

    def feed(self, chunk: str) -> str:
        """Take the next piece and return what is restored already."""
        text = self._held + chunk
        partial = _PARTIAL.search(text, max(0, len(text) - PLACEHOLDER_CHARS))
        cut = partial.start() if partial else len(text)
        self._held = text[cut:]
        return self._vault.restore(text[:cut])

    def flush(self) -> str:
        """Return the rest; also right after a stream that was cut off."""
        rest, self._held = self._vault.restore(self._held), ""
        return rest
