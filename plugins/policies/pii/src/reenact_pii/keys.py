"""Secrets: keys of known vendors, credentials in URLs and headers, values beside a name that says so.

What has no form of its own counts only beside such a name, and only if it does not look
like a word, a reference to a variable or a place holder.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from reenact_pii.context import any_of
from reenact_pii.findings import Hit, Kind
from reenact_pii.names import NO_WORD, PASSWORDS, TOKENS
from reenact_pii.pages import Page, Topic, shape_of
from reenact_pii.vendors import PRIVATE_KEY, VENDORS, KeyForm


def find_secrets(page: Page) -> list[Hit]:
    """Return secrets."""
    hits: list[Hit] = []
    words = page.long_words
    if words:
        for form in _forms_in(words):
            hits += _of_vendor(page.text, form)
    if page.topics & Topic.SECRET:
        hits += _blocks(page.text)
        hits += _assigned(page)
    if "://" in page.rare and "@" in page.rare:
        hits += _in_urls(page.text)
    if "-u" in page.rare:
        hits += _in_options(page.text)
    return hits


def _forms_in(words: str) -> Iterator[KeyForm]:
    """Yield the vendors of whose keys there may be one among *words*."""
    for needle, form in _NEEDLES if _ANY_NEEDLE.search(words) else ():
        if needle in words:
            yield form
    for form in _OF_DOTS if "." in words else ():
        if form.pattern.search(words):
            yield form


def _blocks(text: str) -> Iterator[Hit]:
    for block in PRIVATE_KEY.finditer(text) if "PRIVATE KEY" in text else ():
        yield Hit(*block.span(), Kind.SECRET, 1.0, "private key")


def _in_options(text: str) -> Iterator[Hit]:
    for match in _USER_OPTION.finditer(text):
        if not _is_placeholder(match[2].lower()):
            yield Hit(*match.span(2), Kind.SECRET, 0.9, "password of a command")


_NEEDLES = [(form.needle, form) for form in VENDORS if form.needle != "."]
_ANY_NEEDLE = re.compile(any_of(needle for needle, _ in _NEEDLES))
_OF_DOTS = [form for form in VENDORS if form.needle == "."]


def _of_vendor(text: str, form: KeyForm) -> Iterator[Hit]:
    for match in form.pattern.finditer(text):
        start, end = match.span()
        token = match[0]
        if start and text[start - 1].isalnum() and text[start - 1].isascii() and token[0].isalnum():
            continue
        if form.needle not in _UNMIXED and not _is_mixed(token[len(form.needle) :], strict=form.wordlike):
            continue
        if token[-1] in ".-" and token[-5:] != "-----":
            end -= len(token) - len(token.rstrip(".-"))
        yield Hit(start, end, Kind.SECRET, 1.0, form.vendor)


_UNMIXED = frozenset({"PuTTY-User-Key", "AKIA", "ASIA"})


def _is_mixed(body: str, *, strict: bool) -> bool:
    """Say whether *body* is not made of words."""
    digits = sum(map(str.isdigit, body))
    if not digits and strict:
        return False
    if digits >= 2:  # noqa: PLR2004  # one digit is also in names
        return not _is_placeholder(body.lower())
    return not body.islower() and entropy_bits(body) > _RANDOM_BITS


_SHORT = 48
"""Up to so many characters it is quicker to count each than all at once."""


def entropy_bits(text: str) -> float:
    """Return the Shannon entropy of the characters of *text*, in bits each."""
    size = len(text)
    counts = list(Counter(text).values() if size > _SHORT else map(text.count, dict.fromkeys(text)))
    shares = {n: n / size * math.log2(n / size) for n in set(counts)}
    return -sum([shares[n] for n in counts]) if text else 0.0


# --- in URLs --------------------------------------------------------------------------------------

_URL_USER = re.compile(r"://([^\s/:@\"'<>?#]{0,128}):([^\s/@\"'<>]{1,256}+)@(?=[A-Za-z0-9\[_.{$-])")
_URL_TOKEN = re.compile(r"://([A-Za-z0-9_-]{20,256})(?::x-oauth-basic)?@")


def _in_urls(text: str) -> Iterator[Hit]:
    for match in _URL_USER.finditer(text):
        if not _is_placeholder(match[2].lower()):
            yield Hit(*match.span(2), Kind.SECRET, 0.97, "password in a URL")
    for match in _URL_TOKEN.finditer(text):
        if _is_mixed(match[1], strict=True):
            yield Hit(*match.span(1), Kind.SECRET, 0.97, "token in a URL")


# --- beside a name --------------------------------------------------------------------------------

_KEY_OF = re.compile(
    r"(?<![a-z])(?!(?:cache|primary|foreign|sort|partition|idempotency|object|s3|row|hash|routing|dedup|lookup|"
    r"group|public|pub|host|index|map|dict|storage|file|redis|entity|record|item|composite|unique|natural|"
    r"surrogate|the|a|this|that|my|your|their|one|each|every|any)[_ .-])[a-z0-9]{2,20}[_ .-]\Z"
)
_KEY_SPACED = re.compile(
    r"(?:api|app|access|account|secret|private|encryption|signing|auth|master|shared|service|license|deploy|"
    r"session|ssh|gpg) \Z"
)
_SAYS = (
    r"(?:>|[\"'`\])}]{0,2}[ \t]{0,3}(?:={1,2}>?|:{1,2}=?|->|\b(?:is|was|ist|est|es|lautet|to)\b|是|は|\t)"
    r"[ \t]{0,3}"
    r"|[ \t]{1,3}(?=[\"'`][^ \"'`]{5}))"
)
_VALUE = (
    r"(?:(?:bearer|basic|token|apikey|bot|digest) {1,2})?"
    r"(?:[rbfu]?[\"'`]([^\"'`\n]{4,512}+)[\"'`]|([^\s\"'`,;<>()\[\]{}]{4,512}+))"
)
_NAME_END = rf"{NO_WORD}((?:[_-]?[a-z0-9_-]{{0,24}})?+){_SAYS}"
_PASSWORD_AT = {hint: re.compile(form + _NAME_END) for hint, form in PASSWORDS.items()}
_PASSWORD_ASCII = tuple(hint for hint in _PASSWORD_AT if hint.isascii())
_TOKEN_AT = {hint: re.compile(form + _NAME_END) for hint, form in TOKENS.items()}
_BARE_AT = re.compile(r"(?:bearer|basic|token|x-api-key|--password|--token|--api-key) {1,2}()")
_BARE = (
    "bearer ",
    "authorization: basic ",
    "authorization: token ",
    "x-api-key ",
    "--password ",
    "--token ",
    "--api-key ",
)
_VALUE_AT = re.compile(_VALUE, re.IGNORECASE)
_USER_OPTION = re.compile(r" (?:-u|--user) [\"']?([A-Za-z0-9_.@-]{1,64}):([^\s\"']{4,128})")

_NOT_THE_VALUE = re.compile(
    r"_?(?:id|ids|name|names|type|types|count|counts|url|uri|path|file|field|length|len|limit|limits|usage|expir[a-z_]*|ttl|policy|hash_?alg|"
    r"_?hint|label|prefix|header|param|params|index|size|version|format|error|reset|field|input|budget|bucket|ring|board|stroke|s_per_[a-z]*|"
    r"prompt|placeholder|min|max|required|strength|manager|arn|ref|rotation|algorithm|word_?count|ize[a-z]*|word_reset[a-z_]*|_in|s_used)$"
)
_PLACEHOLDER = re.compile(
    r"(?:\$|%\(|%[a-z_]+%|\{|<|\[|your|my[_-]?(?:pass|secret|token|api|key)|example|sample|dummy|placeholder|changeme|change_me|redacted|insert|"
    r"xxx|\*\*|\.\.\.|none|null|nil|true|false|undefined|todo|tbd|n/a|test$|string|password$|passwd$|pass$|pwd$|secret$|token$|env[.:(\[]|os\.|"
    r"process\.|self\.|this\.|config[.\[]|settings[.\[]|args\.|getenv|request\.|vault:|secrets?[.:/]|file:|ref\+|https?://|encrypted:|"
    r"required|optional|invalid|expired|missing|incorrect|hidden|masked|str$|bytes$|int$|enter|replace|get_|fetch|load_|read_|generate|hunter2$)"
)
_REPEATED, _REPEATS = re.compile(r"(.)\1{4,}"), 4
_IDENTIFIER = re.compile(r"[a-z_]++(?:[.-][a-z_]++)*+(?:\(.*)?", re.IGNORECASE)
_TRAILING = ".,;:!?"
_RANDOM_BITS, _ODD_BITS = 3.6, 2.8
_MIN_LETTERS, _MIN_TOKEN_LETTERS = 8, 20
_MIN_PASSWORD, _MIN_TOKEN, _MIN_RANDOM = 5, 12, 28
_RANDOM = re.compile(r"[A-Za-z0-9+/_-]{28,200}={0,2}")
_MANY_BITS = 4.0
_HEX = re.compile(r"[0-9a-fA-F]+")
_UUID_CHARS = 36
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def _is_placeholder(lower: str) -> bool:
    """Say whether *lower* stands for a secret that is elsewhere, or for none."""
    if _PLACEHOLDER.match(lower):
        return True
    if len(lower) - len(set(lower)) >= _REPEATS and _REPEATED.search(lower):
        return True
    return (
        ("example" in lower and "@" not in lower)
        or "placeholder" in lower
        or lower.startswith("your")
        or "your_" in lower
        or "your-" in lower
    )


def _assigned(page: Page) -> Iterator[Hit]:
    """Yield values beside a name that says that they are secret."""
    passwords = _PASSWORD_ASCII if page.lower.isascii() else tuple(_PASSWORD_AT)
    yield from _values(
        page, ((_PASSWORD_AT[word], at) for word, at in page.starts(passwords)), _is_password, 0.92
    )
    found = list(page.starts(tuple(_TOKEN_AT)))
    vague = {at for word, at in found if word == "key" and not _is_kept(page.lower[max(0, at - 24) : at])}
    clear = ((_TOKEN_AT[word], at) for word, at in found if at not in vague)
    yield from _values(page, clear, _is_token, 0.9)
    yield from _values(page, ((_TOKEN_AT["key"], at) for at in sorted(vague)), _is_random, 0.8)
    for word, at in page.starts(_BARE):
        judge = _is_password if word == "--password " else _is_token
        yield from _values(page, [(_BARE_AT, at + word.rstrip().rfind(" ") + 1)], judge, 0.9)


def _is_kept(before_key: str) -> bool:
    """Say whether a key with these words before it is one that is kept secret."""
    if before_key.endswith(" "):
        return _KEY_SPACED.search(before_key) is not None
    return _KEY_OF.search(before_key) is not None


def _values(
    page: Page, names: Iterable[tuple[re.Pattern[str], int]], is_secret: Callable[[str], bool], score: float
) -> Iterator[Hit]:
    """Yield the values after *names* that are kept secret; a name inside a value found is part of it."""
    begun = done = 0
    for pattern, at in names:
        if begun <= at < done:
            continue
        name = pattern.match(page.lower, at)
        if name is None or (name[1] and _NOT_THE_VALUE.search(name[1])):
            continue
        value = _VALUE_AT.match(page.text, name.end())
        if value is None:
            continue
        quoted = value[1] is not None
        start, end = _trimmed(page.text, *value.span(1 if quoted else 2), quoted=quoted)
        secret = is_secret(page.text[start:end])
        if secret:
            yield Hit(start, end, Kind.SECRET, score, "value beside its name")
        if secret or value.end() - start > _LONG_VALUE_CHARS:
            begun, done = start, value.end()


_LONG_VALUE_CHARS = 64


def _trimmed(text: str, start: int, end: int, *, quoted: bool) -> tuple[int, int]:
    """Return the value without what ends the sentence or the field around it."""
    if quoted:
        return start, end
    body = text[start:end]
    if "&" in body and re.search(r"&[a-z_]{2,20}=", body):
        body = re.split(r"&[a-z_]{2,20}=", body)[0]
    if "|" in body[4:]:
        body = body[:4] + body[4:].partition("|")[0]
    stripped = body.rstrip(_TRAILING) if body[-1:] != "!" or body[-2:-1].isalpha() else body
    return start, start + len(stripped)


def _is_password(value: str) -> bool:
    """Say whether *value* is a password somebody uses, not a word about one."""
    if len(value) < _MIN_PASSWORD or " " in value or _is_placeholder(value.lower()):
        return False
    if value.isalpha() or _IDENTIFIER.fullmatch(value):
        return _is_keyboard(value)
    kinds = (str.isdigit, str.islower, str.isupper, lambda char: not char.isalnum())
    several = sum(any(map(kind, value)) for kind in kinds)
    return several > 1 or (value.isdigit() and len(value) >= _MIN_PASSWORD)


def _is_keyboard(value: str) -> bool:
    """Say whether a value of letters alone changes case too oddly to be a word."""
    if not value.isalpha() or len(value) < _MIN_LETTERS:
        return False
    inner_upper = sum(char.isupper() for char in value[1:])
    return 1 < inner_upper < len(value) - 2 and entropy_bits(value) > _ODD_BITS


def _is_token(value: str) -> bool:
    """Say whether *value* is too random to be a name."""
    if len(value) < _MIN_TOKEN or " " in value or _is_placeholder(value.lower()):
        return False
    if len(value) == _UUID_CHARS and _UUID.fullmatch(value):
        return True
    digits, letters = _counts(value)
    if digits and letters:
        return entropy_bits(value) >= _needed_bits(value, digits)
    mixed = not value.islower() and not value.isupper()
    return letters >= _MIN_TOKEN_LETTERS and mixed and entropy_bits(value) > _RANDOM_BITS


def _is_random(value: str) -> bool:
    """Say whether *value* is so random that a name as vague as ``key`` is enough."""
    kinds = (str.isdigit, str.islower, str.isupper)
    several = len(value) >= _MIN_RANDOM and all(any(map(kind, value)) for kind in kinds)
    return several and _RANDOM.fullmatch(value) is not None and entropy_bits(value) >= _MANY_BITS


def _counts(value: str) -> tuple[int, int]:
    """Return how many digits there are in *value*, and how many letters."""
    if not value.isascii():
        return sum(map(str.isdigit, value)), sum(map(str.isalpha, value))
    shape = shape_of(value)
    return shape.count(b"0"), shape.count(b"a") + shape.count(b"A")


def _needed_bits(value: str, digits: int) -> float:
    """Return the entropy a value must have: less if it is hex, more if it is short and made of words."""
    if _HEX.fullmatch(value):
        return 2.6
    return 2.8 if digits > len(value) // 8 else 3.4
