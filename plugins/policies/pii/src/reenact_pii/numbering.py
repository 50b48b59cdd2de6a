"""Which telephone numbers there are.

What numbers a country has is the `phonenumbers` library's knowledge (ITU-T E.164); its
patterns are used as they are. Reading a country's takes longer than looking through a
text, so it is done when the first number comes that may be of that country.
"""

import re
from functools import cache
from typing import NamedTuple

REGIONS: tuple[str, ...] = tuple(
    """
    US GB FR DE ES IT NL BE CH AT AU IN JP BR MX CN KR RU
    SE NO DK FI PL PT IE ZA TR IL NZ NG KE ID MY PH TH VN
    CZ GR HU RO UA EG PK BD SA AE AR CL CO PE TW HK SG
    """.split()  # noqa: SIM905 - a list of it is unreadable
)
"""Countries whose national forms are known without a word before them."""

MIN_DIGITS, MAX_DIGITS = 7, 15
"""Fewest digits of a local number; most of any number (E.164)."""

_MIN_INTERNATIONAL = 8
_AT_ONCE = 6
"""How many countries are read before it is asked whether the number is of one of them."""
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


class Plan(NamedTuple):
    """The numbers of a country.

    Attributes:
        pattern: What one looks like without trunk prefix.
        lengths: How many digits it may have.
        trunk: What is dialled before it in the country; empty if nothing is.
    """

    pattern: str
    lengths: frozenset[int]
    trunk: str


@cache
def _plan(region: str) -> Plan:
    from phonenumbers import PhoneMetadata

    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None:
        return Plan("(?!)", frozenset(), "")
    kinds = [getattr(metadata, name) for name in _TYPES]
    patterns = dict.fromkeys(kind.national_number_pattern for kind in kinds if kind)
    general = metadata.general_desc
    return Plan(
        "|".join(f"(?:{pattern})" for pattern in patterns if pattern),
        frozenset(general.possible_length if general else ()),
        metadata.national_prefix or "",
    )


@cache
def _pattern(region: str) -> re.Pattern[str]:
    return re.compile(_plan(region).pattern)


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


def is_international(digits: str) -> bool:
    """Say whether *digits* are a country code and as many digits as that country's numbers have."""
    if len(digits) < _MIN_INTERNATIONAL or digits[0] == "0":
        return False
    regions, rest = _countries(digits)
    if not regions:
        return False
    lengths = _plan(regions[0]).lengths
    return len(rest) in lengths or (rest[:1] == "0" and len(rest) - 1 in lengths) or not lengths


def is_valid(digits: str) -> bool:
    """Say whether a country has given out such a number, in international form."""
    if digits[:1] in {"", "0"}:
        return False
    regions, rest = _countries(digits)
    return any(_pattern(region).fullmatch(rest) for region in regions)


def is_national(digits: str) -> bool:
    """Say whether one of `REGIONS` has given out such a number, in national form."""
    size, first = len(digits), digits[0]
    for some in range(0, len(REGIONS), _AT_ONCE):
        for region, trunk in _candidates(some, size, first):
            if digits.startswith(trunk) and _pattern(region).fullmatch(digits, len(trunk)):
                return True
    return False


@cache
def _candidates(some: int, size: int, first: str) -> tuple[tuple[str, str], ...]:
    """Return which of some countries may have a number of *size* digits, and what is before it in it."""
    found = []
    for region in REGIONS[some : some + _AT_ONCE]:
        _, lengths, trunk = _plan(region)
        if trunk and size - len(trunk) in lengths and trunk[0] == first:
            found.append((region, trunk))
        if size in lengths and (first != "0" or not trunk):
            found.append((region, ""))
    return tuple(found)
