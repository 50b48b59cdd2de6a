"""Text hidden in another alphabet: base64, base32, hex, numbers, Morse, variation selectors.

Whatever decodes to mostly printable text is read; all finds of one layer are read as one
text, so that a sentence cut over several of them is whole again. A find points to the whole
stretch it was hidden in.
"""

# ruff: noqa: RUF001 - dashes and dots of Morse code come in many kinds

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from reenact_injection.shapes import Shape
from reenact_injection.views import View, extracted

_GAP = " \n"
_PRINTABLE = 0.85
_SHORTEST = 6
_WORDLIKE = 0.6
_SURELY = 24
"""From this length on nothing but printable characters is no chance, and may be half rules and signs."""
_FEW_WORDS = 0.4

_BASE64: Final = re.compile(
    r"[A-Za-z0-9+/_-](?<![A-Za-z0-9+/_-]{2})[A-Za-z0-9+/_-]{15,}+={0,2}"
    r"(?:[\r\n]+[A-Za-z0-9+/_-]{12,}+={0,2})*+"
)
"""Begins, as the next ones do, with what it may begin with: so a search skips all else quickly."""
_BASE32: Final = re.compile(r"[A-Z2-7](?<![A-Z2-7]{2})[A-Z2-7]{15,}+={0,6}")
_HEX: Final = re.compile(
    r"[0-9A-Fa-f\\](?<![0-9A-Fa-f][0-9A-Fa-f\\])"
    r"(?:(?:(?<=0)|(?<=\\))x[0-9A-Fa-f]{2}|(?<!\\)[0-9A-Fa-f])[ ,:;\n-]{0,2}"
    r"(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[ ,:;\n-]{0,2}){7,}+"
)
_BITS: Final = re.compile(r"[01](?<![01]{2})[01]{6,7}[ ,\n]{0,2}(?:[01]{7,8}[ ,\n]{0,2}){4,}+")
_DECIMAL: Final = re.compile(r"[1-9](?<!\d{2})\d{1,2}(?:[ ,;\n-]{1,2}[1-9]\d{1,2}){6,}+")
_MORSE: Final = re.compile(r"[.\-·−–]{1,6}+(?:[ /|\n]{1,3}+[.\-·−–]{1,6}+){5,}+")
_SELECTORS: Final = re.compile(r"[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}+")
_ZERO_WIDTH: Final = re.compile(r"[\u200b\u200c\u200d\u2060\ufeff]{16,}+")
_BRAILLE: Final = re.compile(r"[\u2801-\u283f][\u2800-\u283f]{7,}+")
_DIGITS: Final = re.compile(r"\d\w?\W")
_MORSE_SIGN: Final = re.compile(r"[.\-·−–]{1,6}+[ /|]{1,3}+[.\-·−–]{1,6}+[ /|]")
_UNUSUAL: Final = re.compile(r"[\u200b\u2801-\u283f\ufe00-\ufe0f\U000e0100-\U000e01ef]")

_Decoder: TypeAlias = tuple[re.Pattern[str], Callable[[str], str | None]]
"""What to look for, and what becomes of it: None if it is nothing after all."""


def extract(view: View, shape: Shape) -> View | None:
    """Return what is hidden in *view* as one reading, or None if nothing is; *shape* is its shape."""
    if not shape.odd and view.text.isascii():
        return None
    tried = _tried(view.text, shape)
    finds = sorted(_finds(view.text, tried), key=lambda find: find[0]) if tried else None
    return extracted(view, finds, _GAP, "encoded") if finds else None


def _tried(text: str, shape: Shape) -> list[tuple[_Decoder, str]]:
    """Return what may decode something of a text, and where to look first whether it does."""
    spaced = shape.odd if shape.evenly and _DIGITS.search(shape.odd) else shape.long
    tried = [(decoder, shape.long) for decoder in _LONG_DECODERS] if shape.long else []
    tried += [(decoder, spaced) for decoder in _SPACED_DECODERS] if spaced else []
    tried += [(decoder, shape.odd) for decoder in _MORSE_DECODERS] if _MORSE_SIGN.search(shape.odd) else []
    if not text.isascii() and _UNUSUAL.search(text):
        tried += [(decoder, shape.odd) for decoder in _UNUSUAL_DECODERS]
    return tried


def _finds(text: str, tried: list[tuple[_Decoder, str]]) -> Iterator[tuple[int, int, str]]:
    for (pattern, decode), sample in tried:
        if not pattern.search(sample):
            continue
        known: dict[str, str | None] = {}
        if not any(_decoded(match[0], decode, known) for match in pattern.finditer(sample)):
            continue
        for match in pattern.finditer(text):
            found = _decoded(match[0], decode, known)
            if found is not None:
                yield match.start(), match.end(), found


def _decoded(written: str, decode: Callable[[str], str | None], known: dict[str, str | None]) -> str | None:
    """Return what *written* means; what was decoded is *known*."""
    if written not in known:
        known[written] = decode(written)
    return known[written]


def _text(data: bytes) -> str | None:
    """Return bytes as text, if that is what they are."""
    data = data.replace(b"\0", b"") if data.count(b"\0") * 3 > len(data) else data
    text = data.decode("utf-8", "ignore")
    if len(text) < _SHORTEST or len(text.encode()) < _PRINTABLE * len(data):
        return None
    printable = sum(map(str.isprintable, text)) + text.count("\n") + text.count("\t") + text.count("\r")
    wordlike = sum(char.isalnum() or char > "\x7f" for char in text) + text.count(" ")
    enough = _FEW_WORDS if printable == len(text) >= _SURELY else _WORDLIKE
    return text if printable >= _PRINTABLE * len(text) and wordlike >= enough * len(text) else None


def _base64(found: str) -> str | None:
    letters = "".join(found.split()).rstrip("=").replace("-", "+").replace("_", "/")
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return _text(binascii.a2b_base64(letters + "=" * (-len(letters) % 4)))


def _base32(found: str) -> str | None:
    letters = found.rstrip("=")
    letters = letters[: len(letters) // 8 * 8] if len(letters) % 8 in (1, 3, 6) else letters
    return _text(base64.b32decode(letters + "=" * (-len(letters) % 8)))


def _hex(found: str) -> str | None:
    digits = re.sub(r"0x|\\x|[^0-9A-Fa-f]", "", found)
    return _text(bytes.fromhex(digits[: len(digits) // 2 * 2]))


def _bits(found: str) -> str | None:
    groups = found.replace(",", " ").split()
    if len(groups) == 1:
        groups = [found[at : at + 8] for at in range(0, len(found) - 7, 8)]
    return _text(bytes(int(group[:8], 2) for group in groups))


def _decimal(found: str) -> str | None:
    codes = [int(code) for code in re.findall(r"\d+", found)]
    return _text(bytes(codes)) if max(codes) < 256 else None  # noqa: PLR2004 - what a byte holds


def _morse(found: str) -> str | None:
    letters = found.replace("·", ".").replace("−", "-").replace("–", "-").replace("|", "/")
    words = letters.replace("\n", "/").replace("   ", "/").replace("  ", "/").split("/")
    spelled = {word: "".join([_MORSE_LETTERS.get(code, "") for code in word.split()]) for word in set(words)}
    text = " ".join(map(spelled.__getitem__, words))
    return text if len(text) >= _SHORTEST else None


def _selectors(found: str) -> str | None:
    return _text(bytes(ord(char) & 0xF if char <= "\ufe0f" else ord(char) - 0xE0100 + 16 for char in found))


def _zero_width(found: str) -> str | None:
    for one in dict.fromkeys(found):
        bits = "".join("1" if char == one else "0" for char in found)
        text = _bits(bits)
        if text is not None:
            return text
    return None


def _braille(found: str) -> str | None:
    return "".join(_BRAILLE_LETTERS.get(char, " ") for char in found)


_MORSE_LETTERS: Final = dict(
    zip(
        """
        .- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .--
        -..- -.-- --.. ----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----.
        """.split(),  # noqa: SIM905 - a list of it is 36 lines
        "abcdefghijklmnopqrstuvwxyz0123456789",
        strict=True,
    )
)
_BRAILLE_LETTERS: Final = dict(zip("⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵", "abcdefghijklmnopqrstuvwxyz", strict=True))

_LONG_DECODERS: Final[tuple[_Decoder, ...]] = ((_BASE64, _base64), (_BASE32, _base32))
_SPACED_DECODERS: Final[tuple[_Decoder, ...]] = ((_HEX, _hex), (_BITS, _bits), (_DECIMAL, _decimal))
_MORSE_DECODERS: Final[tuple[_Decoder, ...]] = ((_MORSE, _morse),)
_UNUSUAL_DECODERS: Final[tuple[_Decoder, ...]] = (
    (_SELECTORS, _selectors),
    (_ZERO_WIDTH, _zero_width),
    (_BRAILLE, _braille),
)
