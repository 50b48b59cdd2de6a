"""Nested values from several places, laid one over the other, and where each of them came from.

What is laid later goes before: a value takes the place of a value, and a table is merged
with a table. Nothing here knows what the values mean.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import Any

from reenact.errors import ConfigError

DEPTH_MAX = 16


class Layers:
    """Values, laid one over the other.

    Attributes:
        values: What they come to.
        sources: Where each came from, by TOML path.
    """

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.sources: dict[str, str] = {}

    def add(self, values: Mapping[str, Any], source: str) -> None:
        """Lay *values* over what is there.

        Raises:
            ConfigError: If they are nested too deep.
        """
        _check_depth(values, source)
        self._merge(self.values, values, source, ())

    def set(self, path: Sequence[str], spelled: str, source: str) -> None:
        """Lay one value over what is there.

        Args:
            path: Its keys, outermost first; at least one.
            spelled: The value in TOML; a bare word is text.
            source: Where it came from.

        Raises:
            ConfigError: If it is nested too deep.
        """
        value = _toml_value(spelled)
        for key in reversed(path):
            value = {key: value}
        self.add(value, source)

    def source(self, where: str) -> str:
        """Return where the value at a TOML path came from, or the first of those in it; empty if nowhere."""
        found = (s for path, s in self.sources.items() if path == where or path.startswith(f"{where}."))
        return next(found, "")

    def _merge(
        self, into: MutableMapping[str, Any], values: Mapping[str, Any], source: str, at: tuple[str, ...]
    ) -> None:
        for key, value in values.items():
            here = (*at, key)
            if isinstance(value, Mapping):
                inner = into.get(key)
                if not isinstance(inner, dict):
                    inner = into[key] = {}
                self._merge(inner, value, source, here)
            else:
                into[key] = value
                self.sources[".".join(here)] = source


def keys_of(path: str) -> list[str]:
    """Return the keys of a TOML path; one that holds dots stands in quotes."""
    return [key.strip('"') for key in re.findall(r'"[^"]*"|[^.]+', path)] if '"' in path else path.split(".")


def _toml_value(text: str) -> Any:
    """Return a value spelled in TOML; a bare word is text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text


def _check_depth(value: Any, source: str, depth: int = 0) -> None:
    if depth > DEPTH_MAX:
        raise ConfigError(f"nested more than {DEPTH_MAX} levels deep", source=source)
    for inner in _inner(value):
        _check_depth(inner, source, depth + 1)


def _inner(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
