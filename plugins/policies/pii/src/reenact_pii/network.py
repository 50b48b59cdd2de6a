"""IP and MAC addresses.

An address that can be nobody's is none: loopback, unspecified, broadcast, netmasks.
A dotted number after a word or sign that speaks of software is a version.
"""

import ipaddress
import re
from collections.abc import Iterator

from reenact_pii.context import BEFORE_CHARS, before, words
from reenact_pii.findings import Hit, Kind
from reenact_pii.pages import Page, Topic

_V4 = re.compile(r"[0-9](?<![0-9A-Za-z.].)[0-9]{0,2}(?:\.[0-9]{1,3}){3}(?![0-9A-Za-z_]|\.[0-9])")
_V6_COLONS = re.compile(r":[0-9A-Fa-f]{0,4}:")
_V6 = re.compile(r"(?<![0-9A-Za-z:.])[0-9A-Fa-f:]{2,39}+(?:%[A-Za-z0-9]{1,15})?(?![0-9A-Za-z:])")
_V6_DOTTED = re.compile(
    r"(?<![0-9A-Za-z:.])[0-9A-Fa-f:]{2,30}:[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9A-Za-z.:])"
)
_MAC_PAIRS = re.compile(r"[:-][0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-]")
_MAC = re.compile(
    r"(?<![0-9A-Za-z:.-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}(?:(?:[0-9A-Fa-f]{2}\1){2})?[0-9A-Fa-f]{2}"
    r"(?![0-9A-Za-z]|[:-][0-9A-Fa-f])"
)
_MAC_FOURS = re.compile(
    r"\.[0-9A-Fa-f]{4}(?<=(?<![0-9A-Za-z.])[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})\.[0-9A-Fa-f]{4}(?![0-9A-Za-z.])"
)
_MAC_BARE = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{12}|(?:[0-9A-Fa-f]{2} ){5}[0-9A-Fa-f]{2}|[0-9A-Fa-f]{6}-[0-9A-Fa-f]{6})"
    r"(?![0-9A-Za-z])"
)

_VERSION = words("version", gap=r":?[^0-9\n:]{0,16}(?:(?:from|to|[0-9.]{1,12})[ -]{1,3}){0,2}[^0-9\n:]{0,4}")
_VERSION_SIGN = re.compile(r"(?:[=~><!^]=|[~^]|[a-z0-9)][-/_@]|§ ?)$")
_VERSION_SIGNS = frozenset("=~^-/_@§\n")
"""What the sign ends with, or what follows it."""
_PADDED = re.compile(r"(?<![0-9])0[0-9]")
_NO_VERSION = re.compile(r"(?:ip|host|addr|address|server|client|from|gateway|https?:/)[-/_@=]$")
_HARDWARE = words("hardware", gap=r"[^0-9\n]{0,24}")

_MASK = re.compile(r"/([0-9]{1,2})(?![0-9])")
_NOBODYS = frozenset({"127.0.0.1", "0.0.0.0", "255.255.255.255"})  # noqa: S104  # named to be left out
_NOBODYS_MAC = frozenset({"ffffffffffff", "000000000000"})
_HARDWARE_WORD = words("hardware", gap="", ends=False)
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_DIGIT = re.compile("[0-9]")
_V6_PART = re.compile(r"(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4})*)?")
_FEW_GROUPS, _V6_GROUPS = 3, 8
_V6_COLON_COUNTS = (7, 6)  # six before an address with dots
_V4_BITS = 32
_V4_DOTS, _FOURS_DOTS = 3, 2
_PAIRS_SIGNS = 3
"""How many signs there are in an address of pairs, at the least."""


def find_network(page: Page) -> list[Hit]:
    """Return IP and MAC addresses."""
    text, lower = page.text, page.lower
    hits: list[Hit] = []
    dots = page.rare.count(".")
    if dots >= _V4_DOTS and _V4.search(page.rare):
        hits += _find_v4(text, lower)
    if ":" in page.rare and _V6_COLONS.search(page.rare):
        hits += _find_v6(text)
    if page.rare.count(":") + page.rare.count("-") >= _PAIRS_SIGNS and _MAC_PAIRS.search(page.rare):
        hits += _find_pairs(text)
    if dots >= _FOURS_DOTS and _MAC_FOURS.search(page.rare):
        hits += _find_fours(text)
    if page.topics & Topic.HARDWARE and _HARDWARE_WORD.search(page.rare_lower):
        hits += _find_bare(text, lower)
    return hits


def _find_v4(text: str, lower: str) -> Iterator[Hit]:
    for match in _V4.finditer(text):
        start, end = match.span()
        if not _is_nobodys(match[0], text[end : end + 3]) and not _is_version(lower, start):
            yield Hit(start, end, Kind.IP, 0.9, "IPv4")


def _is_nobodys(address: str, after: str) -> bool:
    """Say whether *address* is a mask, a network or this machine."""
    if _PADDED.search(address):
        return True  # a telephone number, or a version
    numbers = list(map(int, address.split(".")))
    if max(numbers) > 255 or address in _NOBODYS or numbers[0] in {0, 255}:  # noqa: PLR2004  # octet
        return True
    bits = _MASK.match(after) if after[:1] == "/" else None
    if bits is None or int(bits[1]) >= _V4_BITS:
        return False
    number = int.from_bytes(bytes(numbers), "big")
    return number & ((1 << _V4_BITS - int(bits[1])) - 1) == 0


def _is_version(lower: str, start: int) -> bool:
    window = lower[max(0, start - BEFORE_CHARS) : start]
    if window[-1:] in _VERSION_SIGNS or window[-2:] == "§ ":
        sign = window[-12:]
        if _VERSION_SIGN.search(sign) and not _NO_VERSION.search(sign):
            return True
    has_letter = window.islower() or not window.isascii()
    return has_letter and _VERSION.search(window) is not None


def _find_v6(text: str) -> Iterator[Hit]:
    done = 0
    sizes: dict[str, int] = {}
    for colons in _V6_COLONS.finditer(text):
        if colons.start() < done:
            continue
        start = _hex_start(text, colons.start(), 4)
        match = _V6_DOTTED.match(text, start) or _V6.match(text, start)
        if match is None:
            continue
        done, written = match.end(), match[0]
        size = sizes.get(written)
        if size is None:
            size = sizes[written] = _v6_size(written)
        if size:
            yield Hit(start, start + size, Kind.IP, 0.95, "IPv6")


def _v6_size(written: str) -> int:
    """Return how much of *written* is an address: all of it, all but a colon at its end, or nothing."""
    if _is_v6(written.partition("%")[0]):
        return len(written)
    return len(written) - 1 if written[-1] == ":" and _is_v6(written[:-1]) else 0


def _hex_start(text: str, end: int, most: int) -> int:
    """Return where the hex digits before *end* begin, at most *most* of them."""
    start = end
    while start and end - start < most and text[start - 1] in _HEX_DIGITS:
        start -= 1
    return start


def _is_v6(address: str) -> bool:
    if "::" not in address and address.count(":") not in _V6_COLON_COUNTS:
        return False
    groups = [group for group in address.split(":") if group]
    if len(groups) < _FEW_GROUPS and not _DIGIT.search(address):
        return False
    return _is_dotted_v6(address) if "." in address else _is_pure_v6(address, len(groups))


def _is_pure_v6(address: str, groups: int) -> bool:
    """Say whether *address*, hex digits and colons in so many groups, is written rightly and somebody's."""
    first, gap, rest = address.partition("::")
    if (groups > _V6_GROUPS - 1) if gap else (groups != _V6_GROUPS):
        return False
    if not (_V6_PART.fullmatch(first) and _V6_PART.fullmatch(rest)):
        return False
    return address.lstrip("0:") not in {"", "1"}


def _is_dotted_v6(address: str) -> bool:
    try:
        parsed = ipaddress.IPv6Address(address)
    except ValueError:
        return False
    return not (parsed.is_unspecified or parsed.is_loopback)


def _find_pairs(text: str) -> Iterator[Hit]:
    for pairs in _MAC_PAIRS.finditer(text):
        match = _MAC.match(text, max(0, pairs.start() - 2))
        if match and re.sub("[:-]", "", match[0].lower()) not in _NOBODYS_MAC:
            yield Hit(*match.span(), Kind.MAC, 0.96, "hardware address")


def _find_fours(text: str) -> Iterator[Hit]:
    for fours in _MAC_FOURS.finditer(text):
        digits = text[fours.start() - 4 : fours.end()]
        if any(char.isalpha() for char in digits):
            yield Hit(fours.start() - 4, fours.end(), Kind.MAC, 0.9, "hardware address")


def _find_bare(text: str, lower: str) -> Iterator[Hit]:
    for match in _MAC_BARE.finditer(text):
        if before(_HARDWARE, lower, match.start()):
            yield Hit(*match.span(), Kind.MAC, 0.8, "hardware address after its name")
