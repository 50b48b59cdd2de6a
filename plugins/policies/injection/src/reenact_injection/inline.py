"""Disguises that are undone where they stand: escapes, spaced letters, split words, leet.

Each step takes a view and returns a view, the same one when there is nothing to do. A
cheap search comes first, since ordinary prose has none of it. A repair is kept only if it
makes a word the lexicon knows, so that part numbers and versions stay what they are.
"""

import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from html import unescape
from re import Match, Pattern
from typing import Final, NamedTuple, TypeAlias

from reenact_injection.shapes import Shape
from reenact_injection.views import View, replaced
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
_SINGLE: Final = re.compile(r"(?<![^\W_])[^\W_](?![^\W_])")
_ENDS = ".!?:\n"
_SPACED_PART: Final = re.compile(r"([^\W_])([\W_]*)")
_SPLIT: Final = re.compile(
    r"(?<![^\W_])[^\W_]++(?:(?:[-_.*~^+=/\\|,'`:]|[^\w\s\x00-\x7f]{1,2})[^\W_]++){1,12}"
)
_BETWEEN: Final = re.compile(r"[\W_]+")
_LETTER: Final = re.compile(r"[^\W\d_]")
_LEET_WORD: Final = re.compile(r"[a-z0-9@$!|+€(]{3,40}")
_LEET: Final = (
    str.maketrans("0134567892@$!|+€(", "oieasbtbgzasiitec"),
    str.maketrans("0134567892@$!|+€(", "oleasgtbgzaslltec"),
)
_SHORTEST_WORD: Final = 5
_LONGEST_WORD: Final = 24
_MANY: Final = 3
"""How many different words have to be written one way for a text to count as written that way."""

Repair: TypeAlias = Callable[[str], str | None]
Repairs: TypeAlias = tuple[Repair, Repair]


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
    leet: set[str] = set()
    split: set[str] = set()
    single = 0
    for chunk in shape.odd.split():
        if found := _peculiar(chunk):
            leet.update(found.leet)
            split.update(found.split)
            single += found.single
    if shape.letters or (single >= _ROW and _SPACED.search(shape.odd)):
        view = replaced(view, _SPACED, _unspaced, "spaced")
    view = _put_right(view, leet, _LEET_WORD, (_unleeted, _unleeted_boldly), "leet")
    return _put_right(view, split, _SPLIT, (_joined, _joined_boldly), "split")


class _Peculiar(NamedTuple):
    """What of a piece of text may be a disguise.

    Attributes:
        leet: Words in leet that can be read.
        split: Words with signs in them that can be read.
        single: How many letters and digits stand singly.
    """

    leet: list[str]
    split: list[str]
    single: int


@lru_cache(maxsize=1 << 14)
def _peculiar(chunk: str) -> _Peculiar | None:
    """Return what of *chunk* may be a disguise, None for nothing."""
    whole = chunk.isalnum()
    single = len(chunk) == 1 if whole else len(_SINGLE.findall(chunk))
    if chunk.isalpha() or not _LETTER.search(chunk):
        return _Peculiar([], [], single) if single else None
    leet = [text for text in _LEET_WORD.findall(chunk) if _unleeted(text) is not None]
    split = [] if whole else [text for text in _SPLIT.findall(chunk) if _joined(text) is not None]
    return _Peculiar(leet, split, single) if leet or split or single else None


def _put_right(view: View, found: set[str], pattern: Pattern[str], repairs: Repairs, mark: str) -> View:
    """Repair what *pattern* finds: carefully, or boldly where the whole text is written that way."""
    if not found:
        return view
    repair = repairs[len(found) >= _MANY]
    return replaced(view, pattern, lambda match: repair(match[0]), mark)


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
    parts = _SPACED_PART.findall(match[0])
    if sum(letter.isalpha() for letter, _ in parts) * 2 <= len(parts):
        return None
    gaps = Counter(gap for _, gap in parts[:-1])
    usual = gaps.most_common(1)[0][0]
    words = ["".join(letter for letter, _ in parts)] if len(gaps) == 1 else [""]
    for letter, gap in parts if len(gaps) > 1 else ():
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


@lru_cache(maxsize=1 << 14)
def _joined(text: str) -> str | None:
    parts = _BETWEEN.split(text)
    word = "".join(parts)
    if not _LONGEST_WORD >= len(word) >= _SHORTEST_WORD or not known(word):
        return None
    return word if sum(map(known, parts)) * 2 < len(parts) else None


@lru_cache(maxsize=1 << 14)
def _joined_boldly(text: str) -> str | None:
    parts = _BETWEEN.split(text)
    word = "".join(parts)
    if _joined(text) or word in COMMON:
        return word
    strange = [part for part in parts if part not in COMMON and not known(part)]
    return word if len(strange) == len(parts) and word.isalpha() and len(word) <= _LONGEST_WORD else None


@lru_cache(maxsize=1 << 14)
def _unleeted(text: str) -> str | None:
    core = text.rstrip("!|+(")
    if core.isalpha() or not _LETTER.search(core):
        return None
    for word in dict.fromkeys(map(core.translate, _LEET)):
        if word.isalpha() and (word in COMMON or known(word)):
            return word + text[len(core) :]
    return None


@lru_cache(maxsize=1 << 14)
def _unleeted_boldly(text: str) -> str | None:
    core = text.rstrip("!|+(")
    if core.isalpha() or not _LETTER.search(core):
        return None
    word = core.translate(_LEET[0])
    return _unleeted(text) or (word + text[len(core) :] if word.isalpha() else None)
