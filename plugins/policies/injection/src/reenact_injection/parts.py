"""Which texts of a request or tool call are judged, and how one of them is changed.

A text is a part of a message, what a tool says of itself, or a string among the arguments of a
tool call. Who wrote it decides whether it is judged at all.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias

import attrs
from reenact.judging import ToolRequest
from reenact.llm import LlmMessage, LlmRequest, Part

Source: TypeAlias = Literal["user", "document", "tool", "system", "assistant", "definition", "arguments"]
Steps: TypeAlias = tuple[str | int, ...]

TOOLS: Final = "tools"
"""Begins the place of what a tool says of itself."""
UNTRUSTED: Final = frozenset(("document", "tool"))
"""Sources whose words are never orders."""

_SAID = frozenset(("title", "description"))
"""What a JSON Schema says to whoever reads it."""


@attrs.frozen
class Piece:
    """A text to judge.

    Attributes:
        source: Who wrote it.
        place: Where it stands: message and part, both from 0; or ``tools``, the tool from 0 and the steps to
            what it says; or the steps to an argument.
        text: What is judged.
    """

    source: Source
    place: Steps
    text: str


def pieces(value: LlmRequest | ToolRequest) -> Iterator[Piece]:
    """Return the texts of the messages or arguments of *value*, in order."""
    if isinstance(value, ToolRequest):
        yield from (Piece("arguments", place, text) for place, text in _strings(value.arguments, ()))
        return
    for at, message in enumerate(value.messages):
        for number, part in enumerate(message.parts):
            text = _words(part)
            if text:
                yield Piece(_source(message, part), (at, number), text)


def definitions(request: LlmRequest) -> Iterator[Piece]:
    """Return what the tools on offer say of themselves, in order."""
    for at, tool in enumerate(request.tools):
        for place, text in _strings({"description": tool.description, "parameters": tool.parameters}, ()):
            if text and place[-1] in _SAID:
                yield Piece("definition", (TOOLS, at, *place), text)


def with_text(value: LlmRequest | ToolRequest, texts: Mapping[Steps, str]) -> LlmRequest | ToolRequest:
    """Return *value* with the texts at the places named exchanged."""
    if isinstance(value, ToolRequest):
        return attrs.evolve(value, arguments=_exchanged(value.arguments, (), texts))
    parts = {place: text for place, text in texts.items() if place[0] != TOOLS}
    changed = _with_parts(
        value, {place: _rewritten(_part(value, place), text) for place, text in parts.items()}
    )
    return changed if len(parts) == len(texts) else _with_tools(changed, texts)


def untrusted(request: LlmRequest, places: set[Steps]) -> LlmRequest:
    """Return *request* with the parts at *places* marked as not trusted."""
    trusted = [place for place in places if place[0] != TOOLS and _part(request, place).trusted]
    return _with_parts(
        request, {place: attrs.evolve(_part(request, place), trusted=False) for place in trusted}
    )


def _words(part: Part) -> str:
    if part.type not in ("text", "document", "tool_result"):
        return ""
    return "\n".join(text for text in (part.title, part.text, part.file_text) if text)


def _rewritten(part: Part, text: str) -> Part:
    return attrs.evolve(part, text=text, title="", data="" if part.file_text else part.data)


def _source(message: LlmMessage, part: Part) -> Source:
    if part.type == "tool_result" or message.role == "tool":
        return "tool"
    if part.type == "document" or not part.trusted:
        return "document"
    return message.role


def _part(request: LlmRequest, place: Steps) -> Part:
    at, number = place
    return request.messages[int(at)].parts[int(number)]


def _with_parts(request: LlmRequest, parts: Mapping[Steps, Part]) -> LlmRequest:
    if not parts:
        return request
    messages: Any = [_with_parts_of(message, at, parts) for at, message in enumerate(request.messages)]
    return attrs.evolve(request, messages=messages)


def _with_parts_of(message: LlmMessage, at: int, parts: Mapping[Steps, Part]) -> LlmMessage:
    new: Any = tuple(parts.get((at, number), part) for number, part in enumerate(message.parts))
    return message if new == message.parts else attrs.evolve(message, parts=new)


def _with_tools(request: LlmRequest, texts: Mapping[Steps, str]) -> LlmRequest:
    tools: Any = tuple(
        attrs.evolve(
            tool,
            description=texts.get((TOOLS, at, "description"), tool.description),
            parameters=_exchanged(tool.parameters, (TOOLS, at, "parameters"), texts),
        )
        for at, tool in enumerate(request.tools)
    )
    return attrs.evolve(request, tools=tools)


def _strings(value: Any, place: Steps) -> Iterator[tuple[Steps, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _strings(item, (*place, key))
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from _strings(item, (*place, number))


def _exchanged(value: Any, place: Steps, texts: Mapping[Steps, str]) -> Any:
    if isinstance(value, str):
        return texts.get(place, value)
    if isinstance(value, Mapping):
        return {key: _exchanged(item, (*place, key), texts) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_exchanged(item, (*place, number), texts) for number, item in enumerate(value)]
    return value
