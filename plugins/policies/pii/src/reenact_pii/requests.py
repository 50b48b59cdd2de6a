"""What of a request is text: each piece is changed where it stands, and what does not change stays itself.

Everything that a model reads, or that stops it: messages and their parts, text files, what tools and schemas
say of themselves, the vendor's options. Names of tools and ids stay, for answers refer to them.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

import attrs
from reenact.llm import LlmMessage, LlmRequest, Part, ToolSpec

T = TypeVar("T")

_Text: TypeAlias = Callable[..., str]
"""Changes a text; is told as a second argument if a vendor has signed it, and it must go back as it came."""


def rewritten(request: LlmRequest, text: _Text, value: Callable[[Any], Any]) -> LlmRequest:
    """Return *request* with its texts and plain values changed; itself if nothing changes.

    Args:
        request: The request.
        text: Changes a text.
        value: Changes the texts and names in a plain value.
    """
    # Any, because mypy does not see through the converters of messages, tools and parts.
    messages: Any = tuple(_message(message, text, value) for message in request.messages)
    tools: Any = tuple(_tool(tool, text, value) for tool in request.tools)
    return _changed(
        request,
        messages=request.messages if all(map(_same, messages, request.messages)) else messages,
        tools=request.tools if all(map(_same, tools, request.tools)) else tools,
        output_schema=request.output_schema and _schema(request.output_schema, value),
        stop=tuple(map(text, request.stop)),
        options=request.options and value(request.options),
    )


def _tool(tool: ToolSpec, text: _Text, value: Callable[[Any], Any]) -> ToolSpec:
    return _changed(
        tool,
        description=tool.description and text(tool.description),
        parameters=_schema(tool.parameters, value),
    )


def _schema(schema: Any, value: Callable[[Any], Any]) -> Any:
    """Return a JSON Schema with what it says and offers changed; what it demands stays as it is."""
    if isinstance(schema, Mapping):
        return {name: value(item) if name in _SAID else _schema(item, value) for name, item in schema.items()}
    return [_schema(item, value) for item in schema] if isinstance(schema, list | tuple) else schema


_SAID = frozenset({"title", "description", "$comment", "default", "const", "enum", "example", "examples"})


def _same(one: object, other: object) -> bool:
    return one is other


def _message(message: LlmMessage, text: _Text, value: Callable[[Any], Any]) -> LlmMessage:
    parts: Any = tuple(_part(part, text, value) for part in message.parts)
    if all(map(_same, parts, message.parts)):
        return message
    return LlmMessage(role=message.role, parts=parts)


def _part(part: Part, text: _Text, value: Callable[[Any], Any]) -> Part:
    signed = part.type == "reasoning" and bool(part.opaque)
    said = part.file_text
    return _changed(
        part.with_file_text(text(said)) if said else part,
        text=part.text and text(part.text, signed),
        title=part.title and text(part.title),
        url=part.url and text(part.url),
        raw_arguments=part.raw_arguments and text(part.raw_arguments),
        arguments=part.arguments and value(part.arguments),
    )


def _changed(thing: T, **fields: Any) -> T:
    """Return *thing* with other *fields*; itself if they are what it has."""
    if all(getattr(thing, name) == field for name, field in fields.items()):
        return thing
    evolve: Any = attrs.evolve
    changed: T = evolve(thing, **fields)
    return changed
