"""Telephone numbers.

A number in international form counts if its country code exists and its length is one
of that country's. One in a national form counts if its grouping is customary and a
country among `REGIONS` has such numbers, or if a word before it says what it is.
What numbers a country has is the `phonenumbers` library's knowledge (ITU-T E.164);
its patterns are used as they are, one for each country.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from reenact_pii.context import before, words
from reenact_pii.findings import Hit, Kind
from reenact_pii.pages import Page

REGIONS: tuple[str, ...] = (
    "US",
    "GB",
    "FR",
    "DE",
    "ES",
    "IT",
    "NL",
    "BE",
    "CH",
    "AT",
    "AU",
    "IN",
    "JP",
    "BR",
    "MX",
    "CN",
    "KR",
    "RU",
)
REGIONS += (
    "SE",
    "NO",
    "DK",
    "FI",
    "PL",
    "PT",
    "IE",
    "ZA",
    "TR",
    "IL",
    "NZ",
    "NG",
    "KE",
    "ID",
    "MY",
    "PH",
    "TH",
    "VN",
)
REGIONS += (
    "CZ",
    "GR",
    "HU",
    "RO",
    "UA",
    "EG",
    "PK",
    "BD",
    "SA",
    "AE",
    "AR",
    "CL",
    "CO",
    "PE",
    "TW",
    "HK",
    "SG",
)
"""Countries whose national forms are known without a word before them."""

MIN_DIGITS, MAX_DIGITS = 7, 15
"""Fewest digits of a local number; most of any number (E.164)."""

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
_GROUP = re.compile(r"[0-9]+")
_TRUNK = re.compile(r"\(0\)")

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
_MIN_TRUNK, _MAX_TRUNK = 9, 12
_MIN_INTERNATIONAL = 8
_MANY_HIDDEN = 9
_SURE = 0.88
"""Score from which a number is one to call, whatever stands before it."""


def find_phones(page: Page) -> Iterable[Hit]:
    """Return telephone numbers; in a hidden text no grouping is expected of them."""
    return _phones(page) if page.stretches else ()


def _phones(page: Page) -> Iterator[Hit]:
    text, lower = page.text, page.lower
    for first, end in page.stretches:
        lead = _LEAD.search(text, max(0, first - _LEAD_CHARS), first) if text[first - 1] in "(+ " else None
        for match in _RUN.finditer(text, lead.start() if lead else first, end + 1):
            run = match[0].rstrip(" ./_(-")
            if len(run) < MIN_DIGITS:
                continue
            start = match.start()
            whole = _judged(run, start, lower, hidden=page.hidden)
            for hit in (whole,) if whole else _parts(run, start, lower):
                yield _with_extension(hit, lower)


def _with_extension(hit: Hit, lower: str) -> Hit:
    extension = _EXTENSION.match(lower, hit.end) if lower[hit.end : hit.end + 1] in _EXTENDS else None
    return hit._replace(end=extension.end()) if extension else hit


def _parts(run: str, start: int, lower: str) -> Iterator[Hit]:
    """Yield numbers of a run that is several, with spaces between them."""
    if " " in run and ("-" in run or "." in run or "+" in run):
        for part in _PART.finditer(run):
            hit = None
            if not _QUAD.fullmatch(part[0]):
                hit = _judged(part[0], start + part.start(), lower, hidden=False)
            if hit:
                yield hit


def _judged(run: str, start: int, lower: str, *, hidden: bool) -> Hit | None:
    groups = _GROUP.findall(_TRUNK.sub("", run) if "(0)" in run else run)
    digits = "".join(groups)
    if not MIN_DIGITS <= len(digits) <= MAX_DIGITS + 2:
        return None
    end = start + len(run)
    if run[0] == "(" and run.count("(") > run.count(")"):
        start, run = start + 1, run[1:]
    score = _score(run, groups, digits, hidden=hidden)
    if score == 0 and _is_named(run, digits, lower, start):
        score = 0.8
    if 0 < score < _SURE and before(_SURELY_OTHER, lower, start) and not before(_PHONE_WORDS, lower, start):
        return None
    return Hit(start, end, Kind.PHONE, score, "telephone number") if score else None


def _score(run: str, groups: list[str], digits: str, *, hidden: bool) -> float:
    """Return how sure the number is from its form alone; 0 if not at all."""
    if "+" in run[:3]:
        return 0.9 if _is_international(digits) else 0
    if digits.startswith(("00", "011")):
        rest = digits[2:] if digits[1] == "0" else digits[3:]
        return 0.85 if _is_international(rest) and (len(groups) > 1 or _is_valid(rest)) else 0
    if len(groups) == 1 and not hidden:
        return 0
    if _is_customary(run, groups, digits) or _AREA.fullmatch(run):
        return 0.7
    usual = hidden and len(groups) == 1 and _MANY_HIDDEN <= len(digits) <= _MAX_TRUNK
    return 0.6 if usual and (digits[0] == "0" or _NANP.fullmatch(digits)) and _is_national(digits) else 0


def _is_customary(run: str, groups: list[str], digits: str) -> bool:
    """Say whether the grouping is one that people write telephone numbers in, and only those."""
    if tuple(map(len, groups)) in _NANP_SHAPES and _NANP_SEP.fullmatch(run):
        return _NANP.fullmatch(digits) is not None or (digits[0] in "03" and _is_national(digits))
    grouped = "-".join(groups)
    if _CUSTOMARY.fullmatch(grouped):
        return not (" " in run and "-" in run and "--" in run)
    if not (digits[0] == "0" and _MIN_TRUNK <= len(digits) <= _MAX_TRUNK and _TRUNK_SHAPE.fullmatch(grouped)):
        return False
    return not _DATE.match(run) and _is_national(digits)


def _is_named(run: str, digits: str, lower: str, start: int) -> bool:
    """Say whether a word before the number says that it is one to call."""
    if len(digits) > MAX_DIGITS or _DATE.match(run) or not before(_PHONE_WORDS, lower, start):
        return False
    return not before(_OTHER_NUMBER, lower, start)


# --- what the library knows -----------------------------------------------------------------------

_TYPES = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "personal_number",
    "voip",
    "pager",
    "uan",
)


@cache
def _numbers_of(region: str) -> tuple[re.Pattern[str], frozenset[int], str]:
    """Return the pattern of a country's numbers, their lengths, and its trunk prefix."""
    from phonenumbers import PhoneMetadata

    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None:
        return re.compile("(?!)"), frozenset(), ""
    kinds = [getattr(metadata, name) for name in _TYPES]
    patterns = [kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern]
    general = metadata.general_desc
    lengths = frozenset(general.possible_length if general else ())
    return (
        re.compile("|".join(f"(?:{pattern})" for pattern in patterns)),
        lengths,
        metadata.national_prefix or "",
    )


@cache
def _regions_by_code() -> dict[int, tuple[str, ...]]:
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    return dict(COUNTRY_CODE_TO_REGION_CODE)


def _countries(digits: str) -> tuple[tuple[str, ...], str]:
    """Return the countries that a number in international form may be of, and the rest of it."""
    codes = _regions_by_code()
    for length in (1, 2, 3):
        regions = codes.get(int(digits[:length]))
        if regions:
            return regions, digits[length:]
    return (), ""


def _is_international(digits: str) -> bool:
    """Say whether *digits* are a country code and as many digits as that country's numbers have."""
    if len(digits) < _MIN_INTERNATIONAL or digits[0] == "0":
        return False
    regions, rest = _countries(digits)
    if not regions:
        return False
    lengths = _numbers_of(regions[0])[1]
    return len(rest) in lengths or (rest[:1] == "0" and len(rest) - 1 in lengths) or not lengths


def _is_valid(digits: str) -> bool:
    """Say whether a country has given out such a number, in international form."""
    if digits[:1] in {"", "0"}:
        return False
    regions, rest = _countries(digits)
    return any(_numbers_of(region)[0].fullmatch(rest) for region in regions)


def _is_national(digits: str) -> bool:
    """Say whether one of `REGIONS` has given out such a number, in national form."""
    return any(_has(region, digits) for region in REGIONS)


def _has(region: str, digits: str) -> bool:
    pattern, lengths, trunk = _numbers_of(region)
    size = len(digits)
    after_trunk = trunk and size - len(trunk) in lengths and digits.startswith(trunk)
    if after_trunk and pattern.fullmatch(digits, len(trunk)):
        return True
    return size in lengths and (digits[0] != "0" or not trunk) and pattern.fullmatch(digits) is not None
