"""A double of a server that speaks the chat format; vendors' doubles say how theirs differs.

It is written against the vendors' documents and shares no code with the providers.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

from reenact.errors import ProviderError, ServerError
from reenact.seams import Offer, Provider

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
    joined,
    refuse_unless,
)
from pytest_reenact.conformance.server import Received, Reply

JSON = {"content-type": "application/json"}
MOST_STOPS = 5


def event(value: Any) -> bytes:
    """Return an event without a name."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"data: {text}\n\n".encode()


def named_event(value: Mapping[str, Any]) -> bytes:
    """Return an event named for its type."""
    return b"event: " + str(value["type"]).encode() + b"\n" + event(value)


def failed(status: int, body: Any, **headers: str) -> Reply:
    """Return a failure with a body in JSON."""
    return Reply(status=status, headers={**JSON, **headers}, pieces=(json.dumps(body).encode(),))


def part_of(content: Any) -> list[dict[str, Any]]:
    """Return a message's content as parts, as the chat format has it."""
    if content is None:
        return []
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    refuse_unless(isinstance(content, list) and content, "content is neither text nor a list of parts")
    return list(content)


def in_base64(url: str) -> str:
    """Return the data of a data URL, or the address as it is."""
    if not url.startswith("data:"):
        return url
    head, _, data = url.partition(",")
    refuse_unless(head.endswith(";base64") and "/" in head, "a data URL without media type or base64")
    return data


def only(value: Mapping[str, Any], *allowed: str) -> None:
    """Refuse fields that the vendor does not know."""
    unknown = set(value) - set(allowed)
    refuse_unless(not unknown, f"unknown fields {sorted(unknown)}")


class ChatDouble:
    """A server that speaks the chat format.

    Args:
        offer: The provider that is tested.
    """

    framing: Literal["sse", "ndjson"] = "sse"
    has: frozenset[str] = frozenset()
    path = "/v1/chat/completions"
    base = "/v1"
    key_header, key_scheme = "authorization", "Bearer "
    sampling: Mapping[str, str] = {"temperature": "temperature", "top_p": "top_p"}
    required_word = "required"
    more_fields: tuple[str, ...] = ()
    system_roles = frozenset({"system"})

    def __init__(self, offer: Offer[Provider]) -> None:
        self.offer = offer

    def table(self, url: str) -> dict[str, Any]:
        """Return the TOML table."""
        return {"base_url": url + self.base, "key": {"env": KEY_ENV}}

    # --- what comes ----------------------------------------------------------------------------

    def see(self, received: Received) -> Seen:
        """Return what the model sees of a request."""
        self.check_head(received)
        body = received.json
        fields = ("model", "messages", "stream", "tools", "tool_choice", "response_format", "of_the_vendor")
        only(body, *fields, *self.sampling, *self.more_fields)
        turns, system = self.turns(body["messages"])
        return Seen(
            model=body["model"],
            system=system,
            turns=joined(turns),
            tools=self.tools(body),
            choice=self.choice(body),
            schema=self.schema(body),
            sampling=self.sampled(body),
            stream=body.get("stream", False),
        )

    def check_head(self, received: Received) -> None:
        """Refuse another endpoint, another key."""
        refuse_unless(received.target.split("?")[0] == self.path, f"no endpoint {received.target}")
        refuse_unless(received.headers.get(self.key_header) == self.key_scheme + KEY, "not the key")

    def sampled(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return limits and sampling by their neutral names."""
        found = {neutral: body[name] for name, neutral in self.sampling.items() if name in body}
        if "stop" in found:
            refuse_unless(
                isinstance(found["stop"], list) and 0 < len(found["stop"]) <= MOST_STOPS, "stop is no list"
            )
            found["stop"] = tuple(found["stop"])
        return found

    def tools(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the tools on offer."""
        refuse_unless(body.get("tools") != [], "tools is empty")
        found = {}
        for tool in body.get("tools", ()):
            only(tool, "type", "function")
            only(tool["function"], "name", "description", "parameters", "strict")
            refuse_unless(tool["type"] == "function", "a tool that is no function")
            found[tool["function"]["name"]] = tool["function"]["parameters"]
        return found

    def choice(self, body: Mapping[str, Any]) -> str:
        """Return what must be called."""
        if "tool_choice" not in body:
            return "auto"
        refuse_unless("tools" in body, "tool_choice without tools")
        choice = body["tool_choice"]
        if isinstance(choice, dict):
            only(choice, "type", "function")
            return str(choice["function"]["name"])
        refuse_unless(choice in {"auto", "none", self.required_word}, f"no such tool_choice {choice!r}")
        return "required" if choice == self.required_word else str(choice)

    def schema(self, body: Mapping[str, Any]) -> Any:
        """Return what the answer must fit."""
        if "response_format" not in body:
            return None
        wanted = body["response_format"]
        only(wanted, "type", "json_schema")
        only(wanted["json_schema"], "name", "schema", "strict")
        refuse_unless(wanted["type"] == "json_schema", "no such response_format")
        return wanted["json_schema"]["schema"]

    def turns(self, messages: list[dict[str, Any]]) -> tuple[list[Turn], str]:
        """Return the conversation and what the system says."""
        numbers, turns, system = CallNumbers(), [], ""
        for message in messages:
            role = message["role"]
            if role in self.system_roles:
                system += "".join(part["text"] for part in part_of(message["content"]))
            elif role == "tool":
                turns.append(self.result(message, numbers))
            else:
                numbers.all_answered()
                refuse_unless(role in {"user", "assistant"}, f"no such role {role!r}")
                turns.append(self.turn(message, numbers))
        return turns, system

    def turn(self, message: Mapping[str, Any], numbers: CallNumbers) -> Turn:
        """Return one message of the user or the assistant."""
        only(
            message,
            "role",
            "content",
            *(("tool_calls", "tool_plan") if message["role"] == "assistant" else ()),
        )
        parts = part_of(message.get("content"))
        refuse_unless(parts or message.get("tool_calls"), "a message with neither content nor calls")
        return Turn(
            role=message["role"],
            texts=tuple(part["text"] for part in parts if part["type"] == "text" and part["text"]),
            media=tuple(media for part in parts if (media := self.media(part))),
            calls=tuple(self.call(call, numbers) for call in message.get("tool_calls", ())),
            opaque=self.opaque(parts),
        )

    def opaque(self, parts: list[dict[str, Any]]) -> tuple[str, ...]:
        """Return what the vendor had asked to get back."""
        return tuple(part["of_the_vendor"] for part in parts if "of_the_vendor" in part)

    def media(self, part: Mapping[str, Any]) -> str:
        """Return an image or document; nothing for text."""
        if part["type"] == "image_url":
            only(part, "type", "image_url")
            return in_base64(part["image_url"]["url"])
        refuse_unless(part["type"] == "text", f"no such part {part['type']!r}")
        return ""

    def call(self, call: Mapping[str, Any], numbers: CallNumbers) -> tuple[int, str, Any]:
        """Return a tool call."""
        only(call, "id", "type", "function")
        only(call["function"], "name", "arguments")
        refuse_unless(
            call["type"] == "function" and isinstance(call["function"]["arguments"], str), "no such call"
        )
        self.check_id(call["id"])
        text = call["function"]["arguments"]
        try:
            arguments = json.loads(text)
        except ValueError:
            arguments = text
        return numbers.called(call["id"]), call["function"]["name"], arguments

    def check_id(self, id: str) -> None:  # noqa: A002  # it is one
        """Refuse ids the vendor does not take."""
        refuse_unless(isinstance(id, str) and id, "a call without an id")

    def result(self, message: Mapping[str, Any], numbers: CallNumbers) -> Turn:
        """Return what a tool said."""
        only(message, "role", "tool_call_id", "content", "name")
        self.check_id(message["tool_call_id"])
        text = "".join(part["text"] for part in part_of(message["content"]))
        return Turn(role="user", results=((numbers.answered(message["tool_call_id"]), text),))

    # --- what goes -----------------------------------------------------------------------------

    def usage(self) -> dict[str, Any]:
        """Return what every answer uses."""
        return {
            "prompt_tokens": USAGE.input_tokens,
            "completion_tokens": USAGE.output_tokens,
            "total_tokens": 34,
            "prompt_tokens_details": {"cached_tokens": USAGE.cached_tokens},
            "completion_tokens_details": {"reasoning_tokens": USAGE.reasoning_tokens},
        }

    def reason(self, script: Script) -> str:
        """Return why an answer ended, in the vendor's word."""
        if script.finish == "stop" and script.calls:
            return "tool_calls"
        return {"refusal": "stop"}.get(script.finish, script.finish)

    def calls(self, script: Script) -> list[dict[str, Any]]:
        """Return the calls of an answer."""
        texts = [(call.id, call.name, json.dumps(call.arguments)) for call in script.calls]
        texts += [("call_cut01", "find_parcel", script.cut_call)] if script.cut_call else []
        return [
            {"id": id_, "type": "function", "function": {"name": name, "arguments": text}}
            for id_, name, text in texts
        ]

    def message(self, script: Script) -> dict[str, Any]:
        """Return the message of an answer in one piece."""
        message: dict[str, Any] = {
            "role": "assistant",
            "content": script.text or None,
            "refusal": script.refusal or None,
        }
        if script.reasoning:
            message["reasoning_content"] = script.reasoning
        return {**message, "tool_calls": calls} if (calls := self.calls(script)) else message

    def answer(self, kind: str, choices: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        """Return what an answer and the messages of a stream have in common."""
        return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": MODEL, "choices": choices, **more}

    def whole(self, script: Script) -> dict[str, Any]:
        """Return an answer in one piece."""
        choice = {
            "index": 0,
            "message": self.message(script),
            "finish_reason": self.reason(script),
            "logprobs": None,
        }
        return self.answer("chat.completion", [choice], usage=self.usage(), system_fingerprint="fp_1")

    def stream(self, script: Script) -> list[bytes]:
        """Return an answer as a stream."""
        chunks = [self.chunk({"role": "assistant", "content": ""})]
        chunks += [self.chunk({"reasoning_content": piece}) for piece in halves(script.reasoning)]
        chunks += [self.chunk({"content": piece}) for piece in halves(script.text)]
        chunks += [self.chunk({"refusal": piece}) for piece in halves(script.refusal)]
        chunks += [self.chunk({"tool_calls": [delta]}) for delta in self.call_deltas(script)]
        chunks += [
            self.chunk({}, self.reason(script)),
            self.answer("chat.completion.chunk", [], usage=self.usage()),
        ]
        return [*(event(chunk) for chunk in chunks), event("[DONE]")]

    def chunk(self, delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        """Return one message of a stream."""
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return self.answer("chat.completion.chunk", [choice], usage=None)

    def call_deltas(self, script: Script) -> list[dict[str, Any]]:
        """Return the calls of an answer as they grow."""
        deltas: list[dict[str, Any]] = []
        for index, call in enumerate(self.calls(script)):
            function = call["function"]
            deltas.append({"index": index, **call, "function": {"name": function["name"], "arguments": ""}})
            deltas += [
                {"index": index, "function": {"arguments": piece}} for piece in halves(function["arguments"])
            ]
        return deltas

    def failure(self, kind: Kind, message: str) -> Reply:
        """Return how the vendor says that something is wrong."""
        status, type_, code = FAILURES[kind]
        return failed(status, {"error": {"message": message, "type": type_, "param": None, "code": code}})

    def stream_failure(self) -> tuple[list[bytes], type[ProviderError]]:
        """Return a stream that ends in an error."""
        good = self.stream(Script(text="Once upon a time"))[:2]
        return [
            *good,
            event({"error": {"message": "boom", "type": "server_error", "code": None}}),
        ], ServerError


FAILURES: Mapping[Kind, tuple[int, str, str | None]] = {
    "authentication": (401, "invalid_request_error", "invalid_api_key"),
    "forbidden": (403, "invalid_request_error", None),
    "not_found": (404, "invalid_request_error", "model_not_found"),
    "bad_request": (400, "invalid_request_error", "unsupported_parameter"),
    "context": (400, "invalid_request_error", "context_length_exceeded"),
    "filter": (400, "invalid_request_error", "content_policy_violation"),
    "rate": (429, "requests", "rate_limit_exceeded"),
    "quota": (429, "insufficient_quota", "insufficient_quota"),
    "overloaded": (503, "server_error", None),
    "server": (500, "server_error", None),
    "timeout": (504, "server_error", None),
}


def halves(text: str) -> list[str]:
    """Return a text in two pieces; nothing for no text."""
    return [piece for piece in (text[: len(text) // 2], text[len(text) // 2 :]) if piece]
