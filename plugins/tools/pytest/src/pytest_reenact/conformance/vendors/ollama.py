"""Ollama, as far as the suite needs it."""

import json
from collections.abc import Mapping
from typing import Any, Literal

from reenact.errors import ProviderError, ServerError

from pytest_reenact.conformance.chat import ChatDouble, failed, halves, only
from pytest_reenact.conformance.script import (
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


class OllamaDouble(ChatDouble):
    """Refuses what Ollama would drop in silence."""

    framing: Literal["ndjson"] = "ndjson"
    has = frozenset({"ids", "seed", "schema", "images", "reasoning", "opaque", "model"})
    path = "/api/chat"
    base = ""
    sampling: Mapping[str, str] = {
        "num_predict": "max_tokens",
        "temperature": "temperature",
        "top_p": "top_p",
        "stop": "stop",
        "seed": "seed",
    }

    def see(self, received: Received) -> Seen:
        """Return what the model sees of a request."""
        self.check_head(received)
        body = received.json
        only(body, "model", "messages", "stream", "tools", "format", "options", "keep_alive", "of_the_vendor")
        only(body.get("options", {}), *self.sampling)
        numbers, turns, system = CallNumbers(), [], ""
        for message in body["messages"]:
            only(message, "role", "content", "images", "tool_calls", "tool_name", "tool_call_id", "thinking")
            if message["role"] == "system":
                system += message["content"]
            else:
                turns.append(self.read(message, numbers))
        return Seen(
            model=body["model"],
            system=system,
            turns=joined(turns),
            tools=self.tools(body),
            schema=body.get("format"),
            sampling=self.sampled(body.get("options", {})),
            stream=body["stream"],
        )

    def read(self, message: Mapping[str, Any], numbers: CallNumbers) -> Turn:
        """Return one message."""
        if message["role"] == "tool":
            refuse_unless(message["tool_name"], "a result without the tool's name")
            return Turn(
                role="user", results=((numbers.answered(message["tool_call_id"]), message["content"]),)
            )
        numbers.all_answered()
        refuse_unless(isinstance(message["content"], str), "content is no text")
        calls = [(numbers.called(call["id"]), call["function"]) for call in message.get("tool_calls", ())]
        refuse_unless(
            all(isinstance(function["arguments"], dict) for _, function in calls), "arguments are no object"
        )
        return Turn(
            role=message["role"],
            texts=(message["content"],) if message["content"] else (),
            media=tuple(message.get("images", ())),
            calls=tuple((number, function["name"], function["arguments"]) for number, function in calls),
            opaque=(message["thinking"],) if "thinking" in message else (),
        )

    def whole(self, script: Script) -> dict[str, Any]:
        """Return an answer in one piece."""
        message = {"role": "assistant", "content": script.text}
        if script.reasoning:
            message["thinking"] = script.reasoning
        calls = self.calls(script)
        return self.line({**message, "tool_calls": calls} if calls else message, done=script)

    def calls(self, script: Script) -> list[dict[str, Any]]:
        """Return the calls of an answer, arguments decoded."""
        return [
            {"id": call.id, "function": {"index": index, "name": call.name, "arguments": call.arguments}}
            for index, call in enumerate(script.calls)
        ]

    def line(self, message: Mapping[str, Any], done: Script | None = None) -> dict[str, Any]:
        """Return one line of a stream."""
        line = {
            "model": MODEL,
            "created_at": "2026-11-23T12:00:00Z",
            "message": message,
            "done": done is not None,
        }
        if done is None:
            return line
        counts = {
            "prompt_eval_count": USAGE.input_tokens,
            "eval_count": USAGE.output_tokens,
            "eval_duration": 7,
        }
        return {**line, "done_reason": "length" if done.finish == "length" else "stop", **counts}

    def stream(self, script: Script) -> list[bytes]:
        """Return an answer as lines."""
        said = {"role": "assistant"}
        lines = [self.line({**said, "content": "", "thinking": piece}) for piece in halves(script.reasoning)]
        lines += [self.line({**said, "content": piece}) for piece in halves(script.text)]
        lines += [self.line({**said, "content": "", "tool_calls": [call]}) for call in self.calls(script)]
        lines += [self.line({**said, "content": ""}, done=script)]
        return [json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines]

    def failure(self, kind: Kind, message: str) -> Reply:
        """Return how Ollama says that something is wrong: hardly at all."""
        status = {"bad_request": 400, "not_found": 404, "rate": 429, "server": 500, "overloaded": 503}.get(
            kind, 0
        )
        return failed(status, {"error": message}) if status else Reply(status=0)

    def stream_failure(self) -> tuple[list[bytes], type[ProviderError]]:
        """Return a stream that ends in an error."""
        good = self.stream(Script(text="Once upon a time"))[:1]
        return [*good, b'{"error":"an unknown error was encountered while running the model"}\n'], ServerError
