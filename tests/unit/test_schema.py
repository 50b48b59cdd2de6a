"""JSON Schema of types and functions, as models are told of them."""

from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import attrs
import msgspec
import pytest
from reenact.errors import UsageError
from reenact.schema import parameters_of, schema_of


@attrs.frozen
class Inner:
    name: str
    kind: Literal["a", "b"] = "a"


@dataclass
class Outer:
    inners: list[Inner]
    best: Inner | None = None


class Node(msgspec.Struct):
    value: int
    children: list["Node"] = []


class Row(TypedDict):
    id: int


class Modelled:
    @staticmethod
    def model_json_schema() -> dict[str, Any]:
        return {"type": "object", "properties": {"a": {"type": "object", "properties": {}}}}


def _objects(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [found for item in schema for found in _objects(item)]
    if not isinstance(schema, dict):
        return []
    own = [schema] if schema.get("type") == "object" and "properties" in schema else []
    return own + [found for value in schema.values() for found in _objects(value)]


@pytest.mark.parametrize("wanted", [Inner, Outer, Row, Node, Modelled, list[Inner], dict[str, Inner] | None])
def test_objects_are_closed(wanted: Any) -> None:
    """Vendors' strict modes demand it, at every depth."""
    objects = _objects(schema_of(wanted))

    assert objects
    assert all(one["additionalProperties"] is False for one in objects)


def test_references_are_resolved_in_place() -> None:
    """Not every vendor follows them."""
    schema = schema_of(Outer)

    assert "$ref" not in str(schema)
    assert schema["properties"]["inners"]["items"]["properties"]["kind"]["enum"] == ["a", "b"]


def test_a_type_that_refers_to_itself_keeps_its_reference() -> None:
    """With the definition it refers to."""
    schema = schema_of(Node)

    assert "#/$defs/Node" in str(schema)
    assert schema["$defs"]["Node"]["properties"]["value"] == {"type": "integer"}


@pytest.mark.parametrize("wanted", [object(), lambda: 1, type("Odd", (), {})])
def test_a_type_without_a_schema_is_refused(wanted: Any) -> None:
    """When the model is to be told of it, and not by the vendor."""
    with pytest.raises(UsageError, match="has no JSON Schema"):
        schema_of(wanted)


def test_the_parameters_of_a_function_are_an_object() -> None:
    """Those without a default are required."""

    def find(query: str, limit: int = 5, *, tags: list[str] = ["a"], where: Inner | None = None) -> None: ...  # noqa: B006  # what users write

    schema = parameters_of(find)

    assert schema["type"] == "object"
    assert schema["required"] == ["query"]
    assert schema["properties"]["limit"] == {"type": "integer", "default": 5}
    assert schema["properties"]["tags"]["items"] == {"type": "string"}
    assert schema["additionalProperties"] is False
    assert "title" not in schema


def test_a_function_without_arguments_is_an_empty_object() -> None:
    """And one without annotations takes anything."""

    def nothing() -> None: ...
    def anything(value) -> None: ...  # type: ignore[no-untyped-def]  # that is the point

    assert parameters_of(nothing)["properties"] == {}
    assert parameters_of(anything)["properties"] == {"value": {}}


def test_the_schema_of_a_function_cannot_be_changed_by_who_looks() -> None:
    """It is worked out once."""

    def find(query: str) -> None: ...

    with pytest.raises(TypeError):
        parameters_of(find)["type"] = "array"  # type: ignore[index]  # that is the point
    assert parameters_of(find) == parameters_of(find)


def collected(*words: str) -> None: ...
def named(**words: str) -> None: ...


@pytest.mark.parametrize("fn", [collected, named])
def test_a_tool_takes_named_arguments_only(fn: Any) -> None:
    """A model cannot be told of others."""
    with pytest.raises(UsageError, match=r"a tool takes named arguments only, not \*words"):
        parameters_of(fn)
