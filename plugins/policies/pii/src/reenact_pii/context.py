"""The words before a value that say what it is.

A value that has no check digits counts only beside such a word. The words are
looked for in the text just before the value, so the cost is that of the values.
"""

import re
import string
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from importlib.resources import files

from reenact_pii.folding import fold_words

BEFORE_CHARS = 48
"""How far before a value a word may begin."""


_DATA = tomllib.loads(files("reenact_pii").joinpath("words.toml").read_text(encoding="utf-8"))

DIGIT_NAMES: dict[str, str] = _DATA["digits"]
"""What digits are called, and the signs between them."""


def listed(name: str) -> tuple[str, ...]:
    """Return the list *name* of ``words.toml``, in the spelling texts are compared in."""
    return tuple(dict.fromkeys(fold_words(word) for word in _DATA[name]))


def words(name: str, *, gap: str = r"[^0-9\n]{0,40}", ends: bool = True) -> re.Pattern[str]:
    """Return a pattern for one of the words of the list *name*, followed by a *gap* and the value.

    A word of ASCII letters stands alone or beside ``_``; others, such as Chinese, may
    stand anywhere. With *ends* the text has to end there, as what is before a value does.
    """
    spelled = sorted(listed(name), key=len, reverse=True)
    latin = "|".join(re.escape(word) for word in spelled if word.isascii())
    other = "|".join(re.escape(word) for word in spelled if not word.isascii())
    either = rf"(?:(?<![a-z])(?:{latin})(?![a-z])" + (rf"|{other})" if other else ")")
    return re.compile(f"{either}{gap}$" if ends else f"{either}{gap}")


def before(pattern: re.Pattern[str], lower: str, start: int) -> bool:
    """Say whether *pattern*, whose gap has no digit and no new line, is found before *start*."""
    near = near_before(lower, start)
    return near != "" and pattern.search(near) is not None


def near_before(lower: str, start: int) -> str:
    """Return what is before *start*, back to a digit or new line; empty if there is no letter in it."""
    said = lower[max(0, start - BEFORE_CHARS) : start]
    if said.rstrip(_SIGNS)[-1:] in _BREAKS:
        return ""
    near = _NEAR.match(said[::-1])
    return near[0][::-1] if near else ""


class Said:
    """Whether a word is before places of one text; what is before several of them is read once.

    Args:
        pattern: As `words` makes it.
        lower: The text in lower case.
    """

    def __init__(self, pattern: re.Pattern[str], lower: str) -> None:
        self._pattern = pattern
        self._lower = lower
        self._known: dict[str, bool] = {"": False}

    def before(self, start: int) -> bool:
        """Say whether the word is found before *start*, as `before` does."""
        near = near_before(self._lower, start)
        if near not in self._known:
            self._known[near] = self._pattern.search(near) is not None
        return self._known[near]


_BREAKS = frozenset(("", "\n", *string.digits))
"""What nothing is looked for behind; empty where the text begins."""
_SIGNS = string.punctuation + " \t"
_NEAR = re.compile(r"(?=[^a-z\u0080-\U0010ffff0-9\n]*[a-z\u0080-\U0010ffff])[^0-9\n]+")


# --- one of many words ----------------------------------------------------------------------------


def any_of(found: Iterable[str]) -> str:
    """Return a pattern that finds whether any of the words is there, letter by letter.

    A plain alternation tries every word at every place; this tries the letters that may come next.
    """
    rests: dict[str, list[str]] = defaultdict(list)
    for word in sorted(set(found)):
        rests[word[0]].append(word[1:])
    tried = [re.escape(letter) + ("" if "" in rest else any_of(rest)) for letter, rest in rests.items()]
    return tried[0] if len(tried) == 1 else f"(?:{'|'.join(tried)})"
