"""Which fields a class has, and what each is if nobody sets it: attrs classes and dataclasses alike.

What is spelled for a hash leaves out fields at their default, so that one which is added later
changes no old hash. A default that depends on the instance, or that there is none of, equals nothing.
"""

from functools import lru_cache
from typing import Any

import attrs

NO_DEFAULT = object()
"""In place of a default that no value equals."""


def same(item: object, default: object) -> bool:
    """Say whether *item* is *default*: of the same type, and equal; 1 and 1.0 and True are three values."""
    return type(item) is type(default) and item == default


@lru_cache(maxsize=1024)
def fields_of(cls: type) -> tuple[tuple[str, object], ...] | None:
    """Return the fields of an attrs class or a dataclass with their defaults, or None for any other."""
    if attrs.has(cls):
        return tuple((a.name, _attrs_default(a)) for a in attrs.fields(cls) if a.init)
    listed = getattr(cls, "__dataclass_fields__", None)
    if listed is None:
        return None
    import dataclasses

    return tuple((f.name, _dataclass_default(f)) for f in dataclasses.fields(cls))


def _attrs_default(field: Any) -> object:
    default = field.default
    if default is attrs.NOTHING:
        return NO_DEFAULT
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # a class at run time
        return NO_DEFAULT if default.takes_self else default.factory()
    return default


def _dataclass_default(field: Any) -> object:
    import dataclasses

    if field.default is not dataclasses.MISSING:
        return field.default
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return NO_DEFAULT
