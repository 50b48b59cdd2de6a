"""Dates of birth: a date, beside words that say somebody was born on it."""

import re
from collections.abc import Iterable, Iterator

from reenact_pii.context import before, listed, words
from reenact_pii.findings import Hit, Kind
from reenact_pii.pages import Page, Topic

_HINTS = tuple(hint.strip() for hint in listed("birth_hints"))
_BORN = words("birth", gap=r"\.?[^0-9\n.;]{0,28}")
_DIED = words("death", gap=r"[^0-9\n.;]{0,20}")
_MONTHS = (
    "jan(?:uary|uar|vier|eiro)?|feb(?:ruary|ruar|rero|braio)?|f[eé]v(?:rier|ereiro)?|mar(?:ch|s|zo|[cç]o)?|m[aä]rz|apr(?:il|ile)?|"
    "avr(?:il)?|abr(?:il)?|may|mai|mayo|maio|mag(?:gio)?|june?|juni|juin|junio|junho|giu(?:gno)?|july?|juli|juillet|julio|julho|"
    "lug(?:lio)?|aug(?:ust)?|ao[uû]t|ago(?:sto)?|sept?(?:ember|embre|iembre)?|set(?:embro|tembre)?|o[ck]t(?:ober|obre|ubre)?|"
    "out(?:ubro)?|ott(?:obre)?|nov(?:ember|embre|iembre|embro)?|de[cz](?:ember|embre)?|dic(?:iembre|embre)?|d[eé]c(?:embre)?|dez(?:embro)?"
)
_DATE = re.compile(
    r"(?<![0-9])(?:(?:18|19|20)[0-9]{2} ?[-./年] ?[01]?[0-9] ?[-./月] ?[0-3]?[0-9]日?"
    r"|[0-3]?[0-9] ?[-./] ?[0-3]?[0-9] ?[-./] ?(?:(?:18|19|20)?[0-9]{2})"
    rf"|[0-3]?[0-9](?:st|nd|rd|th|er|\.)? ?(?:of |de |di )?(?:{_MONTHS})\.?,? ?(?:de )?(?:18|19|20)[0-9]{{2}}"
    rf"|(?<![a-z])(?:{_MONTHS})\.? [0-3]?[0-9](?:st|nd|rd|th)?,? (?:18|19|20)[0-9]{{2}}"
    r"|(?:19|20)[0-9]{2}[01][0-9][0-3][0-9])(?![0-9])"
)
_BEGUN = re.compile(
    r"[0-9adfgjlmnos](?:(?<=[0-9])(?<![0-9].)|(?<=[a-z])(?<![a-z].)"
    r"(?<=(?=jan|f[e\u00e9][bv]|m[a\u00e4][rigy]|a(?:pr|vr|br|ug|o[u\u00fb]|go)|ju[nil]|giu|lug|se[pt]|o[ckut]t|nov|d[ei\u00e9][cz]).))"
)
"""Where a date may begin: a digit or a month."""


def find_births(page: Page) -> Iterable[Hit]:
    """Return dates of birth."""
    if page.topics & Topic.BIRTH and any(hint in page.rare_lower for hint in _HINTS):
        return _births(page.lower)
    return ()


def _births(lower: str) -> Iterator[Hit]:
    done = 0
    for begun in _BEGUN.finditer(lower):
        match = _DATE.match(lower, begun.start()) if begun.start() >= done else None
        if match is None:
            continue
        start, done = match.span()
        if before(_BORN, lower, start) and not before(_DIED, lower, start):
            yield Hit(start, done, Kind.DATE_OF_BIRTH, 0.85, "date after a word for birth")
