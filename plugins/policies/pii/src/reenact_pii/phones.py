"""Telephone numbers.

A number in international form counts if its country code exists and its length is one
of that country's. One in a national form counts if its grouping is customary and a
country among `numbering.REGIONS` has such numbers, or if a word before it says what it is.
What is asked of a run of digits and of the words before it depends on nothing else, and
is asked once in a text.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reenact_pii.context import near_before, words
from reenact_pii.findings import Hit, Kind
from reenact_pii.numbering import MAX_DIGITS, MIN_DIGITS, is_international, is_national, is_valid
from reenact_pii.pages import Page

_SEP = r"[ ./_()\u00b7-]{1,3}"
_MORE_GROUPS = 18
"""More groups than a number has digits: a run that ended before its last group would leave the rest."""
_RUN = re.compile(
    r"(?<![0-9A-Za-z+])(?<![0-9][.:/-])(\+ ?\(?|\(\+?)?"
    rf"[0-9]{{1,16}}+(?:{_SEP}[0-9]{{1,12}}+){{0,{_MORE_GROUPS}}}+"
    r"(?![0-9]|[A-Za-z]{2}|[:/][0-9])"
)
_EXTENSION = re.compile(r",? ?(?:ext|x|extension|durchwahl)\.? ?[0-9]{1,6}(?![0-9])")
_EXTENDS = frozenset(", exd")
"""What an extension begins with."""
_LEAD = re.compile(r"[(+ ]{1,4}\Z")
_LEAD_CHARS = 4
_QUAD = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_AREA = re.compile(
    r"\((?:0[0-9]{1,4}|[1-9][0-9]{0,2})\) ?(?:[0-9]{3,5}[ -]?[0-9]{3,4}|[0-9]{3}[ -]?[0-9]{2}[ -]?[0-9]{2})"
)
_SPACES = str.maketrans(dict.fromkeys("./_()\u00b7-+", " "))

_PHONE_WORDS = words("phone", gap=r"[^0-9\n]{0,28}")
_OTHER_NUMBER = re.compile(
    r"(?<![a-z])(?:order|invoice|ticket|case|ref|reference|id|uuid|version|amount|total|pin|code|sku|isbn|issn|doi|imei|iban|account|acct|"
    r"konto|card|ssn|zip|tracking|serial|offset|size|bytes|port|pid|line|row|job|build|commit|issue|pr|request|booking|room|flight|"
    r"order_id|error|status|tax|vat|policy|license|licence|part|model|timestamp|date|dated|born|nr|hash|batch|lot|seed|step)"
    r"(?![a-z])[^0-9\n]{0,16}$"
)
_SURELY_OTHER = re.compile(
    r"(?<![a-z])(?:order|invoice|ticket|zip|zipcode|postcode|plz|arxiv|part|isbn|issn|doi|tracking|sku|serial|imei)"
    r"(?![a-z])[^0-9\n]{0,16}$"
)
_DATE = re.compile(
    r"(?:(?:19|20)[0-9]{2}[./ -][0-9]{1,2}[./ -][0-9]{1,2}"
    r"|[0-9]{1,2}[./ -][0-9]{1,2}[./ -](?:19|20)[0-9]{2})(?![0-9])"
)
_DATE_GROUPS = 3
_NANP = re.compile(r"1?[2-9][0-9]{2}[2-9][0-9]{6}")
_NANP_SHAPES = frozenset({(3, 3, 4), (1, 3, 3, 4)})
_NANP_SEP = re.compile(r"(?:\+?1[ .-])?(?:\([0-9]{3}\) ?|[0-9]{3}([ ._-]))[0-9]{3}[ ._-][0-9]{4}")
_CUSTOMARY = re.compile(
    r"(?P<china>1[3-9][0-9]-[0-9]{4}-[0-9]{4})|(?P<india>[6-9][0-9]{4}-[0-9]{5})|(?P<spain>[6-9][0-9]{2}-[0-9]{2}-[0-9]{2}-[0-9]{2})"
    r"|(?P<russia>8-[3-9][0-9]{2}-[0-9]{3}-[0-9]{2}-[0-9]{2})|(?P<brazil>[1-9]{2}-9[0-9]{4}-[0-9]{4})"
    r"|(?P<mexico>[2-9][0-9]-[0-9]{4}-[0-9]{4})|(?P<tollfree>1?-?8(?:00|33|44|55|66|77|88)-[0-9]{3}-[0-9]{4})"
)
_PART = re.compile(r"[^ ]{7,24}")
_TRUNK_SHAPE = re.compile(r"0[1-9][0-9]{0,4}(?:-[0-9]{2,8}){1,5}")
_MAX_GROUPS = 6
"""Most groups that any customary form has."""
_MIN_TRUNK, _MAX_TRUNK = 9, 12
_MANY_HIDDEN = 9
_NAMED_SCORE = 0.8
_SURE = 0.88
"""Score from which a number is one to call, whatever stands before it."""


def find_phones(page: Page) -> Iterable[Hit]:
    """Return telephone numbers; in a hidden text no grouping is expected of them."""
    return _phones(page) if page.stretches else ()


def _phones(page: Page) -> Iterator[Hit]:
    text, lower = page.text, page.lower
    judge = _Judge(lower, hidden=page.hidden)
    for first, end in page.stretches:
        for match in _RUN.finditer(text, _begin(text, first), end + 1):
            run = match[0].rstrip(" ./_(-")
            if len(run) < MIN_DIGITS:
                continue
            start = match.start()
            whole = judge.number(run, start)
            for hit in (whole,) if whole else _parts(run, start, judge):
                yield _with_extension(hit, lower)


def _begin(text: str, first: int) -> int:
    """Return where a number whose first digit is at *first* begins, with a plus sign or a bracket."""
    if text[first - 1] not in "(+ ":
        return first
    signs = text[max(0, first - _LEAD_CHARS) : first]
    lead = _LEAD.search(signs) if "+" in signs or "(" in signs else None
    return first - len(lead[0]) if lead else first


def _with_extension(hit: Hit, lower: str) -> Hit:
    extension = _EXTENSION.match(lower, hit.end) if lower[hit.end : hit.end + 1] in _EXTENDS else None
    return Hit(hit[0], extension.end(), *hit[2:]) if extension else hit


def _parts(run: str, start: int, judge: "_Judge") -> Iterator[Hit]:
    """Yield numbers of a run that is several, with spaces between them."""
    if " " in run and ("-" in run or "." in run or "+" in run):
        for part in _PART.finditer(run):
            hit = None
            if not _QUAD.fullmatch(part[0]):
                hit = judge.part(part[0], start + part.start())
            if hit:
                yield hit


class _Form(NamedTuple):
    """What a run of digits is by its form alone.

    Attributes:
        skipped: How many characters at its beginning do not belong to it.
        score: How sure it is a number to call; 0 if only a word before it can say so.
    """

    skipped: int
    score: float


_BARE = _Form(0, 0)
"""Digits without any sign."""
_UNKNOWN = _Form(0, -1)
"""Of a run that was not met yet."""


class _Words(NamedTuple):
    """What the words before a number say that it is."""

    phone: bool
    other: bool
    surely_other: bool


class _Judge:
    """Says what is a telephone number in one text.

    Args:
        lower: The text in lower case.
        hidden: Whether the writer took pains to hide what is in it.
    """

    def __init__(self, lower: str, *, hidden: bool) -> None:
        self._lower = lower
        self._hidden = hidden
        self._forms: dict[str, _Form | None] = {}
        self._words: dict[str, _Words] = {}

    def number(self, run: str, start: int) -> Hit | None:
        """Return the number that *run*, all there is at *start*, is; None if it is none."""
        form = self._forms.get(run, _UNKNOWN)
        if form is _UNKNOWN:
            form = self._forms[run] = self._form(run)
        return self._hit(run, start, form) if form else None

    def part(self, run: str, start: int) -> Hit | None:
        """Return the number that *run*, a part of what is there, is; None if it is none."""
        form = _form_of(run, hidden=False)
        return self._hit(run, start, form) if form else None

    def _form(self, run: str) -> _Form | None:
        if not self._hidden and run.isdigit() and not run.startswith(("00", "011")):
            return _BARE if len(run) <= MAX_DIGITS else None
        return _form_of(run, hidden=self._hidden)

    def _hit(self, run: str, start: int, form: _Form) -> Hit | None:
        first, score = start + form.skipped, form.score
        if score < _SURE:
            said = self._said_before(first)
            if said.phone and not said.other:
                score = max(score, _NAMED_SCORE)
            elif said.surely_other and not said.phone:
                score = 0
        return Hit(first, start + len(run), Kind.PHONE, score, "telephone number") if score else None

    def _said_before(self, start: int) -> _Words:
        near = near_before(self._lower, start)
        if near not in self._words:
            patterns = (_PHONE_WORDS, _OTHER_NUMBER, _SURELY_OTHER)
            self._words[near] = _Words(*(pattern.search(near) is not None for pattern in patterns))
        return self._words[near]


def _form_of(run: str, *, hidden: bool) -> _Form | None:
    """Return what *run* is by its form; None if no word can make it a number to call."""
    groups = (run.replace("(0)", "") if "(0)" in run else run).translate(_SPACES).split()
    digits = "".join(groups)
    if not MIN_DIGITS <= len(digits) <= MAX_DIGITS + 2:
        return None
    skipped = int(run[0] == "(" and run.count("(") > run.count(")"))
    run = run[skipped:]
    score = _score(run, groups, digits, hidden=hidden)
    may_be = score or (len(digits) <= MAX_DIGITS and not _is_date(run, groups))
    return _Form(skipped, score) if may_be else None


def _score(run: str, groups: list[str], digits: str, *, hidden: bool) -> float:
    """Return how sure the number is from its form alone; 0 if not at all."""
    if "+" in run[:3]:
        return 0.9 if is_international(digits) else 0
    if digits.startswith(("00", "011")):
        rest = digits[2:] if digits[1] == "0" else digits[3:]
        return 0.85 if is_international(rest) and (len(groups) > 1 or is_valid(rest)) else 0
    if len(groups) == 1:
        usual = hidden and _MANY_HIDDEN <= len(digits) <= _MAX_TRUNK
        return 0.6 if usual and (digits[0] == "0" or _NANP.fullmatch(digits)) and is_national(digits) else 0
    return 0.7 if _is_customary(run, groups, digits) or (run[0] == "(" and _AREA.fullmatch(run)) else 0


def _is_date(run: str, groups: list[str]) -> bool:
    return len(groups) >= _DATE_GROUPS and _DATE.match(run) is not None


def _is_customary(run: str, groups: list[str], digits: str) -> bool:
    """Say whether the grouping is one that people write telephone numbers in, and only those."""
    if len(groups) > _MAX_GROUPS:
        return False
    if tuple(map(len, groups)) in _NANP_SHAPES and _NANP_SEP.fullmatch(run):
        return _NANP.fullmatch(digits) is not None or (digits[0] in "03" and is_national(digits))
    if digits[0] != "0":
        is_customary = _CUSTOMARY.fullmatch("-".join(groups)) is not None
        return is_customary and not (" " in run and "-" in run and "--" in run)
    if not (_MIN_TRUNK <= len(digits) <= _MAX_TRUNK and _TRUNK_SHAPE.fullmatch("-".join(groups))):
        return False
    return not _is_date(run, groups) and is_national(digits)
