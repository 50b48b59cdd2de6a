"""Cohere, as far as the suite needs it."""

from collections.abc import Mapping
from typing import Any

import attrs
from reenact.errors import ProviderError, ServerError

from pytest_reenact.conformance.chat import ChatDouble, failed, halves, named_event, only
from pytest_reenact.conformance.script import USAGE, CallNumbers, Kind, Script, Turn, refuse_unless
from pytest_reenact.conformance.server import Reply


class CohereDouble(ChatDouble):
    """Refuses what Cohere's document does not have."""

    has = frozenset(
        {
            "ids",
            "seed",
            "required",
            "none",
            "schema",
            "images",
            "image_url",
            "reasoning",
            "opaque",
            "cached",
            "cut_call",
        }
    )
    path = "/v2/chat"
    base = "/v2"
    sampling: Mapping[str, str] = {
        "max_tokens": "max_tokens",
        "temperature": "temperature",
        "p": "top_p",
        "stop_sequences": "stop",
        "seed": "seed",
    }
    required_word = "REQUIRED"

    def choice(self, body: Mapping[str, Any]) -> str:
        """Return what must be called; there are two words, in capitals."""
        refuse_unless(body.get("tool_choice") in {None, "REQUIRED", "NONE"}, "no such tool_choice")
        return {None: "auto", "REQUIRED": "required", "NONE": "none"}[body.get("tool_choice")]

    def schema(self, body: Mapping[str, Any]) -> Any:
        """Refuse a schema beside tools, and one that requires nothing."""
        wanted = body.get("response_format")
        if wanted is None:
            return None
        only(wanted, "type", "json_schema")
        refuse_unless("tools" not in body, "a schema beside tools")
        refuse_unless(
            wanted["type"] == "json_object" and wanted["json_schema"]["required"], "nothing is required"
        )
        return wanted["json_schema"]

    def turn(self, message: Mapping[str, Any], numbers: CallNumbers) -> Turn:
        """Return one message; the plan is the text beside the calls."""
        refuse_unless("tool_plan" not in message or message.get("tool_calls"), "a plan without calls")
        plan = (message["tool_plan"],) if "tool_plan" in message else ()
        turn = super().turn(message, numbers)
        refuse_unless(not (turn.calls and turn.texts), "text beside calls that is no plan")
        return attrs.evolve(turn, texts=turn.texts + plan)

    def media(self, part: Mapping[str, Any]) -> str:
        """Take thinking, too."""
        return "" if part["type"] == "thinking" else super().media(part)

    def opaque(self, parts: list[dict[str, Any]]) -> tuple[str, ...]:
        """Return the thinking that came back."""
        return tuple(part["thinking"] for part in parts if part["type"] == "thinking")

    def usage(self) -> dict[str, Any]:
        """Return usage, in floats."""
        tokens = {
            "input_tokens": float(USAGE.input_tokens or 0),
            "output_tokens": float(USAGE.output_tokens or 0),
        }
        return {
            "billed_units": {"input_tokens": 7.0},
            "tokens": tokens,
            "cached_tokens": float(USAGE.cached_tokens),
        }

    def reason(self, script: Script) -> str:
        """Return why an answer ended."""
        if script.finish == "length":
            return "MAX_TOKENS"
        return "TOOL_CALL" if script.calls else "COMPLETE"

    def whole(self, script: Script) -> dict[str, Any]:
        """Return an answer in one piece."""
        content = [{"type": "thinking", "thinking": script.reasoning}] if script.reasoning else []
        calls = self.calls(script)
        message: dict[str, Any] = {"role": "assistant"}
        if calls:
            message |= {"tool_calls": calls} | ({"tool_plan": script.text} if script.text else {})
        else:
            content.append({"type": "text", "text": script.text})
        if content:
            message["content"] = content
        return {"id": "c-1", "message": message, "finish_reason": self.reason(script), "usage": self.usage()}

    def stream(self, script: Script) -> list[bytes]:
        """Return an answer as a stream."""
        calls = self.calls(script)
        start = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
        events: list[dict[str, Any]] = [{"type": "message-start", "id": "c-1", "delta": {"message": start}}]
        events += content(0, "thinking", script.reasoning) if script.reasoning else []
        if calls:
            events += [
                {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": p}}}
                for p in halves(script.text)
            ]
        else:
            events += content(1, "text", script.text)
        for index, call in enumerate(calls):
            events += call_events(index, call)
        end = {"finish_reason": self.reason(script), "usage": self.usage()}
        return [named_event(event) for event in [*events, {"type": "message-end", "id": "c-1", "delta": end}]]

    def failure(self, kind: Kind, message: str) -> Reply:
        """Return how Cohere says that something is wrong."""
        told = f"too many tokens: {message}" if kind == "context" else message
        return failed(STATUSES[kind], {"id": "e-1", "message": told})

    def stream_failure(self) -> tuple[list[bytes], type[ProviderError]]:
        """Return a stream that ends in an error."""
        good = self.stream(Script(text="Once upon a time"))[:3]
        end = {"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "boom"}}
        return [*good, named_event(end)], ServerError


def content(index: int, kind: str, text: str) -> list[dict[str, Any]]:
    """Return the events of a piece of content."""
    start = {
        "type": "content-start",
        "index": index,
        "delta": {"message": {"content": {"type": kind, kind: ""}}},
    }
    deltas = [
        {"type": "content-delta", "index": index, "delta": {"message": {"content": {kind: piece}}}}
        for piece in halves(text)
    ]
    return [start, *deltas, {"type": "content-end", "index": index}]


def call_events(index: int, call: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the events of a call."""
    function = call["function"]
    start = {**call, "function": {"name": function["name"], "arguments": ""}}
    pieces: list[dict[str, Any]] = [
        {"function": {"arguments": piece}} for piece in halves(function["arguments"])
    ]
    spelled = [("tool-call-start", start), *(("tool-call-delta", piece) for piece in pieces)]
    events = [
        {"type": kind, "index": index, "delta": {"message": {"tool_calls": said}}} for kind, said in spelled
    ]
    return [*events, {"type": "tool-call-end", "index": index}]


STATUSES: Mapping[Kind, int] = {
    "authentication": 401,
    "forbidden": 403,
    "not_found": 404,
    "bad_request": 422,
    "context": 400,
    "filter": 498,
    "rate": 429,
    "quota": 402,
    "overloaded": 503,
    "server": 500,
    "timeout": 504,
}
