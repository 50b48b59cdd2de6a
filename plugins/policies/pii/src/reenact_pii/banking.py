"""Payment cards and bank accounts.

Cards: ISO/IEC 7812 (Luhn) and the issuer ranges of the networks. Accounts: ISO 13616,
lengths as in the SWIFT IBAN registry, release 99, and the partial list for countries
that use IBANs without being in it.
"""

import re
from collections.abc import Iterable, Iterator

from reenact_pii import checksums
from reenact_pii.context import before, words
from reenact_pii.findings import Hit, Kind
from reenact_pii.pages import Page

_BY_LENGTH = {
    15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK", 21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST AO CV GW MZ", 26: "IS TR DZ IR",
    27: "BI DJ FR GR IT MC MR SM CF CG CM GA GQ KM MG TD",
    28: "AL AZ BY CY DO GT HN HU LB NI PL SV BF BJ CI MA ML NE SN TG",
    29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
}  # fmt: skip
IBAN_CHARS = {country: length for length, listed in _BY_LENGTH.items() for country in listed.split()}
"""Length of an IBAN by its country, in characters."""

_IBAN_CHECK = re.compile(
    rb"0(?:(?<=(?<![Aa0])[Aa]{2}0)|(?<=(?<![Aa0])[Aa]{2}[ .-]0))[ .-]?0(?=[ ._/\n-]{0,2}[Aa0])"
)
"""The shape of the check digits after a country."""
_IBAN_REST = {
    length: re.compile(rf"(?:[ ._/\n-]{{0,2}}[A-Za-z0-9]){{{length - 4}}}(?![A-Za-z0-9])")
    for length in set(IBAN_CHARS.values())
}
_SEPARATORS = str.maketrans("", "", " .-_/()\n\t")

_SEP = r"[ ._/-]{0,3}"
_GROUPED = (
    rf"[2-9][0-9]{{3}}({_SEP})[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{4}}(?:\1[0-9]{{1,3}})?"  # 16 to 19
    rf"|3[0-9]{{3}}{_SEP}[0-9]{{6}}{_SEP}[0-9]{{4,5}}"  # 14 and 15
    rf"|[456][0-9]{{3}}{_SEP}[0-9]{{4}}{_SEP}[0-9]{{4}}{_SEP}[0-9]{{1,3}}"  # 13 to 15, old
    rf"|[456][0-9]{{5}}{_SEP}[0-9]{{10,13}}"  # number of the issuer, number of the account
    rf"|[456][0-9]{{7}}{_SEP}[0-9]{{8}}"
    rf"|[1-9][0-9]{{11,18}}"
    rf"|[2-9](?:[ ._/-][0-9]){{11,18}}(?:[ ._/-][0-9]{{2,3}})?"  # every digit alone, but the last
    rf"|[2-9][0-9](?:[ ._/-][0-9]{{2}}){{5,8}}(?![ ._/-][0-9A-Fa-f]{{2}}(?![0-9A-Za-z]))"
)
_CARD = re.compile(rf"(?<![0-9A-Za-z])(?<![0-9][.-])(?:{_GROUPED})(?![0-9A-Za-z]|[.-][0-9])")
_CARD_WORDS = words("card")
_ISSUERS = re.compile(
    r"4|5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|220[0-5]|3[47]|30[0-59]|3[689]|35(?:2[89]|[3-8])"
    r"|6011|62|64[4-9]|65|60|63[6-9]|6304|67|50|5[6-8]|81|82|508|8600|9860|9792"
)
_LENGTHS = {
    "4": {13, 16, 19},
    "34": {15},
    "37": {15},
    "30": {14, 16},
    "36": {14, 16},
    "38": {14, 16},
    "39": {14, 16},
}
_LENGTHS |= {f"5{second}": {16} for second in range(1, 6)}
_LAST_GROUP = re.compile(r"(?:(?<=[0-9]{4})[ ._/-]+[0-9]{1,3}|(?<=[ ._/-][0-9])[ ._/-][0-9]{2,3})\Z")
_LAST_DIGITS, _LAST_SEPARATORS = 3, 3
_USUAL, MIN_CARD = 16, 12
_MIN_DIGITS = 6
"""Fewest digits of an account's number, in which letters may stand too."""


def find_banking(page: Page) -> Iterable[Hit]:
    """Return card numbers and IBANs."""
    return _banking(page) if page.digits >= _MIN_DIGITS else ()


def _banking(page: Page) -> Iterator[Hit]:
    for match in page.numbers(_CARD) if page.digits >= MIN_CARD else ():
        yield from _card(match[0], match.start(), page.lower)
    has_letters = b"A" in page.shape or b"a" in page.shape
    for check in _IBAN_CHECK.finditer(page.shape) if has_letters else ():
        country_end = check.start() - (page.text[check.start() - 1] in " .-")
        yield from _iban_at(page.text, country_end - 2, check.end())


def _card(written: str, start: int, lower: str) -> Iterator[Hit]:
    """Yield the card number that *written* is, or is but for its last group, such as a check code."""
    number = written
    if not _is_card(number, start, lower):
        number = _without_last_group(written)
        if not number or not _is_card(number, start, lower):
            return
    yield Hit(start, start + len(number), Kind.CREDIT_CARD, 1.0, "Luhn and issuer")


def _without_last_group(written: str) -> str:
    """Return *written* without a last group that may be another number; empty if there is none."""
    head = len(written.rstrip("0123456789"))
    if len(written) - head > _LAST_DIGITS:
        return ""
    last = _LAST_GROUP.search(written, max(0, head - _LAST_SEPARATORS))
    return written[: last.start()] if last else ""


def _is_card(number: str, start: int, lower: str) -> bool:
    digits = number.translate(_SEPARATORS)
    if len(digits) < MIN_CARD or not checksums.luhn(digits) or len(set(digits)) == 1:
        return False
    return _issued(digits) or before(_CARD_WORDS, lower, start)


def _issued(digits: str) -> bool:
    """Say whether a network issues such numbers, of a length that little else has."""
    if not _ISSUERS.match(digits):
        return False
    lengths = _LENGTHS.get(digits[:2]) or _LENGTHS.get(digits[0])
    if lengths is None:
        return len(digits) >= _USUAL
    return len(digits) in lengths and not (digits[0] == "4" and len(digits) == 13)  # noqa: PLR2004  # also a barcode's length


def _iban_at(text: str, start: int, body: int) -> Iterator[Hit]:
    length = IBAN_CHARS.get(text[start : start + 2].upper())
    rest = _IBAN_REST[length].match(text, body) if length else None
    if rest and checksums.iban(text[start : rest.end()].translate(_SEPARATORS).upper()):
        yield Hit(start, rest.end(), Kind.IBAN, 1.0, "MOD 97-10")
