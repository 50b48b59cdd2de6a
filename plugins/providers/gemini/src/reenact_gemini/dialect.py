"""Google's generateContent.

A conversation of contents and parts. The model and the kind of answer stand in the address.
A part of an answer may carry a signature, which has to come back in the same part. A schema
and tools together are refused by most models; then the answer is asked for by one more tool.

https://github.com/googleapis/googleapis google/ai/generativelanguage/v1beta (2026-08-22)
"""

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote

import attrs
from reenact.llm import LlmRequest, Part
from reenact_http import Assembly, Call, Reader, UnsendableError, calls_in
from reenact_http.chat import Spelled
from reenact_http.shape import decode, whole_count
from reenact_http.spell import (
    argument_object,
    document_text,
    merged,
    set_only,
    system_text,
    turns,
    with_answer_tool,
)

from reenact_gemini.answers import Counted, GeminiReader

FIXED = ("contents", "systemInstruction", "tools")
"""Fields that are not the caller's to set."""


@attrs.frozen
class GeminiDialect:
    """Gemini's words."""

    framing: Literal["sse"] = "sse"

    def path(self, call: Call) -> str:
        """Return the endpoint."""
        model = quote(_resource(call))
        return f"{model}:streamGenerateContent?alt=sse" if call.stream else f"{model}:generateContent"

    def count_path(self, call: Call) -> str:
        """Return the endpoint that counts tokens."""
        return f"{quote(_resource(call))}:countTokens"

    def count_body(self, call: Call) -> dict[str, Any]:
        """Return the request that is counted."""
        return {"generateContentRequest": {"model": _resource(call), **self.body(call)}}

    def counted(self, data: bytes) -> int:
        """Return the number of tokens."""
        return whole_count(decode(data, Counted).totalTokens)

    def body(self, call: Call) -> dict[str, Any]:
        """Return the request."""
        request, _ = _shaped(call.request)
        system = system_text(request)
        body: Spelled = {
            "contents": _contents(request),
            **_tools(request),
            **set_only(
                systemInstruction={"parts": [{"text": system}]} if system else None,
                generationConfig=_generation(request) or None,
            ),
        }
        return merged(body, request.options, FIXED)

    def reader(self, call: Call) -> Reader:
        """Return what reads the answer."""
        _, answer_tool = _shaped(call.request)
        before = calls_in(call.request.messages)
        return GeminiReader(Assembly("gemini", calls_before=before, answer_tool=answer_tool))


def _resource(call: Call) -> str:
    return call.model if "/" in call.model else f"models/{call.model}"


def _shaped(request: LlmRequest) -> tuple[LlmRequest, str]:
    return with_answer_tool(request) if request.tools else (request, "")


def _generation(request: LlmRequest) -> Spelled:
    schema = request.output_schema
    return set_only(
        maxOutputTokens=request.max_tokens,
        temperature=request.temperature,
        topP=request.top_p,
        seed=request.seed,
        stopSequences=list(request.stop) or None,
        responseMimeType=None if schema is None else "application/json",
        responseJsonSchema=schema,
    )


def _tools(request: LlmRequest) -> Spelled:
    if not request.tools:
        return {}
    declared = [
        set_only(name=tool.name, description=tool.description or None, parametersJsonSchema=tool.parameters)
        for tool in request.tools
    ]
    tools: Spelled = {"tools": [{"functionDeclarations": declared}]}
    if request.tool_choice == "auto":
        return tools
    words: Mapping[str, Spelled] = {"required": {"mode": "ANY"}, "none": {"mode": "NONE"}}
    named = {"mode": "ANY", "allowedFunctionNames": [request.tool_choice]}
    return {**tools, "toolConfig": {"functionCallingConfig": words.get(request.tool_choice, named)}}


def _contents(request: LlmRequest) -> list[Spelled]:
    names = {call.id: call.name for message in request.messages for call in message.tool_calls}

    def spell(part: Part) -> Spelled | None:
        piece = _part(part, names)
        signature = part.opaque.get("gemini", {}).get("thoughtSignature")
        return {**piece, "thoughtSignature": signature} if piece and signature else piece

    return [
        {"role": "model" if role == "assistant" else "user", "parts": parts}
        for role, parts in turns(request, spell)
    ]


def _part(part: Part, names: Mapping[str, str]) -> Spelled | None:
    if part.type == "text":
        return {"text": part.text} if part.text or part.opaque.get("gemini") else None
    if part.type == "reasoning":
        return {"text": part.text, "thought": True} if part.opaque.get("gemini") else None
    if part.type in {"image", "document"}:
        return _media(part)
    if part.type == "tool_call":
        return {"functionCall": {"id": part.id, "name": part.name, "args": argument_object(part)}}
    said = {"error" if part.failed else "result": part.text}
    return {
        "functionResponse": {"id": part.id, "name": part.name or names.get(part.id, ""), "response": said}
    }


def _media(part: Part) -> Spelled:
    if part.type == "document" and part.text:
        return {"text": document_text(part)}
    if not part.media_type:
        raise UnsendableError(f"a part of type {part.type!r} has no media type")
    if part.url:
        return {"fileData": {"fileUri": part.url, "mimeType": part.media_type}}
    return {"inlineData": {"data": part.data, "mimeType": part.media_type}}
