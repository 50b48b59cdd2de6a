"""A table of the configuration, made into an instance of an options class.

The class says which keys there are and of what type. What does not fit is a `ConfigError`
that names the key by its TOML path and says where the value came from.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

import attrs
import msgspec

from reenact.errors import ConfigError, did_you_mean
from reenact.seams import is_given_name


def structure(table: Mapping[str, Any], cls: type[Any], where: str, sources: Mapping[str, str]) -> Any:
    """Return *table* as an instance of the attrs class *cls*.

    Raises:
        ConfigError: An unknown key (with a suggestion), a missing one, or a value that does not fit.
    """
    known = [a.name for a in attrs.fields(cls) if not is_given_name(a)]
    for key in table:
        if key not in known:
            raise ConfigError(
                f"unknown key {key!r}{did_you_mean(key, known)}", where, sources.get(f"{where}.{key}", "")
            )
    attrs.resolve_types(cls)
    values = {}
    for field in attrs.fields(cls):
        if field.name in table and field.name in known:
            here = f"{where}.{field.name}"
            values[field.name] = _fit(table[field.name], field.type, here, sources.get(here, ""))
        elif field.default is attrs.NOTHING:
            raise ConfigError(f"missing key {field.name!r}", where)
    try:
        return cls(**values)
    except ConfigError as error:
        raise ConfigError(error.problem, f"{where}.{error.where}" if error.where else where) from error
    except (TypeError, ValueError) as error:
        problem, *_ = error.args or (str(error),)
        raise ConfigError(str(problem), where) from error


def _quoted(value: Any, where: str) -> str:
    """Quote a value in an error; not a provider's, which may be a key that does not belong there."""
    return "what is there" if where.startswith("providers.") else f"{value!r:.80}"


def _fit(value: Any, wanted: Any, where: str, source: str) -> Any:
    found = _quoted(value, where)
    if isinstance(wanted, type) and attrs.has(wanted):
        if not isinstance(value, dict):
            raise ConfigError(f"must be a table, not {found}", where, source)
        return structure(value, wanted, where, {f"{where}.{key}": source for key in value} if source else {})
    tables = _table_class(wanted)
    if tables is not None:
        return _fit_tables(value, tables, where, source)
    if wanted in (str, bool) and type(value) is not wanted:
        raise ConfigError(f"must be {wanted.__name__}, not {found}", where, source)
    if wanted is int and type(value) is not int:
        raise ConfigError(f"must be a whole number, not {found}", where, source)
    if wanted is float and type(value) not in (int, float):
        raise ConfigError(f"must be a number, not {found}", where, source)
    if wanted in (str, bool, int, Any):
        return value
    if wanted is float:
        return float(value)
    if wanted is Path and isinstance(value, str):
        return Path(value)
    try:
        return msgspec.convert(value, wanted, dec_hook=_by_cattrs)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        from reenact.codec import type_name

        raise ConfigError(f"must be {type_name(wanted)}, not {found}", where, source) from error


def _table_class(wanted: Any) -> type[Any] | None:
    """Return the attrs class of which *wanted* is a list; None if it is none."""
    inner = get_args(wanted)
    if get_origin(wanted) in (list, Sequence) and isinstance(inner[0], type) and attrs.has(inner[0]):
        return inner[0]
    return None


def _fit_tables(value: Any, cls: type[Any], where: str, source: str) -> list[Any]:
    if not isinstance(value, list):
        raise ConfigError(f"must be a list of tables, not {_quoted(value, where)}", where, source)
    return [_fit(item, cls, f"{where}[{number}]", source) for number, item in enumerate(value)]


def _by_cattrs(wanted: type[Any], value: Any) -> Any:
    """Fit what msgspec does not know, such as types with a hook of their own."""
    from reenact.codec import converter

    return converter().structure(value, wanted)
