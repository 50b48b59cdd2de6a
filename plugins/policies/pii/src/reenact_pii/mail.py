"""E-mail addresses (RFC 5321 lengths; the characters people use, not all that RFC 5322 allows)."""

import re
from collections.abc import Iterable, Iterator

from reenact_pii.context import listed
from reenact_pii.findings import Hit, Kind
from reenact_pii.pages import Page

_LETTER = r"A-Za-z0-9\u00c0-\u024f\u0370-\u058f\u0600-\u06ff\u0900-\u0dff\u0e00-\u0e7f\u1e00-\u1eff"
_DOMAIN = re.compile(rf"@([{_LETTER}][{_LETTER}_-]{{0,62}}+(?:\.[{_LETTER}][{_LETTER}-]{{0,62}}+){{1,8}}+)")
_LOCAL_BACKWARDS = re.compile(rf"[{_LETTER}_+-][{_LETTER}.!#$%&'*+/?^`{{|}}~_-]{{0,63}}+")
_EASTERN = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{1,20}+@[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{1,20}+\.[\w-]{2,20}"
)
_QUOTED_BACKWARDS = re.compile(r'"[^"\\\s@]{1,62}"')

_MAX_LOCAL = 64
_FILES = frozenset(listed("file_endings"))
_ROBOTS = frozenset({"git", "hg", "svn"})
_MIN_TLD = 2
_ENDS = "'`*~|/=?#$!{}&^%+"


def find_mail(page: Page) -> Iterable[Hit]:
    """Return e-mail addresses."""
    return _mail(page.text) if "@" in page.rare else ()


def _mail(text: str) -> Iterator[Hit]:
    for match in _DOMAIN.finditer(text):
        at = match.start()
        local = _local(text, at)
        domain = _domain(match[1])
        if local and domain and local not in _ROBOTS:
            yield Hit(at - len(local), at + 1 + len(domain), Kind.EMAIL, 0.95, "address")
    if not text.isascii():
        for match in _EASTERN.finditer(text):
            yield Hit(*match.span(), Kind.EMAIL, 0.9, "address")


def _local(text: str, at: int) -> str:
    """Return the part before the at sign at *at*; empty if there is none."""
    backwards = text[max(0, at - _MAX_LOCAL) : at][::-1]
    match = _QUOTED_BACKWARDS.match(backwards) or _LOCAL_BACKWARDS.match(backwards)
    if match is None:
        return ""
    local = match[0][::-1]
    if local[0] != '"':
        for mark in "=|&{}`/":  # what they mean in a local part is rarer than what they mean around one
            if mark in local:
                local = local.rpartition(mark)[2]
    return local.lstrip("." + _ENDS)


def _domain(text: str) -> str:
    """Return the domain that *text* begins with; empty if it is none."""
    domain = text.rstrip("-")
    last = domain.rpartition(".")[2]
    if last in _FILES or len(last) < _MIN_TLD:
        return ""
    named = last.isalpha() or last.lower().startswith("xn--")
    if named:
        return domain
    letters = re.match(r"[^\W\d_]{2,24}(?=[-_])", last)
    return domain[: len(domain) - len(last) + letters.end()] if letters else ""
