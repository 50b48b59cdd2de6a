"""What Anthropic's messages endpoint is asked.

Turns alternate, results of tools come first in a turn, what the system says stands apart, and
reasoning goes back as it came, signature and all.

https://docs.anthropic.com/en/api/messages, versions 2023-06-01 and 2026-10-21
"""

from collections.abc import Mapping
from typing import Any

from reenact.llm import LlmRequest, Part
from reenact_http import UnsendableError
from reenact_http.chat import Spelled, is_strict
from reenact_http.spell import (
    argument_object,
    id_mapper,
    merged,
    set_only,
    system_text,
    turns,
    with_answer_tool,
)

FIXED = ("messages", "model", "stream", "system", "tools")
"""Fields that are not the caller's to set."""

COUNTED = frozenset({"model", "messages", "system", "tools", "tool_choice", "thinking", "output_config"})
"""Fields that the endpoint takes which counts tokens."""

legal_id = id_mapper("[a-zA-Z0-9_-]{1,128}", 24)


def shaped(request: LlmRequest, *, by_tool: bool) -> tuple[LlmRequest, str]:
    """Return the request as it is asked, and the tool that gives the answer, if one does.

    A schema that leaves an object open is refused as an output format; a tool may have it.
    """
    if request.output_schema is None:
        return request, ""
    return with_answer_tool(request) if by_tool or not is_strict(request.output_schema) else (request, "")


def spelled(model: str, request: LlmRequest, *, max_tokens: int, stream: bool) -> Spelled:
    """Return a request.

    Args:
        model: The vendor's name of the model.
        request: What is asked.
        max_tokens: The limit where the caller sets none; the vendor insists on one.
        stream: Whether the answer is to come in pieces.

    Raises:
        UnsendableError: If the format has no place for something in it.
    """
    body: Spelled = {
        "model": model,
        "max_tokens": max_tokens if request.max_tokens is None else request.max_tokens,
        "messages": [{"role": role, "content": content} for role, content in turns(request, _block)],
        **_tools(request),
        **set_only(
            system=system_text(request) or None,
            temperature=request.temperature,
            top_p=request.top_p,
            stop_sequences=list(request.stop) or None,
        ),
        **({"stream": True} if stream else {}),
    }
    if request.output_schema is not None:
        body["output_config"] = {"format": {"type": "json_schema", "schema": request.output_schema}}
    return merged(body, request.options, FIXED)


def _tools(request: LlmRequest) -> Spelled:
    if not request.tools:
        return {}
    tools = [
        set_only(name=tool.name, description=tool.description or None, input_schema=tool.parameters)
        for tool in request.tools
    ]
    words: Mapping[str, Spelled] = {"required": {"type": "any"}, "none": {"type": "none"}}
    if request.tool_choice == "auto":
        return {"tools": tools}
    named = {"type": "tool", "name": request.tool_choice}
    return {"tools": tools, "tool_choice": words.get(request.tool_choice, named)}


def _block(part: Part) -> Spelled | None:
    if part.type == "text":
        return {"type": "text", "text": part.text} if part.text else None  # an empty text is refused
    if part.type == "reasoning":
        kept = part.opaque.get("anthropic", {}).get("block")
        return dict(kept) if kept else None
    if part.type == "image":
        return {"type": "image", "source": _source(part)}
    if part.type == "document":
        return {"type": "document", "source": _source(part), **set_only(title=part.title or None)}
    if part.type == "tool_call":
        return {
            "type": "tool_use",
            "id": legal_id(part.id),
            "name": part.name,
            "input": argument_object(part),
        }
    content = {"content": part.text} if part.text else {}
    failed = {"is_error": True} if part.failed else {}
    return {"type": "tool_result", "tool_use_id": legal_id(part.id), **content, **failed}


def _source(part: Part) -> dict[str, Any]:
    if part.url:
        return {"type": "url", "url": part.url}
    if part.data and part.media_type:
        return {"type": "base64", "media_type": part.media_type, "data": part.data}
    if part.type == "document" and part.text:
        return {"type": "text", "media_type": "text/plain", "data": part.text}
    raise UnsendableError(f"a part of type {part.type!r} has neither an address nor data with a media type")
