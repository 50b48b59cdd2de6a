"""What names a secret: words for a password, a key or a token, and how each may go on.

A word within another, as in "unauthorized" or "emotion", names nothing. Pages ask whether a word may
be such a name at all; `reenact_pii.keys` looks for the value beside it.
"""

import re

from reenact_pii.context import listed

PASSWORDS = {word: re.escape(word) for word in listed("password")}
PASSWORDS |= {
    "pass": "pass(?:word|wd|phrase|code|wort)?",
    "hasl": "hasl[oł]o?",
    "credential": "credentials?",
}
"""Words for a password: how to find one quickly, and how it may go on."""

TOKENS = {word: word for word in listed("tokens")}
"""Words for a key or token, likewise; ``key`` alone says nothing and ``deploy_key`` much."""

NO_WORD = r"(?![a-z]{1,24}[^a-z_-])"
"""After a word: it is not the beginning of another."""

_MAY_NAME = {
    first: re.compile((re.escape(first) if first != word else form) + NO_WORD)
    for word, form in (*PASSWORDS.items(), *TOKENS.items())
    for first in [word.split()[0]]
}
_HEADER = "authorization:"


def may_name(first: str, lower: str) -> bool:
    """Say whether *first*, the first word of a name or all of it, may be one in *lower*.

    Args:
        first: One of the words here.
        lower: A text in lower case.
    """
    return _HEADER in lower or _MAY_NAME[first].search(f"{lower}\n") is not None
