"""Cohere's chat, version 2.

Requests are nearly the chat format. What a model says before it calls tools is a field of
its own, ``tool_plan``; here it is the text beside the calls, as everywhere else. A schema
cannot be asked for together with tools; then the answer is asked for by one more tool.

https://github.com/cohere-ai/cohere-developer-experience (2026-08-20)
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import attrs
import msgspec
from reenact.llm import Finish, LlmEvent, LlmRequest, Part, Usage
from reenact_http import Assembly, Call, Frame, Reader, UnreadableError, VendorError, calls_in
from reenact_http.chat import Function, Spelled, Spelling, ToolCall, tool_fields
from reenact_http.shape import count, decode
from reenact_http.spell import merged, own_reasoning, set_only, with_answer_tool

FIXED = ("messages", "model", "stream", "tools")
"""Fields that are not the caller's to set."""


@attrs.frozen
class CohereDialect:
    """Cohere's words."""

    framing: Literal["sse"] = "sse"

    def path(self, _: Call) -> str:
        """Return the endpoint."""
        return "chat"

    def body(self, call: Call) -> dict[str, Any]:
        """Return the request."""
        request, _ = _shaped(call.request)
        body: Spelled = {
            "model": call.model,
            "messages": [_planned(message) for message in SPELLING.messages(request)],
            "stream": call.stream,
            **_tools(request),
            **_format(request.output_schema),
            **set_only(
                max_tokens=request.max_tokens,
                temperature=request.temperature,
                p=request.top_p,
                seed=request.seed,
                stop_sequences=list(request.stop) or None,
            ),
        }
        return merged(body, request.options, FIXED)

    def reader(self, call: Call) -> Reader:
        """Return what reads the answer."""
        _, answer_tool = _shaped(call.request)
        before = calls_in(call.request.messages)
        return CohereReader(Assembly("cohere", calls_before=before, answer_tool=answer_tool))


def _shaped(request: LlmRequest) -> tuple[LlmRequest, str]:
    return with_answer_tool(request) if request.tools else (request, "")


def _tools(request: LlmRequest) -> Spelled:
    """Return the fields that offer tools; a certain one is asked for by offering no other."""
    choice = request.tool_choice
    if not request.tools or choice == "auto":
        return tool_fields(request)
    if choice not in {"required", "none"}:
        request = attrs.evolve(request, tools=tuple(tool for tool in request.tools if tool.name == choice))
    spelled = tool_fields(attrs.evolve(request, tool_choice="auto"))
    return {**spelled, "tool_choice": "NONE" if choice == "none" else "REQUIRED"}


def _format(schema: Mapping[str, Any] | None) -> Spelled:
    if schema is None:
        return {}
    required = {"required": list(schema.get("required") or schema.get("properties") or ())}
    return {"response_format": {"type": "json_object", "json_schema": {**schema, **required}}}


def _thinking(part: Part) -> Spelled | None:
    text = own_reasoning(part, "cohere")
    return {"type": "thinking", "thinking": text} if text else None


SPELLING = Spelling(reasoning=_thinking)


def _planned(message: Spelled) -> Spelled:
    """Return an assistant's message with the text beside its calls as their plan."""
    content = message.get("content")
    if "tool_calls" not in message or not content:
        return message
    pieces = [{"type": "text", "text": content}] if isinstance(content, str) else content
    rest = [piece for piece in pieces if piece["type"] != "text"]
    plan = "".join(piece["text"] for piece in pieces if piece["type"] == "text")
    bare = {key: value for key, value in message.items() if key != "content"}
    return {**bare, **set_only(tool_plan=plan or None, content=rest or None)}


class Content(msgspec.Struct):
    """A piece of content."""

    type: str | None = None
    text: str | None = None
    thinking: str | None = None


class CohereMessage(msgspec.Struct):
    """A message."""

    content: list[Content] | str | None = None
    tool_plan: str | None = None
    tool_calls: list[ToolCall] | None = None


class Tokens(msgspec.Struct):
    """Numbers of tokens, as floats."""

    input_tokens: float | None = None
    output_tokens: float | None = None


class CohereUsage(msgspec.Struct):
    """What was used. What is billed is less, and another number."""

    tokens: Tokens | None = None
    billed_units: Tokens | None = None
    cached_tokens: float | None = None

    def neutral(self) -> Usage:
        """Return it as the kernel counts."""
        tokens, billed = self.tokens or Tokens(), self.billed_units or Tokens()
        return Usage(
            input_tokens=count(tokens.input_tokens),
            output_tokens=count(tokens.output_tokens),
            cached_tokens=count(self.cached_tokens) or 0,
            billed_input_tokens=count(billed.input_tokens),
            billed_output_tokens=count(billed.output_tokens),
        )


class CohereAnswer(msgspec.Struct):
    """A whole answer."""

    message: CohereMessage
    id: str | None = None
    finish_reason: str | None = None
    usage: CohereUsage | None = None


class MessageDelta(msgspec.Struct):
    """More of a message: one piece of one thing."""

    content: Content | list[Content] | None = None
    tool_plan: str | None = None
    tool_calls: ToolCall | list[ToolCall] | None = None


class Delta(msgspec.Struct):
    """More of an answer."""

    message: MessageDelta | None = None
    finish_reason: str | None = None
    usage: CohereUsage | None = None
    error: str | None = None


class StreamEvent(msgspec.Struct):
    """One event of a stream."""

    type: str = ""
    id: str | None = None
    index: int = 0
    delta: Delta | None = None
    message: Any = None


FINISHES: Mapping[str, Finish] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
}
FAILED = frozenset({"ERROR", "TIMEOUT"})


class CohereReader:
    """Reads an answer, whole or in pieces.

    Args:
        assembly: Puts the answer together.
    """

    def __init__(self, assembly: Assembly) -> None:
        self.ended = False
        self._assembly = assembly

    def whole(self, data: bytes) -> Assembly:
        """Return what an answer that came whole says."""
        answer = decode(data, CohereAnswer)
        message, into = answer.message, self._assembly
        into.id = answer.id or ""
        content = [Content("text", message.content)] if isinstance(message.content, str) else message.content
        for piece in content or ():
            self._piece(piece)
        into.add_text(message.tool_plan or "")
        for index, call in enumerate(message.tool_calls or ()):
            self._one_call(index, call)
        self._finish(answer.finish_reason, answer.usage, data)
        return into

    def event(self, frame: Frame) -> list[LlmEvent]:
        """Return what one event of a stream adds; events that are new to us add nothing."""
        event = decode(frame.data, StreamEvent)
        delta = event.delta or Delta()
        if delta.error or delta.finish_reason in FAILED or (not event.type and event.message is not None):
            raise VendorError(frame.data)
        read = EVENTS.get(event.type)
        return read(self, event, delta) if read else []

    def end(self) -> Assembly | None:
        """Return what the stream said; None if it was cut off before its end."""
        return self._assembly if self.ended else None

    def _start(self, event: StreamEvent, _: Delta) -> list[LlmEvent]:
        self._assembly.id = event.id or ""
        return []

    def _content(self, _: StreamEvent, delta: Delta) -> list[LlmEvent]:
        content = delta.message.content if delta.message else None
        return self._piece(content) if isinstance(content, Content) else []

    def _piece(self, piece: Content) -> list[LlmEvent]:
        events = self._assembly.add_reasoning(piece.thinking) if piece.thinking else []
        self._assembly.want_reasoning_back()
        return events + self._assembly.add_text(piece.text or "")

    def _plan(self, _: StreamEvent, delta: Delta) -> list[LlmEvent]:
        return self._assembly.add_text((delta.message.tool_plan if delta.message else "") or "")

    def _call(self, event: StreamEvent, delta: Delta) -> list[LlmEvent]:
        call = delta.message.tool_calls if delta.message else None
        return self._one_call(event.index, call) if isinstance(call, ToolCall) else []

    def _one_call(self, index: int, call: ToolCall) -> list[LlmEvent]:
        function = call.function or Function()
        if isinstance(function.arguments, dict):
            raise UnreadableError("a call's arguments are no text")
        return self._assembly.add_call(
            index, id=call.id or "", name=function.name or "", piece=function.arguments or ""
        )

    def _end(self, _: StreamEvent, delta: Delta) -> list[LlmEvent]:
        self.ended = True
        return self._finish(delta.finish_reason, delta.usage, b"")

    def _finish(self, reason: str | None, usage: CohereUsage | None, data: bytes) -> list[LlmEvent]:
        if reason is None:
            raise UnreadableError("it has no finish_reason")
        if reason in FAILED:
            raise VendorError(data)
        # A word that is new to us says that the answer has ended, and no more.
        self._assembly.finish = FINISHES.get(reason, "stop")
        return self._assembly.add_usage(usage.neutral()) if usage else []


# A table of the class and not of each reader: bound methods would make a cycle of every answer.
EVENTS: Mapping[str, Callable[[CohereReader, StreamEvent, Delta], list[LlmEvent]]] = {
    "message-start": CohereReader._start,
    "content-start": CohereReader._content,
    "content-delta": CohereReader._content,
    "tool-plan-delta": CohereReader._plan,
    "tool-call-start": CohereReader._call,
    "tool-call-delta": CohereReader._call,
    "message-end": CohereReader._end,
}
