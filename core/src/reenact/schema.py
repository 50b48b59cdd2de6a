"""JSON Schema of Python types and functions, for tools and structured output."""

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from reenact.errors import UsageError


def schema_of(wanted: Any) -> dict[str, Any]:
    """Return the JSON Schema of a type: attrs class, dataclass, TypedDict, pydantic model, builtin.

    Objects are closed (``additionalProperties: false``), which vendors' strict modes demand,
    and references are resolved in place where the type does not refer to itself.

    Raises:
        UsageError: If the type has no schema.
    """
    own = getattr(wanted, "model_json_schema", None)
    if callable(own):
        return dict(_closed(own()))
    try:
        (schema,), components = msgspec.json.schema_components((wanted,), ref_template="#/$defs/{name}")
    except (TypeError, RuntimeError) as error:
        raise UsageError(f"{wanted!r} has no JSON Schema: {error}") from error
    resolved = _resolved(schema, components, ())
    if _mentions_refs(resolved):
        resolved = {**resolved, "$defs": {name: _closed(value) for name, value in components.items()}}
    return dict(_closed(resolved))


def _resolved(schema: Any, components: Mapping[str, Any], inside: tuple[str, ...]) -> Any:
    if isinstance(schema, list):
        return [_resolved(item, components, inside) for item in schema]
    if not isinstance(schema, dict):
        return schema
    name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    if name and name in components and name not in inside:
        return _resolved(components[name], components, (*inside, name))
    return {key: _resolved(value, components, inside) for key, value in schema.items()}


def _mentions_refs(schema: Any) -> bool:
    if isinstance(schema, list):
        return any(_mentions_refs(item) for item in schema)
    return isinstance(schema, dict) and ("$ref" in schema or any(map(_mentions_refs, schema.values())))


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _closed(value) for key, value in schema.items()}
    if made.get("type") == "object" and "properties" in made:
        made.setdefault("additionalProperties", False)
    return made


@lru_cache(maxsize=512)
def _parameters_of(fn: Callable[..., Any]) -> dict[str, Any]:
    signature = inspect.signature(fn)
    hints = typing.get_type_hints(fn)
    fields: list[Any] = []
    for name, parameter in signature.parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise UsageError(f"{fn.__qualname__}: a tool takes named arguments only, not *{name}")
        wanted = hints.get(name, Any)
        default = parameter.default
        fields.append((name, wanted) if default is parameter.empty else (name, wanted, _default(default)))
    struct = msgspec.defstruct("Arguments", fields, kw_only=True)
    schema = schema_of(struct)
    schema.pop("title", None)
    return {"type": "object", "properties": {}, **schema}


def _default(value: Any) -> Any:
    if isinstance(value, (list, dict, set)):
        return msgspec.field(default_factory=lambda: value)
    return value


def parameters_of(fn: Callable[..., Any]) -> Mapping[str, Any]:
    """Return the JSON Schema of a function's arguments.

    Raises:
        UsageError: If one has no schema.
    """
    return types.MappingProxyType(_parameters_of(fn))
