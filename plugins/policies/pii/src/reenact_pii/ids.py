"""National identity, tax and insurance numbers.

A number that is written in a form of its own counts if its check digits are right.
Bare digits count only beside a word for such a number. The rules are those of the
issuing authorities; `stdnum` describes most of them in one place.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date

from reenact_pii.checksums import iso7064_11_10, luhn, verhoeff, weighted
from reenact_pii.context import Said, before, listed, words
from reenact_pii.findings import Hit, Kind
from reenact_pii.pages import Page, Topic

Check = Callable[[str], bool]

_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_HETU_SIGNS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_CF_ODD_VALUES = (
    1,
    0,
    5,
    7,
    9,
    13,
    15,
    17,
    19,
    21,
    2,
    4,
    18,
    20,
    11,
    3,
    6,
    8,
    12,
    14,
    16,
    10,
    22,
    25,
    24,
    23,
)
_CF_ODD = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", _CF_ODD_VALUES, strict=True))
_CF_ODD |= dict(zip("0123456789", _CF_ODD_VALUES, strict=False))
_SEPARATORS = str.maketrans("", "", " .-/_+")


def _is_day(year: str, month: str, day: str) -> bool:
    """Say whether such a day is in the calendar, in a year given with two digits or four."""
    try:
        date(int(year) if len(year) == 4 else 2000 + int(year), int(month), int(day))  # noqa: PLR2004  # digits of a year
    except ValueError:
        return False
    return True


def ssn(d: str) -> bool:
    """US Social Security number: areas 000, 666 and 900 up, group 00 and serial 0000 are not issued."""
    return (
        d[:3] not in {"000", "666"} and d[0] != "9" and d[3:5] != "00" and d[5:] != "0000" and len(set(d)) > 1
    )


def itin(d: str) -> bool:
    """US individual taxpayer number: 9xx, fourth and fifth digit 50-65, 70-88, 90-92 or 94-99."""
    return d[0] == "9" and int(d[3:5]) in {*range(50, 66), *range(70, 89), *range(90, 93), *range(94, 100)}


def cpf(d: str) -> bool:
    """Brazil: two check digits, weights falling to 2, modulo 11."""
    first = weighted(d[:9], (10, 9, 8, 7, 6, 5, 4, 3, 2), 11) * 10 % 11 % 10
    second = weighted(d[:10], (11, 10, 9, 8, 7, 6, 5, 4, 3, 2), 11) * 10 % 11 % 10
    return d[9:] == f"{first}{second}" and len(set(d)) > 1


def ahv(d: str) -> bool:
    """Switzerland: an EAN-13."""
    return d.startswith("756") and weighted(d, (1, 3), 10) == 0


def belgian(d: str) -> bool:
    """Belgium: 97 less the rest modulo 97; those born from 2000 on count with a 2 before."""
    check = int(d[9:])
    return check in {97 - int(d[:9]) % 97, 97 - int("2" + d[:9]) % 97}


def rut(d: str) -> bool:
    """Chile: modulo 11 with weights 2 to 7 from the right, K for ten."""
    rest = weighted(d[-2::-1], (2, 3, 4, 5, 6, 7), 11)
    return "0K987654321"[rest] == d[-1].upper()


def snils(d: str) -> bool:
    """Russia: weights 9 to 1, modulo 101."""
    return weighted(d[:9], tuple(range(9, 0, -1)), 101) % 100 == int(d[9:])


def rrn(d: str) -> bool:
    """South Korea: six digits of birth, then one for century and sex. No check digit since 2020."""
    return d[6] in "12345678" and _is_day(d[:2], d[2:4], d[4:6])


def swedish(d: str) -> bool:
    """Sweden: a date (day + 60 for coordination numbers) and Luhn over the last ten digits."""
    ten = d[-10:]
    return _is_day(ten[:2], ten[2:4], str(int(ten[4:6]) % 60)) and luhn(ten)


def hetu(text: str) -> bool:
    """Finland: the day of birth and a serial number modulo 31, as a letter."""
    if not _is_day(text[4:6], text[2:4], text[:2]):
        return False
    return _HETU_SIGNS[int(text[:6] + text[7:10]) % 31] == text[10].upper()


def insee(d: str) -> bool:
    """France: 97 less the rest modulo 97; Corsica's 2A and 2B count as 19 and 18."""
    number = d[:13].upper().replace("2A", "19").replace("2B", "18")
    return number.isdigit() and 97 - int(number) % 97 == int(d[13:])


def dni(text: str) -> bool:
    """Spain, DNI and NIE: a letter for the number modulo 23; X, Y and Z count as 0, 1 and 2."""
    number = text[:-1].upper().translate(str.maketrans("XYZ", "012"))
    return _DNI_LETTERS[int(number) % 23] == text[-1].upper()


def codice_fiscale(text: str) -> bool:
    """Italy: odd and even places have their own values; the sum modulo 26 is a letter."""
    upper = text.upper()
    even = sum(int(c) if c.isdigit() else ord(c) - 65 for c in upper[1:15:2])
    return chr(65 + (sum(_CF_ODD[c] for c in upper[:15:2]) + even) % 26) == upper[15]


def curp(text: str) -> bool:
    """Mexico: 18 characters in an alphabet with N-tilde after N, weights 18 to 2."""
    alphabet = "0123456789ABCDEFGHIJKLMN\u00d1OPQRSTUVWXYZ"
    total = sum(alphabet.index(c) * w for c, w in zip(text[:17], range(18, 1, -1), strict=True))
    return str(-total % 10) == text[17]


def nric(text: str) -> bool:
    """Singapore: weights 2 7 6 5 4 3 2, shifted by 4 for T and G and by 3 for M."""
    rest = weighted(text[1:8], (2, 7, 6, 5, 4, 3, 2), 1000) + {"T": 4, "G": 4, "M": 3}.get(text[0], 0)
    signs = {
        "S": "JZIHGFEDCBA",
        "T": "JZIHGFEDCBA",
        "F": "XWUTRQPNMLK",
        "G": "XWUTRQPNMLK",
        "M": "KLJNPQRTUWX",
    }[text[0]]
    rest %= 11
    return signs[10 - rest if text[0] == "M" else rest] == text[8]


def hong_kong(text: str) -> bool:
    """Hong Kong: letters from A = 10, a blank first letter as 36, weights 9 to 1, modulo 11."""
    bare = re.sub(r"[()\s]", "", text).rjust(9)
    values = [36 if c == " " else int(c, 36) for c in bare[:8]]
    return (sum(v * w for v, w in zip(values, range(9, 1, -1), strict=True)) + int(bare[8], 16)) % 11 == 0


def taiwan(text: str) -> bool:
    """Taiwan: the letter as two digits, weights 1 9 8 7 6 5 4 3 2 1 1, modulo 10."""
    code = "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(text[0]) + 10
    return weighted(f"{code}{text[1:]}", (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), 10) == 0


def chinese(text: str) -> bool:
    """China: region, day of birth, serial; ISO 7064 MOD 11-2, X for ten."""
    if not _is_day(text[6:10], text[10:12], text[12:14]):
        return False
    rest = weighted(text[:17], (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), 11)
    return "10X98765432"[rest] == text[17].upper()


def irish(text: str) -> bool:
    """Ireland: weights 8 to 2 and 9 for a second letter, modulo 23."""
    second = ord(text[8]) - 64 if len(text) > 8 and text[8] != "W" else 0  # noqa: PLR2004  # place of the second letter
    return (
        "WABCDEFGHIJKLMNOPQRSTUV"[(weighted(text[:7], (8, 7, 6, 5, 4, 3, 2), 1000) + second * 9) % 23]
        == text[7]
    )


def pesel(d: str) -> bool:
    """Poland: weights 1 3 7 9, modulo 10."""
    return weighted(d, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1), 10) == 0


def bsn(d: str) -> bool:
    """Netherlands: weights 9 to 2 and -1, modulo 11."""
    return weighted(d, (9, 8, 7, 6, 5, 4, 3, 2, -1), 11) == 0


def nhs(d: str) -> bool:
    """England: weights 10 to 2, modulo 11."""
    return weighted(d, (10, 9, 8, 7, 6, 5, 4, 3, 2, 1), 11) == 0


def tfn(d: str) -> bool:
    """Australia: weights 1 4 3 7 5 8 6 9 10, modulo 11."""
    return weighted(d, (1, 4, 3, 7, 5, 8, 6, 9, 10), 11) == 0


def nif(d: str) -> bool:
    """Portugal: weights 9 to 2, modulo 11."""
    rest = 11 - weighted(d[:8], (9, 8, 7, 6, 5, 4, 3, 2), 11)
    return (0 if rest > 9 else rest) == int(d[8])  # noqa: PLR2004  # one digit


def turkish(d: str) -> bool:
    """Turkey: the tenth digit from odd and even places, the eleventh from the sum."""
    n = [int(x) for x in d]
    return d[0] != "0" and (sum(n[0:9:2]) * 7 - sum(n[1:8:2])) % 10 == n[9] and sum(n[:10]) % 10 == n[10]


def norwegian(d: str) -> bool:
    """Norway: two check digits modulo 11."""
    first = weighted(d[:10], (3, 7, 6, 1, 8, 9, 4, 5, 2, 1), 11)
    return first == 0 and weighted(d, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1), 11) == 0


def romanian(d: str) -> bool:
    """Romania: weights 2 7 9 1 4 6 3 5 8 2 7 9, modulo 11, ten as one."""
    rest = weighted(d[:12], (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9), 11)
    return (1 if rest == 10 else rest) == int(d[12])  # noqa: PLR2004  # does not fit a digit


def czech(d: str) -> bool:
    """Czechia and Slovakia: a date (month + 50 for women), all modulo 11."""
    month = int(d[2:4]) % 50
    return int(d) % 11 == 0 and _is_day(d[:2], str(month - 20 if month > 20 else month), d[4:6])  # noqa: PLR2004  # twenty more when numbers ran out


def danish(d: str) -> bool:
    """Denmark: a date and four digits; no check digit since 2007."""
    return _is_day(d[4:6], d[2:4], d[:2])


def south_african(d: str) -> bool:
    """South Africa: a date, and Luhn."""
    return _is_day(d[:2], d[2:4], d[4:6]) and d[10] in "01" and luhn(d)


# --- where they stand -----------------------------------------------------------------------------

_FORMED: dict[str, tuple[str, Check]] = {
    "Brazil": (r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", cpf),
    "Switzerland": (r"756[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}", ahv),
    "Belgium": (r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}", belgian),
    "Chile": (r"[1-9][0-9]?\.[0-9]{3}\.[0-9]{3}-[0-9kK]", rut),
    "Russia": (r"[0-9]{3}-[0-9]{3}-[0-9]{3}[ -][0-9]{2}", snils),
    "Korea": (r"[0-9]{6}-[1-8][0-9]{6}", rrn),
    "Sweden": (r"(?:19|20)?[0-9]{6}[-+][0-9]{4}", swedish),
    "France": (
        r"[12] ?[0-9]{2} ?(?:0[1-9]|1[0-2]|[2-9][0-9]) ?[0-9][0-9AB] ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}",
        insee,
    ),
    "India": (r"[2-9][0-9]{3}([ -])[0-9]{4}\1[0-9]{4}", verhoeff),
    "China": (r"[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9Xx]", chinese),
    "Spain": (r"[0-9]{8}-?[A-HJ-NP-TV-Z]", dni),
    "Ireland": (r"[0-9]{7}[A-W][A-IW]?", irish),
}
_LETTERED: dict[str, tuple[str, Check]] = {
    "Finland": (r"[0-3][0-9][01][0-9]{3}[-+A-FU-Y][0-9]{3}[0-9A-Y]", hetu),
    "Spain_NIE": (r"[XYZ]-?[0-9]{7}-?[A-Z]", dni),
    "Italy": (r"[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]", codice_fiscale),
    "Mexico": (r"[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9]", curp),
    "India_PAN": (r"[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]", lambda _: True),
    "Singapore": (r"[STFGM][0-9]{7}[A-Z]", nric),
    "HongKong": (r"[A-Z]{1,2}[0-9]{6} ?\([0-9A]\)", hong_kong),
    "Taiwan": (r"[A-Z][12589][0-9]{8}", taiwan),
    "UK": (
        r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]",
        lambda _: True,
    ),
}
_BARE: dict[int, tuple[Check, ...]] = {
    9: (luhn, bsn, tfn, nif, itin),
    10: (nhs, czech, danish, swedish),
    11: (cpf, belgian, pesel, turkish, norwegian, iso7064_11_10, snils, luhn),
    12: (verhoeff, swedish),
    13: (south_african, romanian, ahv, rrn),
    15: (insee,),
}
"""Checks of bare numbers beside a word for one, by the count of their digits."""
_MIN_BARE = min(_BARE)


def _either(forms: dict[str, tuple[str, Check]]) -> re.Pattern[str]:
    named = "|".join(
        f"(?P<{name}>{form.replace(chr(92) + '1', '[ -]')})" for name, (form, _) in forms.items()
    )
    return re.compile(rf"(?<![0-9A-Za-z])(?<![0-9][.-])(?:{named})(?![0-9A-Za-z]|[-.][0-9])")


_FORMED_AT, _LETTERED_AT = _either(_FORMED), _either(_LETTERED)
_CAPITALS = re.compile(r"[A-Z0-9][A-Z0-9() +-]{7,}+")
_TWO_DIGITS = re.compile(r"[0-9]{2}")
_LETTERED_SHAPE = re.compile(rb"0(?:A|(?<=A0)|(?<=A-0)|00000[-+]0000|0 ?00 ?00 A)")
_KEEPS = {"Finland", "HongKong"}
_SSN = re.compile(
    r"(?<![0-9A-Za-z])(?<![0-9][.-])[0-9]{3}([ ./_-]{0,3})[0-9]{2}\1[0-9]{4}(?![0-9A-Za-z]|[.-][0-9])"
)
_SSN_WORDS = words("ssn")
_ID_WORDS = words("national_id", gap=r"[^0-9\n]{0,24}")
_DOCUMENT_HINTS = listed("document_hints")
_BARE_ID = re.compile(
    r"(?<![0-9A-Za-z])(?<![0-9][.-])(?=[0-9][0-9 ./-]{8})"
    r"[0-9]{1,15}+(?:[ ./-]{1,3}[0-9]{1,13}+){0,15}+(?![0-9A-Za-z])"
)
_PASSPORT = words("passport")
_DOCUMENT = re.compile(
    r"(?<![0-9A-Za-z])(?=[A-Z]{0,5}[0-9])(?:[A-Z0-9]{7,16}|[A-Z][A-Z0-9]{5})(?![0-9A-Za-z])"
)


def find_ids(page: Page) -> list[Hit]:
    """Return US Social Security numbers and national numbers."""
    hits: list[Hit] = []
    if page.stretches:
        if b"00" in page.shape:
            hits += _formed(page.numbers(_FORMED_AT), _FORMED)
        if page.digits >= _MIN_BARE:
            hits += _find_ssn(page) if b"000" in page.shape else ()
            hits += _find_bare(page)
    if _may_be_lettered(page.shape):
        hits += _find_lettered(page)
    if page.topics & Topic.DOCUMENT and any(hint in page.rare_lower for hint in _DOCUMENT_HINTS):
        hits += _find_documents(page)
    return hits


def _may_be_lettered(shape: bytes) -> bool:
    if b"A" not in shape:
        return b"000000-0000" in shape or b"000000+0000" in shape
    return _LETTERED_SHAPE.search(shape) is not None


def _find_lettered(page: Page) -> Iterator[Hit]:
    for area in _CAPITALS.finditer(page.text):
        if _TWO_DIGITS.search(area[0]):
            yield from _formed(_LETTERED_AT.finditer(page.text, area.start(), area.end() + 2), _LETTERED)


def _formed(matches: Iterator[re.Match[str]], forms: dict[str, tuple[str, Check]]) -> Iterator[Hit]:
    for match in matches:
        name = match.lastgroup or ""
        bare = match[0] if name in _KEEPS else match[0].translate(_SEPARATORS)
        if forms[name][1](bare):
            yield Hit(*match.span(), Kind.NATIONAL_ID, 0.95, name.partition("_")[0])


def _find_ssn(page: Page) -> Iterator[Hit]:
    text, lower = page.text, page.lower
    for match in page.numbers(_SSN):
        start, end = match.span()
        gap = match[1]
        vague = not gap or (gap == " " and _is_among(text, start, end))
        if text[start - 1 : start] == "+" or (vague and not before(_SSN_WORDS, lower, start)):
            continue
        digits = match[0].replace(gap, "") if gap else match[0]
        if ssn(digits):
            yield Hit(start, end, Kind.US_SSN, 0.98, "SSN")
        elif itin(digits):
            yield Hit(start, end, Kind.NATIONAL_ID, 0.9, "US taxpayer")


def _is_among(text: str, start: int, end: int) -> bool:
    """Say whether there are other digits a space before or after."""
    return text[start - 2 : start].rstrip().isdigit() or text[end : end + 2].strip().isdigit()


def _find_bare(page: Page) -> Iterator[Hit]:
    is_named = Said(_ID_WORDS, page.lower)
    for match in page.numbers(_BARE_ID):
        written = match[0]
        if len(written) < _MIN_BARE or not is_named.before(match.start()):
            continue
        digits = written.translate(_SEPARATORS)
        if any(check(digits) for check in _BARE.get(len(digits), ())):
            yield Hit(*match.span(), Kind.NATIONAL_ID, 0.9, "national number after its name")


def _find_documents(page: Page) -> Iterator[Hit]:
    for match in _DOCUMENT.finditer(page.text):
        if before(_PASSPORT, page.lower, match.start()):
            yield Hit(*match.span(), Kind.NATIONAL_ID, 0.82, "document number after its name")
