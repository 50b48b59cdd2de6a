"""A workflow's arguments, from the command line to the types its signature declares.

``key=value`` is read by the annotation: text where it says ``str``, the value's own
spelling where it is a path, a date, an enum, a decimal number, and JSON everywhere
else. Whatever does not fit is refused before the run exists, with what was expected.
"""

import enum
import inspect
import json
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path, PurePath
from typing import Any
from uuid import UUID

import attrs
from reenact.codec import read_as, type_name
from reenact.errors import InputError, NotStorableError, did_you_mean
from reenact.steps import WorkflowSpec

_SPELLED_AS_TEXT = (str, bytes, PurePath, UUID, date, time, timedelta, Decimal, enum.Enum)
_INPUT_BYTES_MAX = 100_000_000
_STDIN = "-"


@attrs.frozen
class Given:
    """Arguments, ready for a call.

    Attributes:
        args: Positional ones.
        kwargs: Named ones.
    """

    args: list[Any]
    kwargs: dict[str, Any]


def read_arguments(spec: WorkflowSpec, pairs: Sequence[str], whole: str | None) -> Given:
    """Return the arguments for a workflow.

    Args:
        spec: The workflow.
        pairs: ``key=value``, each.
        whole: All arguments as a JSON object, or ``@file`` with one, or ``@-`` for stdin.

    Raises:
        InputError: If they do not fit; says what was expected.
    """
    values = _read_whole(spec, whole) if whole is not None else {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise InputError(f"{pair!r} is not KEY=VALUE; {expected(spec)}")
        if key in values:
            raise InputError(f"argument {key!r} is given twice")
        _check_name(spec, key)
        values[key] = _read_text(key, text, _wanted(spec, key))
    _check_complete(spec, values)
    return _split(spec, values)


def read_named(spec: WorkflowSpec, texts: Mapping[str, str]) -> dict[str, Any]:
    """Return some arguments of a workflow, read by its annotations.

    Raises:
        InputError: If one does not fit, or is none of its arguments.
    """
    for name in texts:
        _check_name(spec, name)
    return {name: _read_text(name, text, _wanted(spec, name)) for name, text in texts.items()}


def expected(spec: WorkflowSpec) -> str:
    """Return what a workflow takes, in words."""
    return f"expected {spec.name}{spec.arguments.signature}"


# --- one value ------------------------------------------------------------------------------------


def _read_text(key: str, text: str, wanted: Any) -> Any:
    problem = ""
    for candidate in _readings(text, wanted):
        try:
            return read_as(candidate(), wanted)
        except NotStorableError as error:
            problem = problem or error.problem
        except ValueError as error:
            problem = problem or f"not JSON ({error})"
    raise InputError(f"argument {key!r} must be {_type_words(wanted)}, not {text!r:.200}: {problem}")


def _readings(text: str, wanted: Any) -> list[Any]:
    """Return the ways to read *text*, the likeliest first."""
    as_text, as_json = lambda: text, lambda: parse_json(text)
    if wanted is str:
        return [as_text]
    if isinstance(wanted, type) and issubclass(wanted, _SPELLED_AS_TEXT):
        return [as_text, as_json]
    return [as_json, as_text] if _takes_text(wanted) else [as_json]


def _takes_text(wanted: Any) -> bool:
    if wanted is Any or wanted is object:
        return True
    origin, inner = typing.get_origin(wanted), typing.get_args(wanted)
    if origin is typing.Literal:
        return any(isinstance(one, str) for one in inner)
    if origin is typing.Annotated:
        return _takes_text(inner[0])
    if origin in (typing.Union, types.UnionType):
        return any(_takes_text(one) for one in inner)
    return isinstance(wanted, type) and issubclass(wanted, _SPELLED_AS_TEXT)


def _type_words(wanted: Any) -> str:
    if wanted is bool:
        return "true or false"
    return type_name(wanted).replace("NoneType", "None")


def parse_json(text: str) -> Any:
    """Return what *text* spells in JSON, strictly: no NaN, no key twice.

    Raises:
        ValueError: If it does not.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg.lower()} at character {error.pos + 1}") from None
    except RecursionError:
        raise ValueError("nested too deep") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        twice = next(key for i, (key, _) in enumerate(pairs) if key in dict(pairs[:i]))
        raise ValueError(f"the key {twice!r} stands twice")
    return made


def _no_constant(name: str) -> Any:
    raise ValueError(f"JSON has no {name}")


# --- all of them ----------------------------------------------------------------------------------


def _read_whole(spec: WorkflowSpec, whole: str) -> dict[str, Any]:
    source = whole[1:] if whole.startswith("@") else "--input"
    text = _read_source(source) if whole.startswith("@") else whole
    try:
        values = parse_json(text)
    except ValueError as error:
        raise InputError(f"{source} is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise InputError(f"{source} must be a JSON object with one key for each argument; {expected(spec)}")
    for key, value in values.items():
        _check_name(spec, key)
        try:
            values[key] = read_as(value, _wanted(spec, key))
        except NotStorableError as error:
            at = error.at.replace("$", key, 1)
            raise InputError(
                f"argument {at!r} must be {_type_words(_wanted(spec, key))}: {error.problem}"
            ) from error
    return values


def _read_source(name: str) -> str:
    try:
        if name == _STDIN:
            return sys.stdin.read(_INPUT_BYTES_MAX)
        path = Path(name)
        if path.stat().st_size > _INPUT_BYTES_MAX:
            raise InputError(f"{name} is larger than {_INPUT_BYTES_MAX} bytes")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not UTF-8 text: {error.reason} at byte {error.start}") from error


def _parameters(spec: WorkflowSpec) -> Mapping[str, inspect.Parameter]:
    return spec.arguments.signature.parameters


def _wanted(spec: WorkflowSpec, key: str) -> Any:
    parameter = _parameters(spec).get(key)
    if parameter is None:
        catch_all = _catch_all(spec)
        return spec.arguments.hints.get(catch_all.name, Any) if catch_all else Any
    wanted = spec.arguments.hints.get(key, Any)
    return list[wanted] if parameter.kind is parameter.VAR_POSITIONAL else wanted  # type: ignore[valid-type]


def _catch_all(spec: WorkflowSpec) -> inspect.Parameter | None:
    return next((p for p in _parameters(spec).values() if p.kind is p.VAR_KEYWORD), None)


def _check_name(spec: WorkflowSpec, key: str) -> None:
    if key in _parameters(spec) or _catch_all(spec):
        return
    hint = did_you_mean(key, list(_parameters(spec)))
    raise InputError(f"{spec.name} takes no argument {key!r}{hint}; {expected(spec)}")


def _check_complete(spec: WorkflowSpec, values: Mapping[str, Any]) -> None:
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    missing = [
        name
        for name, p in _parameters(spec).items()
        if name not in values and p.default is p.empty and p.kind not in several
    ]
    if missing:
        how = " ".join(f"{name}=VALUE" for name in missing)
        raise InputError(f"missing: {', '.join(missing)}; give {how}, or --input; {expected(spec)}")


def _split(spec: WorkflowSpec, values: dict[str, Any]) -> Given:
    """Sort values into positional and named arguments."""
    parameters = _parameters(spec).values()
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL and values.get(p.name)), None)
    if rest is None:
        first = [p for p in parameters if p.kind is p.POSITIONAL_ONLY and p.name in values]
        return Given([values.pop(p.name) for p in first], values)
    # what stands before *args must then be given by place too
    before = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    args = [values.pop(p.name, p.default) for p in before]
    return Given([*args, *values.pop(rest)], values)
