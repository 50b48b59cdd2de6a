"""Values that somebody wrote in another notation, and the views that undo it.

`plain` undoes escapes (HTML, URL, JSON, tags that only style) wherever they stand.
The others are views beside it, because what they undo is more often innocent:
`spoken` (name at domain dot com), `spaced` (1 2 3), `named` (one two three) and
`packed` (base64 and hex).
"""

import binascii
import html
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reenact_pii.context import DIGIT_NAMES, any_of
from reenact_pii.folding import fold, fold_words
from reenact_pii.views import Edit, View

MAX_ROUNDS = 3
"""How often escapes inside escapes are undone."""

MAX_PACKED_CHARS = 65_536
"""Longest base64 or hex text that is opened; a longer one is data, not a hidden value."""

_ESCAPE = re.compile(
    r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8});"
    r"|%(?:25){0,3}(?:[0-7][0-9A-Fa-f]|[C-Fc-f][0-9A-Fa-f](?:%[89ABab][0-9A-Fa-f]){1,3})"
    r"|\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|u\{[0-9a-fA-F]{1,6}\}|[nrtbf\"'/\\@.-])"
    r"|<!--[^<>]{0,64}-->"
    r"|</?(?:b|i|u|em|strong|span|wbr|font|mark|code|a)(?: [^<>]{0,64})?/?>"
    r"|\*\*(?<=[A-Za-z0-9.@]..)(?=[A-Za-z0-9.@])"
    r"|~~(?<=[A-Za-z0-9.@]..)(?=[A-Za-z0-9.@])"
)
"""Each begins with a sign of its own, which is what makes the search for them quick."""
_AGAIN = re.compile(r"%(?:25)+(?=[0-9A-Fa-f]{2})")
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": " ", "f": " "}
_MAX_CODE = 0x10FFFF


def plain(view: View) -> View:
    """Return *view* with escapes undone and characters in one spelling."""
    for _ in range(MAX_ROUNDS):
        text = view.text
        if not _may_be_escaped(text):
            break
        edits = [(match.start(), match.end(), _unescaped(match[0])) for match in _ESCAPE.finditer(text)]
        edits = [edit for edit in edits if edit[2] != text[edit[0] : edit[1]]]
        if not edits:
            break
        view = fold(view.edited(edits))
    return view


def _may_be_escaped(text: str) -> bool:
    # Spelled out: it is asked of every text, and a loop takes five times as long.
    return "%" in text or "&" in text or "<" in text or "\\" in text or "**" in text or "~~" in text


def _unescaped(escape: str) -> str:
    if escape[0] == "&":
        return html.unescape(escape)
    if escape[0] in "<*~":
        return ""
    if escape[0] == "%":
        pairs = _AGAIN.sub("%", escape).replace("%", "")
        return bytes.fromhex(pairs).decode("utf-8", "replace")
    if len(escape) > 2:  # noqa: PLR2004  # a letter, then digits
        code = int(escape[2:].strip("{}"), 16)
        return chr(code) if code <= _MAX_CODE else escape
    return _LETTERS.get(escape[1], escape[1])


_TAGGED = re.compile("[\U000e0020-\U000e007e][\U000e0020-\U000e007e]{4,}+")
_TAGS = 0xE0000


def tagged(view: View) -> View | None:
    """Return *view* with invisible tag characters in a row as the ASCII they are copies of; None if none.

    Models read them. Single ones between other characters are only in the way.
    """
    text = view.text
    if text.isascii():
        return None
    runs = [range(*match.span()) for match in _TAGGED.finditer(text)]
    edits = [(at, at + 1, chr(ord(text[at]) - _TAGS)) for run in runs for at in run]
    return view.edited(edits, hidden=True) if edits else None


# --- name at domain dot com -----------------------------------------------------------------------

_DOT_NAMES = ("dot", "d0t", "punkt", "punto", "ponto", "point", "tacka", "kropka", fold_words("точка"), "点")
_DOTS_SPELLED = (" . ", *_DOT_NAMES)
_DOT_WORDS = f"(?:{'|'.join(_DOT_NAMES)})"
_AT_WORDS = r"(?:at|arroba|arobase|chiocciola|malpa|klammeraffe|apenstaartje|\u00e4t|a)"
_DOT_CORES = ("dot", "punkt", "punto", "ponto", "point", ".", "kropka")
_DOT_HINTS = (" dot ", " punkt ", " punto ", " ponto ", " point ", " kropka ", "_dot_", "-dot-", " . ")
_AT_HINTS = ("@ ", " @", "_at_", "-at-", "arroba", "arobase")
_BRACKET_HINT = re.compile(rf"[\[({{<] ?(?:{_DOT_WORDS}|{_AT_WORDS}|[.@]) ?[\])}}>]")

_DOT = re.compile(
    r"[ \[({<_-](?:"
    rf"(?:(?<= ) ?[\[({{<]|(?<=[\[({{<])) ?(?:{_DOT_WORDS}|\.) ?[\])}}>] {{0,2}}(?=[^\W_])"
    rf"|(?<=[^\W_] ) ?(?:{_DOT_WORDS}|\.) {{1,2}}(?=[^\W_])"
    r"|(?<=[^\W_][_-])dot[_-](?=[^\W_]))"
)
"""Begins, like the next, with the signs it may begin with, which is what makes the search for it quick."""
_DOTTED = r"[^\W_][\w-]{0,62}+\."
_MAILERS = (
    r"(?:gmail|googlemail|outlook|hotmail|live|yahoo|icloud|proton|protonmail|gmx|aol|web|mail|yandex|qq"
    r"|163|126)"
)
_AT = re.compile(
    r"[ \[({<_@-](?:"
    rf"(?:(?<= ) ?[\[({{<]|(?<=[\[({{<])) ?(?:{_AT_WORDS}|@) ?[\])}}>] {{0,2}}(?=[^\W_])"
    rf"|(?<=[^\W_] ) ?(?:at|arroba|arobase) {{1,2}}(?={_MAILERS}\.[a-z]{{2,4}}(?![a-z]))"
    rf"|(?<=[^\W_][_-])at[_-](?={_DOTTED})"
    rf"|(?:(?<=[^\W_] ) ?@|(?<=[^\W_]@)) {{0,2}}(?={_DOTTED}))"
)
_NUMBERS_DOTTED = re.compile(r"[0-9][ _-]{1,2}[^ 0-9]{1,6}[ _-]{1,2}[0-9]")
_MAILER_AT = re.compile(rf" at {{1,2}}{_MAILERS}\.")
_PAIRS = {
    "at": "dot|d0t",
    "arroba": "punto|ponto|dot",
    "arobase": "point",
    "\u00e4t": "punkt|dot",
    "klammeraffe": "punkt",
    "malpa": "kropka",
}
_PAIRED = "|".join(
    f"{at} {{1,2}}(?=[a-z0-9-]{{1,63}}+ {{1,2}}(?:{dot}) {{1,2}}[a-z0-9])" for at, dot in _PAIRS.items()
)
_AT_SPELLED = re.compile(rf" (?<=[^\W_] ) ?(?:{_PAIRED}|at {{1,2}}(?=[a-z0-9-]{{1,63}}+ ?[\[({{<]))")


_BRACKET_WORD = re.compile(rf"[\[({{<](?:$|(?:{_DOT_WORDS}|{_AT_WORDS}|[.@])(?:[\])}}>]|$))", re.MULTILINE)
_SPOKEN_WORD = re.compile(rf"\n(?:(?:dot|punkt|punto|ponto|point|kropka|\.)\n|{_MAILERS}\.)")
_AT_ALONE = re.compile(r"\n@|@\n")


def _has_bracket(text: str) -> bool:
    return "(" in text or "[" in text or "<" in text or "{" in text


def may_be_spoken(words: str) -> bool:
    """Say whether `spoken` may find something in a text that holds these words.

    Args:
        words: In lower case, one a line.
    """
    if ("@" in words or "." in words or words.isalpha()) and has_spoken_word(words):
        return True
    if _has_bracket(words) and _BRACKET_WORD.search(words):
        return True
    if "_" in words and ("_at_" in words or "_dot_" in words):
        return True
    return "-at-" in words or "-dot-" in words or "arroba" in words or "arobase" in words


def has_spoken_word(words: str) -> bool:
    """Say whether one of *words*, in lower case and one a line, is said for a sign, or names a mailer."""
    lines = f"\n{words}\n"
    return _SPOKEN_WORD.search(lines) is not None or ("@" in words and _AT_ALONE.search(lines) is not None)


def spoken(view: View, lower: str, rare: str) -> View | None:
    """Return *view* with spoken dots and at signs as such; None if there are none.

    Args:
        view: The text.
        lower: The same in lower case.
        rare: The words in it that are not ordinary, in lower case.
    """
    brackets = _has_bracket(rare) and _BRACKET_HINT.search(lower) is not None
    dots = brackets or (
        any(word in rare for word in _DOT_CORES) and any(hint in lower for hint in _DOT_HINTS)
    )
    ats = brackets or any(hint in lower for hint in _AT_HINTS)
    if not (dots or ats or (" at " in lower and _MAILER_AT.search(lower))):
        return None
    at_edits = [(match.start(), match.end(), "@") for match in _AT_SPELLED.finditer(lower)] if dots else []
    spelled = any(word in lower for word in _DOTS_SPELLED)
    if not (ats or at_edits or "@" in lower or _NUMBERS_DOTTED.search(lower) or " at " in lower):
        return None
    dot_edits = [(m.start(), m.end(), ".") for m in _DOT.finditer(lower)] if brackets or spelled else []
    dotted = view.edited(_merged(at_edits, dot_edits))
    edits = [(match.start(), match.end(), "@") for match in _AT.finditer(dotted.text.lower())]
    found = dotted.edited([edit for edit in edits if edit[1] - edit[0] > 1])
    return None if found is view else found


def _merged(first: list[Edit], second: list[Edit]) -> list[Edit]:
    """Return the edits of both in order, leaving out those that begin inside one before."""
    merged: list[Edit] = []
    for edit in sorted(first + second):
        if not merged or edit[0] >= merged[-1][1]:
            merged.append(edit)
    return merged


# --- 1 2 3 and one two three ----------------------------------------------------------------------

_SPACED = re.compile(
    r"(?<![^\s\"'`(\[{<>:=,;])(?:\S {1,3}(?=\S(?!\S)|\S[\"'`)\]}<>:.,;!?]{1,3}(?!\S))){5,}+\S"
)
"""The first may stand behind a sign that opens or names something, the last before one that ends it."""
_SPACED_HINT = re.compile(r" \S {1,3}\S {1,3}\S {1,3}\S(?!\S)")
_PARTED_HINT = re.compile(r"([_*|~./-])[A-Za-z0-9]\1[A-Za-z0-9]\1[A-Za-z0-9]\1[A-Za-z0-9]\1")
_PARTED = re.compile(r"(?<![A-Za-z0-9])\S([_*|~./-])(?:\S\1){5,}+\S?+")
_MAX_SURE = 14
"""Most single digits in a row that can hardly be a card and something beside it, shortest 14."""
_GAP = re.compile(r" {1,3}")
_PARTING = frozenset("_*|~./-")
_MIN_PARTED = 9
"""Fewest signs of a run with the same sign after each other one, which is more than an IP address has."""

_DIGIT_WORD = "|".join(sorted(DIGIT_NAMES, key=len, reverse=True))
_NAMED = re.compile(rf"(?<![a-z])(?:{_DIGIT_WORD})(?:[ ,-]{{1,2}}(?:{_DIGIT_WORD})(?![a-z])){{6,}}+")
_BEGUN = any_of(DIGIT_NAMES) + "[^ ,-]{0,6}[ ,-]"
_THREE_NAMED = re.compile(f"[ ,-]{_BEGUN}[ ,-]?{_BEGUN}[ ,-]?{_BEGUN}")
"""What may be names amid such a run; begins with what is rarer than a letter."""
_WORD = re.compile(rf"(?:{_DIGIT_WORD})")
_HYPHENED = re.compile(f"-{any_of(DIGIT_NAMES)}[^-]{{0,6}}-{any_of(DIGIT_NAMES)}")
_FEWEST_HYPHENS = 6


class Closed(NamedTuple):
    """A text in which single characters stand side by side.

    Attributes:
        view: The text, without what was between them.
        digits: First position of each run of nothing but digits in the text before, and that after its
            last. What such a run is shows here as it does there.
    """

    view: View
    digits: dict[int, int]


def spaced(view: View, may_be: bool, rare: str) -> Closed | None:
    """Return *view* without spaces or other signs between single characters; None if there are none.

    Args:
        view: The text.
        may_be: Whether several words that follow each other are a single character each.
        rare: The words in it that are not ordinary.
    """
    if may_be and _SPACED_HINT.search(view.text):
        return _without_spaces(view)
    if not _PARTED_HINT.search(rare):
        return None
    runs = [(*run.span(), run[1]) for run in _PARTED.finditer(view.text)]
    starts = [at for first, last, _ in runs for at in range(first + 1, last - 1, 2)]
    ends = [at + 1 for at in starts]
    listed = any(sign == "/" for _, _, sign in runs)
    return Closed(view.replaced(starts, ends, [""] * len(starts), hidden=not listed), {}) if starts else None


def _without_spaces(view: View) -> Closed | None:
    starts: list[int] = []
    ends: list[int] = []
    texts: list[str] = []
    digits: dict[int, int] = {}
    text, listed = view.text, False
    for run in _SPACED.finditer(text):
        first, last = run.span()
        listed |= text[first - 1 : first] == "["
        if "  " in run[0]:
            begun, done, instead = _gaps_closed(text, first, last)
        else:
            signs, size = run[0][::2], 1
            if len(signs) <= _MAX_SURE and signs.isdigit():
                digits[first] = last
            elif _is_parted(signs):
                size, listed = 3, True
            begun, done = range(first + 1, last, size + 1), [*range(first + 1 + size, last + size, size + 1)]
            done[-1] = min(done[-1], last)
            instead = [""] * len(done)
        starts += begun
        ends += done
        texts += instead
    # A list of digits is written so without a thought of hiding them.
    return Closed(view.replaced(starts, ends, texts, hidden=not listed), digits) if starts else None


def _gaps_closed(text: str, first: int, last: int) -> tuple[Sequence[int], list[int], list[str]]:
    """Return where gaps between characters begin and end, and what stays of them: of wider ones a space."""
    gaps = [gap.span() for gap in _GAP.finditer(text, first, last)]
    usual = min([end - start for start, end in gaps])
    stay = ["" if end - start == usual else " " for start, end in gaps]
    return [start for start, _ in gaps], [end for _, end in gaps], stay


def _is_parted(signs: str) -> bool:
    between = set(signs[1::2])
    return len(signs) >= _MIN_PARTED and len(between) == 1 and between <= _PARTING


_CONFUSED = re.compile(
    r"(?<![A-Za-z0-9])(?=[^A-Za-z]{0,24}[OoIlSB])[0-9OoIlSB](?:[ ./-]?[0-9OoIlSB]){10,22}(?![A-Za-z0-9])"
)
_CONFUSED_HINT = re.compile(r"[0-9][OoIlSB]|[OoIlSB][0-9]")
_DIGIT_OF = {"O": "0", "o": "0", "I": "1", "l": "1", "S": "5", "B": "8"}


def confused(view: View, rare: str) -> View | None:
    """Return *view* with digits for letters among digits that look like them; None if there are none.

    Args:
        view: The text.
        rare: The words in it that are not ordinary.
    """
    if not _CONFUSED_HINT.search(rare):
        return None
    runs = [run for run in _CONFUSED.finditer(view.text) if sum(map(str.isdigit, run[0])) * 2 > len(run[0])]
    edits = [
        (at, at + 1, _DIGIT_OF[view.text[at]])
        for run in runs
        for at in range(*run.span())
        if view.text[at] in _DIGIT_OF
    ]
    return view.edited(edits, hidden=True) if edits else None


def may_be_named(words: str) -> bool:
    """Say whether `named` may find names with hyphens between them in a text that holds these words.

    Args:
        words: In lower case, one a line.
    """
    return words.count("-") >= _FEWEST_HYPHENS and _HYPHENED.search(words) is not None


def named(view: View, lower: str) -> View | None:
    """Return *view*, *lower* in lower case, with digits for runs of their names; None if there are none."""
    edits: list[Edit] = []
    for run in _NAMED.finditer(lower) if _THREE_NAMED.search(lower) else ():
        words = list(_WORD.finditer(lower, *run.span()))
        ends = [*(word.start() for word in words[1:]), run.end()]
        edits.extend((word.start(), end, DIGIT_NAMES[word[0]]) for word, end in zip(words, ends, strict=True))
    return view.edited(edits, hidden=True) if edits else None


# --- base64 and hex -------------------------------------------------------------------------------

MIN_PACKED_CHARS = 14
"""Shortest base64 or hex text that is opened."""

_BASE64 = re.compile(rf"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{{{MIN_PACKED_CHARS},}}+={{0,2}}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){8,}")
_SAMPLE = 16
_TEXTUAL = re.compile(r"[\x20-\x7e\n\t\r\u00a0-\uffff]{6,}")


def packed(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where in *text* another is packed as base64 or hex, and that."""
    for match in _BASE64.finditer(text):
        token = match[0]
        if len(token) <= MAX_PACKED_CHARS:
            opened = _unhexed(token) if _HEX.fullmatch(token) else _unbased(token)
            if opened and _TEXTUAL.fullmatch(opened):
                yield match.start(), match.end(), opened


def may_be_packed(words: list[str]) -> bool:
    """Say whether `packed` may find something in a text of which these are the long words.

    A few words are opened one by one, which takes less time than going through the text.
    """
    return len(words) > _FEW_WORDS or any(True for word in words for _ in packed(word))


_FEW_WORDS = 8


def _unhexed(token: str) -> str:
    return _text_of(bytes.fromhex(token))


def _unbased(token: str) -> str:
    """Return the text that *token* is base64 of; empty if it is none."""
    body = token.rstrip("=").replace("-", "+").replace("_", "/")
    return _text_of(_decoded(body)) if _is_text(_decoded(body[:_SAMPLE])) else ""


def _text_of(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _decoded(body: str) -> bytes:
    try:
        return binascii.a2b_base64(body + "=" * (-len(body) % 4))
    except ValueError:  # binascii.Error is one
        return b""


_TEXT_BYTES = bytes({*range(0x20, 0x100), *b"\t\n\r"} - {0x7F})


def _is_text(data: bytes) -> bool:
    return bool(data) and not data.translate(None, _TEXT_BYTES)
