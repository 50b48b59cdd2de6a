"""JSON answers as declared types: what does not fit is one kind of error.

Vendors add fields, blocks and events at any time; a `msgspec.Struct` ignores what it does
not declare. What it declares must fit, so that no answer can cause a KeyError further on.
"""

from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import Any, TypeVar, cast

import msgspec
from reenact.codec import plain
from reenact.errors import NotStorableError

T = TypeVar("T")

_COUNT_MAX = 2**53


class UnreadableError(ValueError):
    """An answer is not what the vendor's format says; the text says where, and quotes nothing."""


@lru_cache(maxsize=256)
def _decoder(shape: Any) -> Any:
    return msgspec.json.Decoder(shape)


def decode(data: bytes | str, shape: type[T]) -> T:
    """Return *data*, JSON, as a *shape*.

    Raises:
        UnreadableError: If it is no JSON, or does not fit.
    """
    try:
        return cast("T", _decoder(cast("Hashable", shape)).decode(data))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        problem = _problem(error)
    raise UnreadableError(problem)


def convert(value: Any, shape: type[T]) -> T:
    """Return *value*, decoded JSON, as a *shape*.

    Raises:
        UnreadableError: If it does not fit.
    """
    try:
        return msgspec.convert(value, shape)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        problem = _problem(error)
    raise UnreadableError(problem)


def _problem(error: Exception) -> str:
    # msgspec names types and places and quotes no content; others do.
    return str(error) if isinstance(error, msgspec.MsgspecError) else "not UTF-8, or nested too deep"


def count(value: float | None) -> int | None:
    """Return a number of tokens; None for what cannot be one."""
    return int(value) if value is not None and 0 <= value < _COUNT_MAX else None


def whole_count(value: int) -> int:
    """Return a number of tokens.

    Raises:
        UnreadableError: If it cannot be one.
    """
    counted = count(value)
    if counted is None:
        raise UnreadableError("the number of tokens is no number of tokens")
    return counted


def arguments(text: str) -> dict[str, Any] | None:
    """Return a tool call's arguments from the model's text: an object, or None.

    A model may write nothing for no arguments. What JSON allows and a journal cannot keep
    (integers beyond 64 bits) counts as no JSON.
    """
    if not text.strip():
        return {}
    try:
        value = decode(text.encode("utf-8", "surrogatepass"), dict[str, Any])
    except UnreadableError:
        return None
    return value if storable(value) else None


def storable(value: Mapping[str, Any]) -> bool:
    """Say whether a journal can keep *value*."""
    try:
        plain(value)
    except (NotStorableError, RecursionError):
        return False
    return True
