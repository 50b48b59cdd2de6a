"""Check digits: what tells a number that was issued from one that only looks like it.

Each function takes what was written without separators and says whether its check
digits are right. A function that is given anything else answers False.
"""

from hashlib import sha256
from itertools import cycle
from operator import mul

_ONCE = bytes.maketrans(b"0123456789", bytes(range(10)))
_DOUBLED = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))
_LETTER_VALUES = {ord(letter): str(ord(letter) - 55) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B: payment cards and several national numbers."""
    backwards = digits.encode()[::-1]
    return (sum(backwards[::2].translate(_ONCE)) + sum(backwards[1::2].translate(_DOUBLED))) % 10 == 0


def iban(compact: str) -> bool:
    """ISO 7064 MOD 97-10 as in ISO 13616: letters count from A = 10, the first four go last."""
    moved = (compact[4:] + compact[:4]).translate(_LETTER_VALUES)
    return moved.isdigit() and int(moved) % 97 == 1


def weighted(digits: str, weights: tuple[int, ...], modulus: int) -> int:
    """Return the weighted sum of *digits* modulo *modulus*; weights start again when they run out."""
    total: int = sum(map(mul, digits.encode().translate(_ONCE), cycle(weights)))
    return total % modulus


def _rows(*rows: str) -> list[bytes]:
    return [row.encode().translate(_ONCE) for row in rows]


_VERHOEFF_TIMES = _rows(
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_VERHOEFF_TURNS = _rows(
    "0123456789", "1576283094", "5803796142", "8916043527",
    "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def verhoeff(digits: str) -> bool:
    """Verhoeff 1969, over the dihedral group of order ten: Aadhaar."""
    check = 0
    for turn, digit in zip(cycle(_VERHOEFF_TURNS), digits.encode()[::-1].translate(_ONCE), strict=False):
        check = _VERHOEFF_TIMES[check][turn[digit]]
    return check == 0


def iso7064_11_10(digits: str) -> bool:
    """ISO 7064 MOD 11,10: German tax numbers, Croatian personal numbers."""
    product = 10
    for digit in digits[:-1]:
        product = (int(digit) + product) % 10 or 10
        product = product * 2 % 11
    return (11 - product) % 10 == int(digits[-1])


# --- crypto addresses -----------------------------------------------------------------------------

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
RIPPLE58 = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
_NO_VALUE = 0xFF
_VALUES = {
    name: bytes(name.index(chr(code)) if chr(code) in name else _NO_VALUE for code in range(256))
    for name in (BASE58, RIPPLE58)
}
_CHECK_BYTES = 4


def base58(text: str, alphabet: str = BASE58) -> bytes:
    """Return the bytes *text* is base58 of; empty if it is none."""
    values = text.encode().translate(_VALUES[alphabet])
    if _NO_VALUE in values:
        return b""
    number = 0
    for value in values:
        number = number * 58 + value
    zeros = len(text) - len(text.lstrip(alphabet[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def base58check(text: str, alphabet: str = BASE58) -> bytes:
    """Return version and payload if the last four bytes are the double SHA-256 of the rest, else empty."""
    data = base58(text, alphabet)
    body, check = data[:-_CHECK_BYTES], data[-_CHECK_BYTES:]
    return body if body and sha256(sha256(body).digest()).digest()[:_CHECK_BYTES] == check else b""


_BECH32 = {char: value for value, char in enumerate("qpzry9x8gf2tvdw0s3jn54khce6mua7l")}
_BECH32_ENDS = frozenset({1, 0x2BC830A3})


def _sums(generator: tuple[int, ...]) -> list[int]:
    """Return what is added for each value of the five bits that are pushed out."""
    sums = [0]
    for factor in generator:
        sums += [factor ^ others for others in sums]
    return sums


_BECH32_SUMS = _sums((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3))
_CASH_SUMS = _sums((0x98F2BC8E61, 0x79B76D99E2, 0xF33E5FB3C4, 0xAE2EABE2A8, 0x1E4F43E470))


def _polymod(values: list[int], sums: list[int], bits: int) -> int:
    check, rest = 1, (1 << bits) - 1
    for value in values:
        check = (check & rest) << 5 ^ value ^ sums[check >> bits]
    return check


def bech32(text: str) -> bool:
    """BIP 173 and BIP 350: human-readable part, ``1``, data with a six-character checksum."""
    lower = text.lower()
    prefix, _, data = lower.rpartition("1")
    if not prefix or text not in {lower, text.upper()} or any(char not in _BECH32 for char in data):
        return False
    spread = [ord(char) >> 5 for char in prefix] + [0] + [ord(char) & 31 for char in prefix]
    return _polymod(spread + [_BECH32[char] for char in data], _BECH32_SUMS, 25) in _BECH32_ENDS


def cashaddr(prefix: str, data: str) -> bool:
    """Bitcoin Cash address: the prefix, a colon, data with an eight-character checksum."""
    if any(char not in _BECH32 for char in data):
        return False
    spread = [ord(char) & 31 for char in prefix] + [0]
    return _polymod(spread + [_BECH32[char] for char in data], _CASH_SUMS, 35) == 1
