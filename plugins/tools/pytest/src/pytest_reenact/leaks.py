"""Finding secrets in what is about to be written where others will read it."""

import base64
import json
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

SECRET_CHARS_MIN = 8
"""Values of the environment that are shorter are too common to be looked for."""

_NAME = re.compile(r"(^|_)(API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)S?($|_)", re.IGNORECASE)
_SHAPES = {
    "an API key": re.compile(r"\b(sk|pk|rk)-[A-Za-z0-9_-]{20,}"),
    "a key of Google's": re.compile(r"\bAIza[A-Za-z0-9_-]{35}"),
    "a key of Amazon's": re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a token of GitHub's": re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
    "a token of Slack's": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    "an authorisation header": re.compile(r"\bBearer\s+[A-Za-z0-9._~+/-]{20,}"),
}


@attrs.frozen
class Leak:
    """A secret in a document.

    Attributes:
        where: Where in the document, such as ``$.calls[0].request``.
        what: What it is: the variable that holds it, or what it looks like. Never the value.
    """

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.what} at {self.where}"


def secrets_of(environ: Mapping[str, str], named: frozenset[str] = frozenset()) -> dict[str, str]:
    """Return the secrets of an environment, by the names of their variables.

    Args:
        environ: The environment.
        named: Variables that hold secrets whatever they are called.
    """
    return {
        name: value
        for name, value in environ.items()
        if len(value) >= SECRET_CHARS_MIN and (name in named or _NAME.search(name))
    }


def variables_of(tables: Any) -> frozenset[str]:
    """Return the variables that a configuration refers to, as in ``key = { env = "NAME" }``."""
    if isinstance(tables, Mapping):
        inner = [variables_of(value) for value in tables.values()]
        own = {tables["env"]} if isinstance(tables.get("env"), str) else set()
        return frozenset(own).union(*inner)
    return frozenset()


def find_leak(document: Any, secrets: Mapping[str, str]) -> Leak | None:
    """Return the first secret in a plain *document*: a known one in any spelling, or what looks like one."""
    forms = {form: name for name, value in secrets.items() for form in _forms(value)}
    for where, text in _texts(document, "$"):
        for form, name in forms.items():
            if form in text:
                return Leak(where, f"the value of ${name}")
        for what, shape in _SHAPES.items():
            if shape.search(text):
                return Leak(where, f"what looks like {what}")
    return None


def _forms(value: str) -> set[str]:
    data = value.encode()
    encoded = {base64.b64encode(data), base64.urlsafe_b64encode(data)}
    return {
        value,
        json.dumps(value)[1:-1],
        urllib.parse.quote(value, safe=""),
        data.hex(),
        *(form.decode().rstrip("=") for form in encoded),
    }


def _texts(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield where, key
            yield from _texts(inner, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _texts(inner, f"{where}[{number}]")
