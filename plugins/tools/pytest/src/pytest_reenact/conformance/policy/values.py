"""What is what in the values that a policy judges, and what is where.

A request, an answer, what an attempt took, and the call of a tool are taken apart into
aspects. A policy says which of them it changes; all else has to stay.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reenact.codec import canonical, plain
from reenact.judging import Settlement, ToolRequest
from reenact.llm import LlmMessage, LlmRequest, LlmResponse

CHANGES = frozenset(
    {"model", "messages", "text", "arguments", "trusted", "opaque", "tools", "schema", "sampling", "options"}
    | {"refusal", "finish", "usage", "meta"}
)
"""What a policy can say that it changes."""

_TEXTS = ("text", "title", "url", "data", "raw_arguments")
_SAMPLING = ("max_tokens", "temperature", "top_p", "stop", "seed", "tool_choice")
_META = ("model", "provider", "request_id", "fingerprint", "cost_usd", "raw")


def spelled(value: Any) -> bytes:
    """Return the canonical spelling of a value, which is also how it is stored."""
    return canonical(plain(value))


def aspects(value: "LlmRequest | LlmResponse | Settlement | ToolRequest") -> Mapping[str, Any]:
    """Return a value in the aspects that a policy can say it changes; together they are all of it."""
    if isinstance(value, Settlement):
        return {"usage": spelled(value)}
    if isinstance(value, ToolRequest):
        return {"tools": value.name, "arguments": plain(value.arguments)}
    if isinstance(value, LlmResponse):
        return {
            **_of_messages((value.message,)),
            "refusal": value.refusal,
            "finish": value.finish,
            "usage": value.usage,
            "meta": [getattr(value, name) for name in _META],
        }
    return {
        **_of_messages(value.messages),
        "model": value.model,
        "tools": value.tools,
        "schema": (value.output_schema, value.output_name),
        "sampling": [getattr(value, name) for name in _SAMPLING],
        "options": plain(value.options),
    }


def _of_messages(messages: Sequence[LlmMessage]) -> dict[str, Any]:
    parts = [part for message in messages for part in message.parts]
    return {
        "messages": [
            (m.role, [(p.type, p.id, p.name, p.media_type, p.failed) for p in m.parts]) for m in messages
        ],
        "text": [[getattr(part, name) for name in _TEXTS] for part in parts],
        "arguments": [plain(part.arguments) for part in parts],
        "trusted": [part.trusted for part in parts],
        "opaque": [plain(part.opaque) for part in parts],
    }


def stands_in(placeholder: str, value: Any) -> bool:
    if isinstance(value, dict):
        return any(stands_in(placeholder, one) for pair in value.items() for one in pair)
    if isinstance(value, list):
        return any(stands_in(placeholder, one) for one in value)
    return isinstance(value, str) and placeholder in value


def check_detail(value: Any, detail: Mapping[str, Any]) -> None:
    """Check that a detail is plain JSON, and that what it says of places in the value can be so.

    A mapping anywhere in a detail may have a ``place`` (message and part, or the steps to an
    argument) and ``spans``: pairs of positions in the text there, in order, the end excluded.
    """
    assert isinstance(detail, Mapping)
    assert json.loads(json.dumps(detail)) == detail, "a detail is plain JSON: no tuples, sets or objects"
    for found in _mappings(detail):
        spans, place = found.get("spans"), found.get("place")
        if spans is None:
            continue
        limit = _length_at(value, place) if place is not None else _length_in_all(value)
        end_before = 0
        for start, end in spans:
            assert end_before <= start < end <= limit, f"[{start}, {end}) is no place in {limit} characters"
            end_before = end


def _mappings(value: Any) -> "list[Mapping[str, Any]]":
    if isinstance(value, Mapping):
        return [value, *(inner for item in value.values() for inner in _mappings(item))]
    if isinstance(value, list):
        return [inner for item in value for inner in _mappings(item)]
    return []


def _length_at(value: Any, place: Sequence[Any]) -> int:
    if isinstance(value, ToolRequest):
        found: Any = value.arguments
        for at in place:
            found = found[at]
        return len(str(found))
    message, part = place
    messages = (value.message,) if isinstance(value, LlmResponse) else value.messages
    found = messages[message].parts[part]
    return sum(len(getattr(found, name)) + 1 for name in _TEXTS)


def _length_in_all(value: Any) -> int:
    return len(spelled(value))
