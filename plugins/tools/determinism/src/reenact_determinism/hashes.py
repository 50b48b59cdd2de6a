"""Whether things stand in a set in the same order in every process.

Numbers do: their hash is their value. Text and bytes do not, because Python salts their
hashes in each process; nor does what hashes by its address.
"""

import asyncio
import datetime
import decimal
import fractions
import itertools
import sys
import uuid
from collections.abc import Iterable
from typing import Any

from reenact.loop import RunFuture, RunTask

SAMPLE = 1000
"""How many elements of a set are looked at."""

_STEADY: frozenset[Any] = frozenset(
    kind.__hash__
    for kind in (
        int,
        float,
        complex,
        decimal.Decimal,
        fractions.Fraction,
        datetime.timedelta,
        uuid.UUID,
        range,
        slice if sys.version_info >= (3, 12) else int,
        RunTask,
        RunFuture,
    )
)


def varies(value: Any) -> bool:
    """Say whether the hash of *value* may be another one in another process."""
    kind = type(value)
    if kind in (tuple, frozenset):
        return any(varies(one) for one in value)
    if value is None:
        return sys.version_info < (3, 12)
    if kind.__hash__ in _STEADY:
        return False
    fields = _fields(kind)
    if fields is not None and not isinstance(value, asyncio.Future):
        return any(varies(getattr(value, name, None)) for name in fields)
    return True


def _fields(kind: type[Any]) -> Iterable[str] | None:
    """Return the fields that a dataclass or attrs class hashes by; None if it does not hash by fields."""
    code = getattr(kind.__hash__, "__code__", None)
    if code is None or not code.co_filename.startswith("<"):
        return None
    if "__attrs_attrs__" in vars(kind):
        return [one.name for one in kind.__attrs_attrs__ if (one.eq if one.hash is None else one.hash)]
    if "__dataclass_fields__" in vars(kind):
        fields = kind.__dataclass_fields__.values()
        return [one.name for one in fields if (one.compare if one.hash is None else one.hash)]
    return None


def order_varies(elements: Iterable[Any]) -> bool:
    """Say whether a set of these may be iterated in another order in another process."""
    sample = list(itertools.islice(elements, SAMPLE))
    return len(sample) > 1 and any(varies(one) for one in sample)
