"""Keys that say whose they are, read from ``vendors.toml``."""

import re
import tomllib
from importlib.resources import files

import attrs

_DATA = tomllib.loads(files("reenact_pii").joinpath("vendors.toml").read_text(encoding="utf-8"))


@attrs.frozen
class KeyForm:
    """What the keys of a vendor look like.

    Attributes:
        needle: What must be in a text before the pattern is tried.
        pattern: The form.
        vendor: Whose keys they are.
        wordlike: Whether the needle begins ordinary words too, so that a key must hold a digit.
    """

    needle: str
    pattern: re.Pattern[str]
    vendor: str
    wordlike: bool


def _forms() -> list[KeyForm]:
    wordlike = frozenset(_DATA["wordlike"])
    forms = []
    for row in _DATA["key"]:
        for needle in row.get("prefixes") or (row["needs"],):
            form = re.escape(needle) + row["then"] if "then" in row else row["form"]
            forms.append(KeyForm(needle, re.compile(form), row["of"], needle in wordlike))
    return forms


VENDORS = _forms()
"""The forms of all known vendors."""

PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----)[\s\S]){0,16000}+"
    r"(?:-----END [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----)?"
)
"""RFC 7468 and older: from BEGIN to END, or as far as there is any."""
