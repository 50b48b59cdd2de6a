# ruff: noqa: RUF001  # the characters that look like others are the point here
"""One spelling for characters that look or mean the same.

NFKC (Unicode Standard Annex 15), decimal digits of all scripts, dashes and spaces
of all kinds, look-alikes of Latin letters (a selection of Unicode Technical
Standard 39, confusables.txt), and nothing where a character cannot be seen.

Most characters become one character, which keeps positions. The few that vanish
or become several are edits.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache, partial

from reenact_pii.views import Edit, Letters, View

_GONE, _SEVERAL = "\x00", "\x01"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
CONTROLS = bytes(code for code in range(128) if _CONTROL.match(chr(code)))
"""Control characters of ASCII that end no line and are no tab."""
_MOSTLY = 0.85
"""Share of ASCII from which runs of it are worth looking for."""
_RUNS = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]+")
_MARKED = re.compile(r"[\x00\x01](?:(?<=\x00)\x00*)?+")

LOOK_ALIKES = {
    **dict(zip("аеорсухівкмнтгѕјһԁԛԝӏьёґ", "aeopcyxibkmhtrsjhdqwlber", strict=True)),
    **dict(zip("АВЕКМНОРСТУХІЅЈҮԌԚԜӀ", "ABEKMHOPCTYXISJYGQWI", strict=True)),
    **dict(zip("αβγεικνορτυχωϲϳ", "abyeikvoptuxwcj", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹ", "ABEZHIKMNOPTYXC", strict=True)),
    **dict(zip("օսհոցզ", "ouhngq", strict=True)),
    **dict(zip("ıɡɑɩʏɴɪʀʟꞵⅼⅠ", "igaiYNIRLBlI", strict=True)),
    **dict(zip("∶꞉ː։׃⁚", "::::::", strict=True)),
    **dict(zip("·․‧∙⋅•ꓸ", ".......", strict=True)),
    **dict(zip("⁄∕⧸╱", "////", strict=True)),
    **dict(zip("➕᛭", "++", strict=True)),
    **dict(zip("−˗⁃ー┄─━➖ｰ", "---------", strict=True)),
    **dict(zip("‘’‛`´ʼ", "''''''", strict=True)),
    **dict(zip("“”„‟″", '"' * 5, strict=True)),
    **dict(zip("ˍ＿", "__", strict=True)),
    "İ": "I",  # its lower case is two characters, and positions in lower case must be the same
    "\u2028": "\n",
    "\u2029": "\n",
    "\x85": "\n",
    "\x00": " ",  # separates fields, and stands between the letters of UTF-16 read as bytes
}
"""Single characters that are read as others."""

_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u20e3\u3164\uffa0\u2800")
_COMBINING = range(0x0300, 0x0370)
_SELECTORS = (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10))
_TAGS = range(0xE0000, 0xE1000)


class _Fold(dict[int, str]):
    """Code point to what it is read as; worked out when first asked for."""

    def __missing__(self, code: int) -> str:
        folded = _folded(chr(code))
        self[code] = folded if len(folded) == 1 else (_SEVERAL if folded else _GONE)
        return self[code]


@lru_cache(maxsize=1 << 14)
def _folded(char: str) -> str:
    """Return what *char* is read as: nothing, one character or several."""
    if char in LOOK_ALIKES:
        return LOOK_ALIKES[char]
    if _vanishes(char):
        return ""
    category = unicodedata.category(char)
    if category == "Cc":
        return " " if char.isspace() else ""
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category in {"Zs", "Pd"}:
        return " " if category == "Zs" else "-"
    folded = unicodedata.normalize("NFKC", char)
    return LOOK_ALIKES.get(folded, folded)


def _vanishes(char: str) -> bool:
    code = ord(char)
    unseen = char in _INVISIBLE or code in _COMBINING or code in _SELECTORS or code in _TAGS
    return unseen or (code > 0x7F and unicodedata.category(char) == "Cf")  # noqa: PLR2004  # ASCII


class _Full(dict[int, str]):
    """Code point to all that it is read as."""

    def __missing__(self, code: int) -> str:
        self[code] = _folded(chr(code))
        return self[code]


_FULL = _Full()
_FOLD = _Fold({code: chr(code) for code in (9, 10, 13, *range(32, 127))})


def fold(view: View) -> View:
    """Return *view* in the one spelling."""
    text = view.text
    ascii_bytes = text.encode("ascii", "ignore")
    controls = len(ascii_bytes.translate(None, CONTROLS)) < len(ascii_bytes)
    if len(ascii_bytes) == len(text) and not controls:
        return view
    if len(ascii_bytes) < len(text) * _MOSTLY:
        marked = text.translate(_FOLD)
    else:
        marked = "".join(
            [
                run if run.isascii() and not (controls and _CONTROL.search(run)) else run.translate(_FOLD)
                for run in _RUNS.findall(text)
            ]
        )
    several, gone = marked.count(_SEVERAL), marked.count(_GONE)
    if not several and not gone:
        return View(marked, view.layers, view.hidden)
    if (several + gone) * _DENSE > len(text):
        letters = Letters(partial(_lengths, text, marked))
        made = text.translate(_FULL) if several else marked.replace(_GONE, "")
        return View(made, (*view.layers, letters), view.hidden)
    edits = [_edit(text, match) for match in _MARKED.finditer(marked)]
    return View(marked, view.layers, view.hidden).edited(edits)


_DENSE = 16
"""One in so many characters is many."""


def _lengths(text: str, marked: str) -> Iterator[int]:
    """Return how many characters became of each of *text*."""
    if _SEVERAL in marked:
        return map(len, map(_FULL.__getitem__, map(ord, text)))
    return map(_GONE.__ne__, marked)


def _edit(text: str, match: re.Match[str]) -> Edit:
    start, end = match.span()
    return start, end, "" if match[0][0] == _GONE else _folded(text[start])


def fold_words(text: str) -> str:
    """Return *text* in the one spelling, without a way back; for the words of a rule."""
    return fold(View(text)).text.lower()
