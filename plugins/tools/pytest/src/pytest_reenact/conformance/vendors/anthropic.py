"""Anthropic, as far as the suite needs it."""

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from reenact.errors import OverloadedError, ProviderError
from reenact.seams import Offer, Provider

from pytest_reenact.conformance.chat import failed, halves, named_event, only
from pytest_reenact.conformance.script import (
    KEY,
    KEY_ENV,
    MODEL,
    USAGE,
    CallNumbers,
    Kind,
    Script,
    Seen,
    Turn,
    refuse_unless,
)
from pytest_reenact.conformance.server import Received, Reply

SIGNATURE = "c2lnbmF0dXJl"
FIELDS = (
    "model messages max_tokens system tools tool_choice output_config temperature top_p stop_sequences stream"
)
SAMPLING = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "stop_sequences": "stop",
}


class AnthropicDouble:
    """Refuses what Anthropic's types do not have."""

    framing: Literal["sse"] = "sse"
    has = frozenset(
        {
            "ids",
            "choice",
            "required",
            "none",
            "schema",
            "images",
            "image_url",
            "documents",
            "refusal",
            "reasoning",
        }
        | {"counts", "opaque", "cached", "reasoning_tokens", "cut_call", "model"}
    )

    def __init__(self, offer: Offer[Provider]) -> None:
        self.offer = offer

    def table(self, url: str) -> dict[str, Any]:
        """Return the TOML table."""
        return {"base_url": url + "/v1", "key": {"env": KEY_ENV}}

    # --- what comes ----------------------------------------------------------------------------

    def see(self, received: Received) -> Seen:
        """Return what the model sees of a request."""
        refuse_unless(received.target == "/v1/messages", f"no endpoint {received.target}")
        refuse_unless(received.headers.get("x-api-key") == KEY, "not the key")
        refuse_unless(received.headers.get("anthropic-version") == "2023-06-01", "no such version")
        body = received.json
        only(body, *FIELDS.split(), "of_the_vendor")
        refuse_unless(isinstance(body.get("max_tokens"), int), "max_tokens: field required")
        sampling = {neutral: body[name] for name, neutral in SAMPLING.items() if name in body}
        if "stop" in sampling:
            sampling["stop"] = tuple(sampling["stop"])
        return Seen(
            model=body["model"],
            system=body.get("system", ""),
            turns=self.turns(body["messages"]),
            tools=self.tools(body),
            choice=self.choice(body),
            schema=self.schema(body),
            sampling=sampling,
            stream=body.get("stream", False),
        )

    def see_count(self, received: Received) -> Seen:
        """Return what the model would see of what is to be counted."""
        refuse_unless(received.target == "/v1/messages/count_tokens", f"no endpoint {received.target}")
        refuse_unless(received.headers.get("x-api-key") == KEY, "not the key")
        body = received.json
        only(body, "model", "messages", "system", "tools", "tool_choice", "thinking", "output_config")
        return Seen(model=body["model"], turns=self.turns(body["messages"]), tools=self.tools(body))

    def count(self, tokens: int) -> Reply:
        """Return how Anthropic says a number of tokens."""
        return failed(200, {"input_tokens": tokens})

    def tools(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the tools on offer."""
        for tool in body.get("tools", ()):
            only(tool, "name", "description", "input_schema")
            refuse_unless(tool["input_schema"]["type"] == "object", "input_schema is no object")
        return {tool["name"]: tool["input_schema"] for tool in body.get("tools", ())}

    def choice(self, body: Mapping[str, Any]) -> str:
        """Return what must be called."""
        choice = body.get("tool_choice", {"type": "auto"})
        refuse_unless("tools" in body or "tool_choice" not in body, "tool_choice without tools")
        return str({"any": "required", "tool": choice.get("name")}.get(choice["type"], choice["type"]))

    def schema(self, body: Mapping[str, Any]) -> Any:
        """Return what the answer must fit."""
        if "output_config" not in body:
            return None
        only(body["output_config"]["format"], "type", "schema")
        refuse_unless(
            body["output_config"]["format"]["schema"]["additionalProperties"] is False, "an open object"
        )
        return body["output_config"]["format"]["schema"]

    def turns(self, messages: list[dict[str, Any]]) -> tuple[Turn, ...]:
        """Return the conversation."""
        numbers = CallNumbers()
        turns: list[Turn] = []
        for message in messages:
            only(message, "role", "content")
            refuse_unless(message["role"] in {"user", "assistant"}, "no such role")
            refuse_unless(not turns or turns[-1].role != message["role"], "two turns of one role")
            turns.append(self.turn(message["role"], message["content"], numbers))
        return tuple(turns)

    def turn(self, role: str, blocks: list[dict[str, Any]], numbers: CallNumbers) -> Turn:
        """Return one turn."""
        refuse_unless(isinstance(blocks, list) and blocks, "content is empty")
        kinds = [block["type"] for block in blocks]
        refuse_unless(kinds == sorted(kinds, key=lambda kind: kind != "tool_result"), "results are not first")
        results = [self.result(block, numbers) for block in blocks if block["type"] == "tool_result"]
        numbers.all_answered()
        calls = [self.call(block, numbers) for block in blocks if block["type"] == "tool_use"]
        texts = [block for block in blocks if block["type"] == "text"]
        refuse_unless(all(block["text"] for block in texts), "text content blocks must be non-empty")
        told = [block["source"]["data"] + block.get("title", "") for block in blocks if _is_text(block)]
        media = [
            block["source"]
            for block in blocks
            if block["type"] in {"image", "document"} and not _is_text(block)
        ]
        return Turn(
            role=role,
            texts=(*(block["text"] for block in texts), *told),
            media=tuple(source["url"] if source["type"] == "url" else source["data"] for source in media),
            calls=tuple(calls),
            results=tuple(results),
            opaque=tuple(self.thought(block) for block in blocks if block["type"].endswith("thinking")),
        )

    def thought(self, block: Mapping[str, Any]) -> str:
        """Refuse thinking that is not as it came."""
        refuse_unless(
            block == {"type": "thinking", "thinking": "Let me see.", "signature": SIGNATURE},
            "changed thinking",
        )
        return str(block["signature"])

    def call(self, block: Mapping[str, Any], numbers: CallNumbers) -> tuple[int, str, Any]:
        """Return a call."""
        only(block, "type", "id", "name", "input")
        refuse_unless(re.fullmatch("[a-zA-Z0-9_-]+", block["id"], re.ASCII), "an id with other characters")
        refuse_unless(isinstance(block["input"], dict), "input is no object")
        return numbers.called(block["id"]), block["name"], block["input"]

    def result(self, block: Mapping[str, Any], numbers: CallNumbers) -> tuple[int, str]:
        """Return what a tool said."""
        only(block, "type", "tool_use_id", "content", "is_error")
        return numbers.answered(block["tool_use_id"]), block.get("content", "")

    # --- what goes -----------------------------------------------------------------------------

    def usage(self) -> dict[str, Any]:
        """Return what every answer uses; the cache stands beside the input."""
        return {
            "input_tokens": (USAGE.input_tokens or 0) - USAGE.cached_tokens,
            "cache_read_input_tokens": USAGE.cached_tokens,
            "cache_creation_input_tokens": 0,
            "output_tokens": USAGE.output_tokens,
            "output_tokens_details": {"thinking_tokens": USAGE.reasoning_tokens},
        }

    def reason(self, script: Script) -> str:
        """Return why an answer ended."""
        if script.finish == "stop" and script.calls:
            return "tool_use"
        return {"stop": "end_turn", "length": "max_tokens"}.get(script.finish, script.finish)

    def blocks(self, script: Script) -> list[dict[str, Any]]:
        """Return the blocks of an answer."""
        blocks: list[dict[str, Any]] = []
        if script.reasoning:
            blocks.append({"type": "thinking", "thinking": script.reasoning, "signature": SIGNATURE})
        if script.text:
            blocks.append({"type": "text", "text": script.text, "citations": None})
        blocks += [
            {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments}
            for call in script.calls
        ]
        return blocks

    def message(self, **more: Any) -> dict[str, Any]:
        """Return what an answer and the beginning of a stream have in common."""
        empty: dict[str, Any] = {"content": [], "stop_reason": None, "stop_sequence": None}
        return {"id": "msg_1", "type": "message", "role": "assistant", "model": MODEL, **empty, **more}

    def whole(self, script: Script) -> dict[str, Any]:
        """Return an answer in one piece; the vendor gives a call that was cut as far as it could be read."""
        blocks = self.blocks(script)
        if script.cut_call:
            blocks.append({"type": "tool_use", "id": "call_cut01", "name": "find_parcel", "input": {}})
        details = {"explanation": script.refusal} if script.refusal else None
        return self.message(
            content=blocks, stop_reason=self.reason(script), stop_details=details, usage=self.usage()
        )

    def stream(self, script: Script) -> list[bytes]:
        """Return an answer as a stream."""
        begun = {
            "input_tokens": self.usage()["input_tokens"],
            "cache_read_input_tokens": 5,
            "output_tokens": 1,
        }
        events: list[dict[str, Any]] = [
            {"type": "message_start", "message": self.message(usage=begun)},
            {"type": "ping"},
        ]
        blocks = self.blocks(script)
        for index, block in enumerate(blocks):
            events += block_events(index, block)
        if script.cut_call:
            cut = {"type": "tool_use", "id": "call_cut01", "name": "find_parcel", "input": {}}
            events += [{"type": "content_block_start", "index": len(blocks), "content_block": cut}]
            events += deltas(len(blocks), "input_json_delta", "partial_json", script.cut_call)
        details = {"explanation": script.refusal} if script.refusal else None
        delta = {"stop_reason": self.reason(script), "stop_sequence": None, "stop_details": details}
        events += [{"type": "message_delta", "delta": delta, "usage": self.usage()}, {"type": "message_stop"}]
        return [named_event(event) for event in events]

    def failure(self, kind: Kind, message: str) -> Reply:
        """Return how Anthropic says that something is wrong."""
        if kind == "filter":
            return Reply(status=0)
        status, type_ = FAILURES[kind]
        told = f"prompt is too long: {message}" if kind == "context" else message
        error = {
            "type": type_,
            "message": told,
            **({"details": {"error_code": "enforced_spend_limit_reached"}} if kind == "quota" else {}),
        }
        return failed(
            status, {"type": "error", "error": error, "request_id": "req_1"}, **{"request-id": "req_1"}
        )

    def stream_failure(self) -> tuple[list[bytes], type[ProviderError]]:
        """Return a stream that ends in an error."""
        good = self.stream(Script(text="Once upon a time"))[:4]
        error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
        return [*good, named_event(error)], OverloadedError


def _is_text(block: Mapping[str, Any]) -> bool:
    return bool(block["type"] == "document" and block["source"]["type"] == "text")


def deltas(index: int, kind: str, field: str, text: str) -> list[dict[str, Any]]:
    """Return the pieces of a block."""
    return [
        {"type": "content_block_delta", "index": index, "delta": {"type": kind, field: piece}}
        for piece in halves(text)
    ]


def block_events(index: int, block: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the events of a block."""
    if block["type"] == "text":
        start, pieces = {**block, "text": ""}, deltas(index, "text_delta", "text", block["text"])
    elif block["type"] == "thinking":
        start = {"type": "thinking", "thinking": "", "signature": ""}
        pieces = deltas(index, "thinking_delta", "thinking", block["thinking"])
        signed = {"type": "signature_delta", "signature": block["signature"]}
        pieces += [{"type": "content_block_delta", "index": index, "delta": signed}]
    else:
        start = {**block, "input": {}}
        pieces = deltas(
            index, "input_json_delta", "partial_json", json.dumps(block["input"]) if block["input"] else ""
        )
    begin = {"type": "content_block_start", "index": index, "content_block": start}
    return [begin, *pieces, {"type": "content_block_stop", "index": index}]


FAILURES: Mapping[str, tuple[int, str]] = {
    "authentication": (401, "authentication_error"),
    "forbidden": (403, "permission_error"),
    "not_found": (404, "not_found_error"),
    "bad_request": (400, "invalid_request_error"),
    "context": (400, "invalid_request_error"),
    "rate": (429, "rate_limit_error"),
    "quota": (429, "rate_limit_error"),
    "overloaded": (529, "overloaded_error"),
    "server": (500, "api_error"),
    "timeout": (504, "timeout_error"),
}
