"""Options classes as rows of a table: one row a key, in the words of TOML.

Keys, types and defaults are the class's own, ranges are its validators', and what a key means
is its line in the ``Attributes`` section of the class's docstring. What cannot be read off, such
as a validator that is a function, is said in `OWN`; one that is not said there is an error.
"""

import inspect
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import attrs
from reenact.seams import is_given_name


class UnexplainedError(Exception):
    """The code does not say enough for a row."""


REQUIRED = "required"
NOT_SET = "not set"

OWN = {
    "reenact_http.options._positive": "> 0",
    "reenact_http.options._address.<locals>.check": "http or https, no name, password or query",
    "reenact_http.options._header": "letters, digits and `-`",
    "reenact_http.options._env_name": "capitals, digits and `_`",
    "reenact_http.options._key_ref": '`{ env = "NAME" }`',
    "reenact_openai._no_secrets": "no header that holds a key",
    "reenact_pii._known_kinds": "[kinds](#policiespii) as keys",
    "reenact_budget._usd": "> 0, ≤ 1,000,000,000",
    "reenact_budget._listed": "",
    "reenact_ratelimit._listed": "",
    "reenact.prices.Rate": "≥ 0, ≤ 1,000,000",
}
"""What own validators and converters let pass, and what readers do of classes that have none."""

TYPES = {"reenact_http.options._key_ref": "table"}
"""Types of keys whose converter reads them."""

_SIGNS = {">=": "≥", ">": ">", "<=": "≤", "<": "<"}
_SCALARS = {
    str: ("string", "strings"),
    bool: ("boolean", "booleans"),
    int: ("integer", "integers"),
    float: ("number", "numbers"),
    Path: ("string", "strings"),
    Decimal: ("string or number", "strings or numbers"),
    date: ("date", "dates"),
}


@attrs.frozen
class Row:
    """One key.

    Attributes:
        key: The key.
        type: What kind of TOML value it takes.
        default: What it is if it is not set, in TOML; or `REQUIRED`, or `NOT_SET`.
        range: Which values it takes; empty if all of its type.
        meaning: What it is for.
    """

    key: str
    type: str
    default: str
    range: str
    meaning: str

    def __str__(self) -> str:
        cells = (f"`{self.key}`", self.type, self.default, self.range, self.meaning)
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |".replace("|  |", "| |")


HEAD = ("| key | type | default | range | meaning |", "|---|---|---|---|---|")


def rows_of(cls: type[Any], without: Iterable[str] = ()) -> list[Row]:
    """Return the rows of an options class, without what it inherits.

    Args:
        cls: An attrs class.
        without: Fields that are no keys.

    Raises:
        UnexplainedError: If a key is not documented, or a validator not known.
    """
    attrs.resolve_types(cls)
    said = meanings(cls)
    left_out = set(without)
    return [_row(cls, field, said) for field in keys_of(cls) if field.name not in left_out]


def keys_of(cls: type[Any]) -> "list[attrs.Attribute[Any]]":
    """Return the fields of a class that are keys in TOML and that it does not inherit."""
    return [field for field in attrs.fields(cls) if not field.inherited and not is_given_name(field)]


def read_rows(table: str) -> dict[str, Row]:
    """Return the rows of a table of a page, by key."""
    rows = {}
    for line in table.splitlines()[len(HEAD) :]:
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        rows[cells[0].strip("`")] = Row(cells[0].strip("`"), *cells[1:])
    return rows


def differences(page: Mapping[str, Row], code: Mapping[str, Row]) -> list[str]:
    """Return in words what a page says otherwise than the code, key by key."""
    found = [f"{key}: it is not on the page" for key in code if key not in page]
    found += [f"{key}: there is no such key any more" for key in page if key not in code]
    for key in page:
        for part in ("type", "default", "range", "meaning") if key in code else ():
            written, real = getattr(page[key], part), getattr(code[key], part)
            if written != real:
                found.append(f"{key}: its {part} is {real!r}, and on the page {written!r}")
    if not found and list(page) != list(code):
        found.append("the keys stand in another order")
    return found


# --- meanings -------------------------------------------------------------------------------------


def meanings(cls: type[Any]) -> dict[str, str]:
    """Return what the docstring of a class says of each of its attributes, in Markdown."""
    _, _, section = (inspect.getdoc(cls) or "").partition("Attributes:\n")
    lines: dict[str, list[str]] = {}
    last = ""
    for line in section.split("\n\n")[0].splitlines():
        found = re.match(r" {4}(\w+): (.*)", line)
        if found:
            last = found[1]
            lines[last] = [found[2]]
        elif last:
            lines[last].append(line.strip())
    return {name: markdown(" ".join(parts)) for name, parts in lines.items()}


def markdown(text: str) -> str:
    """Return a text of a docstring in Markdown."""
    text = text.replace("``*``", "`*`").replace("``", "`")
    return re.sub(r"(?<![\w`*])\*(\w+)\*(?![\w`*])", r"`\1`", text)


# --- a row ----------------------------------------------------------------------------------------


def _row(cls: type[Any], field: "attrs.Attribute[Any]", said: Mapping[str, str]) -> Row:
    where = f"{cls.__module__}.{cls.__name__}.{field.name}"
    if field.name not in said:
        raise UnexplainedError(f"{where}: the docstring of the class does not say what it is for")
    ranges = [*_choices(field.type), *_ranges(field.validator, where), *_converter(field, where)]
    ranges.append(OWN.get(f"{cls.__module__}.{cls.__name__}", ""))
    return Row(
        field.name,
        TYPES.get(_name(field.converter)) or _type(field.type),
        _default(field),
        ", ".join(dict.fromkeys(one for one in ranges if one)),
        said[field.name],
    )


def _type(wanted: Any, *, many: bool = False) -> str:
    if wanted in _SCALARS:
        return _SCALARS[wanted][many]
    if isinstance(wanted, type) and attrs.has(wanted):
        return "tables" if many else "table"
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin is Literal:
        return "strings" if many else "string"
    if origin in (Union, UnionType):
        kinds = [_type(one, many=many) for one in inner if one is not type(None)]
        if "number" in kinds and "integer" in kinds:
            kinds.remove("integer")
        return " or ".join(dict.fromkeys(kinds))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"table of {_type(inner[1], many=True)}"
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return f"array of {_type(inner[0], many=True)}"
    raise UnexplainedError(f"there is no word for the type {wanted}")


def _choices(wanted: Any) -> Iterator[str]:
    if get_origin(wanted) is Literal:
        yield _listed(get_args(wanted))
    elif get_origin(wanted) is not None:
        for inner in get_args(wanted):
            yield from _choices(inner)


def _ranges(validator: Any, where: str) -> Iterator[str]:
    """Yield what a validator lets pass."""
    if validator is None:
        return
    kind = type(validator).__name__
    if kind == "_NumberValidator":
        yield f"{_SIGNS[validator.compare_op]} {validator.bound:,}".removesuffix(".0")
    elif kind == "_AndValidator":
        for one in validator._validators:
            yield from _ranges(one, where)
    elif kind == "_OptionalValidator":
        yield from _ranges(validator.validator, where)
    elif kind == "_InValidator":
        yield _listed(validator.options)
    elif kind == "_MinLengthValidator":
        yield f"at least {validator.min_length} entry"
    elif kind == "_DeepIterable":
        yield from _ranges(validator.iterable_validator, where)
        yield from _ranges(validator.member_validator, where)
    elif kind == "_DeepMapping":
        yield from _ranges(validator.value_validator, where)
    elif kind != "_InstanceOfValidator":
        yield _own(validator, where)


def _converter(field: "attrs.Attribute[Any]", where: str) -> Iterator[str]:
    if field.converter is not None:
        yield _own(field.converter, where)


def _own(function: Any, where: str) -> str:
    name = _name(function)
    if name not in OWN:
        raise UnexplainedError(f"{where}: say in OWN what {name or function!r} lets pass")
    return OWN[name]


def _name(function: Any) -> str:
    return f"{function.__module__}.{function.__qualname__}" if inspect.isfunction(function) else ""


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(f"`{_toml(value)}`" for value in values)


def _default(field: "attrs.Attribute[Any]") -> str:
    if field.default is attrs.NOTHING:
        return REQUIRED
    made: Any = field.default
    if isinstance(made, attrs.Factory):  # type: ignore[arg-type]  # a class, whatever its stub says
        made = made.factory()
    if made is None:
        return NOT_SET
    if attrs.has(type(made)):
        return "its defaults"
    return f"`{_toml(made)}`"


def _toml(value: Any) -> str:
    if isinstance(value, (bool, str, Path)):
        return json.dumps(str(value) if isinstance(value, Path) else value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, (int, float)):
        return str(value)
    raise UnexplainedError(f"there is no spelling in TOML for {value!r}")
