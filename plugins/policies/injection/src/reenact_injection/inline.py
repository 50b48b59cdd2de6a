"""Disguises that are undone where they stand: escapes, spaced letters, split words, leet.

Each step takes a view and returns a view, the same one when there is nothing to do. A
cheap search comes first, since ordinary prose has none of it. A repair is kept only if it
makes a word the lexicon knows, so that part numbers and versions stay what they are.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from html import unescape
from re import Match, Pattern
from typing import Final, TypeAlias

from reenact_injection.shapes import Shape
from reenact_injection.views import View, replaced, reworded
from reenact_injection.words import COMMON, known, segment

_ESCAPE: Final = re.compile(
    r"(?:%[0-9A-Fa-f]{2})++"
    r"|&(?:#[xX][0-9A-Fa-f]{1,6}|#[0-9]{1,7}|[A-Za-z]{2,8});"
    r"|\\(?:u\{[0-9A-Fa-f]{1,6}\}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|[0-7]{3})"
    r"|=[0-9A-F]{2}(?:=[0-9A-F]{2}){2,}+"
    r"|[Uu]\+[0-9A-Fa-f]{4,6}[ ,;]?"
)
_ESCAPE_SIGN: Final = re.compile(r"[%&\\=]|[Uu]\+")
_FIRST_CODE, _LAST_CODE = ord("\t"), 0x10FFFF

_GAP = r"[\W_]"
_ROW: Final = 4
_SPACED: Final = re.compile(rf"(?<![^\W_])[^\W_](?:{_GAP}{{1,6}}[^\W_](?![^\W_])){{{_ROW - 1},}}")
_ENDS = ".!?:\n"
_WORD_SIGN: Final = re.compile(r"[^\W_]")
_SPLIT: Final = re.compile(
    r"(?<![^\W_])[^\W_]++(?:(?:[-_.*~^+=/\\|,'`:]|[^\w\s\x00-\x7f]{1,2})[^\W_]++){1,12}"
)
_BETWEEN: Final = re.compile(r"[\W_]+")
_SIGNS: Final = re.compile(r"[^\w\n]+|_+")
_LEET_WORD: Final = re.compile(r"[a-z0-9@$!|+€(]{3,40}")
_LEET: Final = (
    str.maketrans("0134567892@$!|+€(", "oieasbtbgzasiitec"),
    str.maketrans("0134567892@$!|+€(", "oleasgtbgzaslltec"),
)
_LAST_SIGNS: Final = "!|+("
_SHORTEST_WORD: Final = 5
_LONGEST_WORD: Final = 24
_REMEMBERED: Final = 1 << 16
_MANY: Final = 3
"""How many different words have to be written one way for a text to count as written that way."""
_GUESSES: Final = 20
"""And how many times as many others may look so: in a list of part numbers some mean something by chance."""


_Read: TypeAlias = Callable[[Collection[str]], dict[str, str]]
"""Says what texts mean, of those that can be read."""


def unescape_all(view: View, shape: Shape) -> View:
    """Undo escapes, also those of escapes; *shape* is the view's shape."""
    if not shape.odd or not _ESCAPE_SIGN.search(shape.odd) or not _ESCAPE.search(shape.odd):
        return view
    once = replaced(view, _ESCAPE, _unescaped, "escaped")
    return replaced(once, _ESCAPE, _unescaped, "escaped")


def undisguise(view: View, shape: Shape) -> View:
    """Put spaced letters, leet and split words of a folded view right; *shape* is its shape."""
    if not shape.odd:
        return replaced(view, _SPACED, _unspaced, "spaced") if shape.letters else view
    if shape.letters or _SPACED.search(shape.odd):
        view = replaced(view, _SPACED, _unspaced, "spaced")
    view = _IN_LEET.undo(view, shape.odd)
    return _IN_PARTS.undo(view, shape.odd)


class _Disguise:
    """One way to write words; which can be read is remembered.

    Args:
        mark: Its name.
        pattern: What looks so.
        carefully: What those mean that are surely written so.
        boldly: What those mean that may be.
    """

    def __init__(self, mark: str, pattern: Pattern[str], carefully: _Read, boldly: _Read) -> None:
        self._mark = mark
        self._pattern = pattern
        self._carefully = carefully
        self._boldly = boldly
        self._sure: set[str] = set()
        self._others: set[str] = set()

    def undo(self, view: View, odd: str) -> View:
        """Put *view* right, also what may be written so where the whole text is.

        Args:
            view: What to put right.
            odd: What of its text is no word with its punctuation.
        """
        sure = self._among(odd)
        if not sure:
            return view
        texts = set(self._pattern.findall(view.text))
        meant = self._carefully(texts - self._others)
        guesses = self._boldly(texts - meant.keys()) if len(sure) >= _MANY else {}
        if len(guesses) <= _GUESSES * len(meant):
            meant |= guesses
        return reworded(view, self._pattern, meant, self._mark)

    def _among(self, odd: str) -> set[str]:
        """Return what of *odd* is surely written so."""
        found = set(self._pattern.findall(odd)) - self._others
        if new := found - self._sure:
            if len(self._sure) + len(self._others) > _REMEMBERED:
                self._sure, self._others = set(), set()
            sure = self._carefully(new).keys()
            others = new - sure
            self._sure |= sure
            self._others |= others
            found -= others  # not what is remembered: another thread may just have forgotten it
        return found


def _unescaped(match: Match[str]) -> str | None:
    text = match[0]
    if text[0] in "%=":
        return _from_bytes(bytes.fromhex(text.replace(text[0], "")))
    if text[0] == "&":
        plain = unescape(text)
        return plain if plain != text and "\ufffd" not in plain else None
    digits = text.rstrip(" ,;").lstrip("\\uUxX+{").rstrip("}")
    code = int(digits, 8 if text[1].isdigit() else 16)
    return chr(code) if _FIRST_CODE <= code <= _LAST_CODE else None


def _from_bytes(data: bytes) -> str | None:
    text = data.decode("utf-8", "ignore")
    return text if len(text.encode()) * 2 > len(data) else None


def _unspaced(match: Match[str]) -> str | None:
    letters, gaps = _BETWEEN.split(match[0]), _WORD_SIGN.split(match[0])[1:]
    if sum(map(str.isalpha, letters)) * 2 <= len(letters):
        return None
    counted = Counter(gaps[:-1])
    usual = counted.most_common(1)[0][0]
    words = ["".join(letters)] if len(counted) == 1 else [""]
    for letter, gap in zip(letters, gaps, strict=True) if len(counted) > 1 else ():
        words[-1] += letter
        sign = gap.strip(usual + " _") if len(gap) > len(usual) else ""
        if sign and sign[0] in _ENDS:
            words += (sign[0], "")
        elif len(gap) > len(usual) or (gap.isspace() and not usual.isspace()):
            words.append("")
    plain = [_plain_letters(word) for word in words if word]
    short = len(plain) > 1
    return " ".join(
        word if short and len(word) <= _LONGEST_WORD else " ".join(segment(word)) for word in plain
    )


def _plain_letters(word: str) -> str:
    return word if word.isalpha() or word in _ENDS else word.translate(_LEET[0])


def _joined(texts: Collection[str]) -> dict[str, str]:
    """Return what words with signs between their letters mean, if they are known."""
    return {
        text: word
        for text, word in _without_signs(texts)
        if _SHORTEST_WORD <= len(word) <= _LONGEST_WORD and known(word) and _is_split(text)
    }


def _joined_boldly(texts: Collection[str]) -> dict[str, str]:
    return {text: word for text, word in _without_signs(texts) if word in COMMON or _is_likely(text, word)}


def _without_signs(texts: Collection[str]) -> Iterable[tuple[str, str]]:
    """Return each of *texts* and the letters of it; all at once is faster than one by one."""
    return zip(texts, _SIGNS.sub("", "\n".join(texts)).split("\n"), strict=False)


def _is_split(text: str) -> bool:
    parts = _BETWEEN.split(text)
    return sum(map(known, parts)) * 2 < len(parts)


def _is_likely(text: str, word: str) -> bool:
    if not word.isalpha() or len(word) > _LONGEST_WORD:
        return False
    return not any(part in COMMON or known(part) for part in _BETWEEN.split(text))


def _unleeted(texts: Collection[str]) -> dict[str, str]:
    """Return what words in leet mean, if they are known."""
    cores = _cores(texts)
    either = (_in_letters(cores, plain) for plain in _LEET)
    meant: dict[str, str] = {}
    for text, word, other in zip(cores, *either, strict=False):
        if word in COMMON or known(word):
            meant[text] = word + text[len(word) :]
        elif other != word and (other in COMMON or known(other)):
            meant[text] = other + text[len(word) :]
    return meant


def _unleeted_boldly(texts: Collection[str]) -> dict[str, str]:
    cores = _cores(texts)
    words = zip(cores, _in_letters(cores, _LEET[0]), strict=False)
    return {text: word + text[len(word) :] for text, word in words}


def _cores(texts: Collection[str]) -> dict[str, str]:
    """Return those of *texts* that may be leet, each without the signs at its end, which are just signs."""
    cores = {text: text.rstrip(_LAST_SIGNS) for text in texts if not text.isalpha()}
    return {text: core for text, core in cores.items() if core.islower() and not core.isalpha()}


def _in_letters(cores: dict[str, str], plain: dict[int, int]) -> list[str]:
    """Return what *cores* are in letters; all at once is many times as fast as one by one."""
    return "\n".join(cores.values()).translate(plain).split("\n")


_IN_LEET: Final = _Disguise("leet", _LEET_WORD, _unleeted, _unleeted_boldly)
_IN_PARTS: Final = _Disguise("split", _SPLIT, _joined, _joined_boldly)
