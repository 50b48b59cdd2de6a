"""One form for the many ways a letter can be written.

Compatibility forms, accents, case, and letters drawn like Latin ones become the plain
letter; what cannot be seen becomes nothing, except tag characters, which spell ASCII and
are read as such. Letters of other scripts stay what they are: a Cyrillic "а" in a Russian
word is no disguise. `latin` is for the words in which it is one.
"""

# ruff: noqa: RUF001, RUF002 - letters that look like others are what this module is about

import re
import unicodedata
from typing import Final

_LONGEST_EXPANSION = 4
_FIRST_TAG, _LAST_TAG = 0xE0020, 0xE007E
_KEPT_CONTROLS = frozenset("\n\t\r\v\f\x1c\x1d\x1e\x1f\x85")

# Each pair is the letters drawn like the ASCII ones, in their order. Unconditional: no language
# written in these letters is in the lexicon.
_DRAWN_LIKE = (
    ("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz"),
    ("ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ", "acefghijkmrtvwy"),
    ("ɑɡɩıȷɋʂƒłøđħŧƀƈɗɓɦɨɉƙɱɲŋƥɽʄʈʉʋʐʑƽƨꝍꝺꝼɛɜ", "agiijqsflodhtbcdbhijkmnnprftuvzzssodfee"),
    ("ⅼℓ∪∨ø", "lluvo"),
    ("æœðþ", "aodp"),
)
_MOSTLY: Final = 0.85
"""Share of ASCII from which runs of it are worth looking for."""
_RUNS: Final = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]+")
_IN_WORDS: Final = r"\u00ad\u0300-\u036f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u0370-\u052f"
_STYLED: Final = (
    r"\u1d00-\u1d7f\u249c-\u24e9\uff21-\uff5a\U0001d400-\U0001d7ff\U0001f130-\U0001f189\U000e0020-\U000e007e"
)
_DISGUISES: Final = (
    re.compile(rf"[{_IN_WORDS}{_STYLED}](?:(?<=[A-Za-z][{_IN_WORDS}])|(?<=[{_STYLED}]))"),
    re.compile(r"[\u0370-\u052f](?=[A-Za-z])"),
)
"""Each begins with a set of characters, by which a search skips ordinary ones quickly."""
_SQUARES: Final = (0x1F130, 0x1F150, 0x1F170, 0x1F1E6)
_SPECIAL: Final = {
    "ß": "ss",
    "ς": "σ",
    "ى": "ي",
    "ی": "ي",
    "ک": "ك",
    "ة": "ه",
    "ۀ": "ه",
    "ـ": "",
    "\u2800": " ",
}

_LATIN_LOOK: Final = str.maketrans(
    "абвгдезикмнорстухьыіјѕԁԛԝһӏүґєқѵαβγδεζηικμνοπρστυχωաբգհոսցքօյւꭰꭱꭲꭺꭼꮃꮇꮋꮎꮪꮯꮲꮶꮷᏚᎪᎬᎳᎷᎻᏂᏟᏢᏦ",
    "abbrdeeukmhopctyxbbijsdqwhiyrekvabydeznikmvonpotuxwwpqhnugpojidriaewmhosctkdsaewmhhcpk",
)
_CAPITAL_LOOK: Final = str.maketrans("ηνρυ", "hnpy")


class _Fold(dict[int, str]):
    """What each code point becomes, filled as code points are met."""

    def __missing__(self, code: int) -> str:
        folded = _fold_char(chr(code))
        self[code] = folded
        return folded


def fold_char(char: str) -> str:
    """Return what one character becomes: nothing, or up to four characters."""
    return _FOLD[ord(char)]


def fold(text: str) -> str:
    """Return *text* with `fold_char` put to every character."""
    if text.isascii():
        return text.lower()
    if len(text.encode("ascii", "ignore")) < len(text) * _MOSTLY:
        return text.translate(_FOLD)
    return "".join([run.lower() if run.isascii() else run.translate(_FOLD) for run in _RUNS.findall(text)])


def disguises(text: str) -> int:
    """Return how many characters of *text* are likely a disguise: styled, invisible, from elsewhere."""
    return 0 if text.isascii() else sum(len(pattern.findall(text)) for pattern in _DISGUISES)


def latin(word: str) -> str | None:
    """Return a folded word with look-alikes of other scripts read as Latin letters.

    Returns:
        None if a letter of it looks like no Latin letter.
    """
    drawn = word.translate(_LATIN_LOOK)
    return drawn if drawn.isascii() else None


def latin_capitals(word: str) -> str | None:
    """Return the same as `latin`, reading Greek letters by their capitals."""
    return latin(word.translate(_CAPITAL_LOOK))


def _fold_char(char: str) -> str:
    special = _SPECIAL.get(char)
    if special is not None:
        return special
    if unicodedata.category(char)[0] == "M":
        return ""
    code = ord(char)
    for first in _SQUARES:
        if first <= code < first + 26:
            return chr(code - first + 97)
    if _FIRST_TAG <= code <= _LAST_TAG:
        return chr(code - 0xE0000).lower()
    return "".join(map(_plain, _decomposed(char)))[:_LONGEST_EXPANSION]


def _decomposed(char: str) -> str:
    letters = unicodedata.normalize("NFKD", char).casefold()
    if not letters.isascii():
        letters = unicodedata.normalize("NFKD", letters)
    return unicodedata.normalize("NFC", "".join(c for c in letters if unicodedata.category(c)[0] != "M"))


def _plain(char: str) -> str:
    category = unicodedata.category(char)
    if category in ("Zl", "Zp") or char in _KEPT_CONTROLS:
        return "\n" if char not in "\t" else " "
    if category == "Zs":
        return " "
    if category[0] == "C" or char in "\u115f\u1160\u3164":
        return ""
    return _DRAWN.get(char, char)


_DRAWN: Final = {
    look: plain for looks, plains in _DRAWN_LIKE for look, plain in zip(looks, plains, strict=True)
}
_FOLD: Final = _Fold({code: chr(code).lower() for code in range(128)})
