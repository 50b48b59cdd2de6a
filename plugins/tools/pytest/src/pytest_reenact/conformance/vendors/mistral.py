"""Mistral, as far as the suite needs it."""

import re
from collections.abc import Mapping
from typing import Any

from pytest_reenact.conformance.chat import ChatDouble, event, failed, halves, in_base64, only
from pytest_reenact.conformance.script import Kind, Script, ScriptedCall, refuse_unless
from pytest_reenact.conformance.server import Reply


class MistralDouble(ChatDouble):
    """Refuses what Mistral's document does not have, and ids that are not nine characters."""

    has = frozenset(
        {
            "seed",
            "choice",
            "required",
            "none",
            "schema",
            "images",
            "image_url",
            "documents",
            "reasoning",
            "opaque",
        }
        | {"cached", "cut_call", "model"}
    )
    sampling: Mapping[str, str] = {
        "max_tokens": "max_tokens",
        "temperature": "temperature",
        "top_p": "top_p",
        "stop": "stop",
        "random_seed": "seed",
    }
    required_word = "any"

    def check_id(self, id: str) -> None:  # noqa: A002  # it is one
        """Refuse ids that are not nine letters and digits."""
        refuse_unless(
            re.fullmatch("[a-zA-Z0-9]{9}", id, re.ASCII), "an id that is not nine letters and digits"
        )

    def media(self, part: Mapping[str, Any]) -> str:
        """Take documents and thinking, too."""
        if part["type"] == "document_url":
            only(part, "type", "document_url", "document_name")
            return in_base64(part["document_url"])
        return "" if part["type"] == "thinking" else super().media(part)

    def opaque(self, parts: list[dict[str, Any]]) -> tuple[str, ...]:
        """Return the thinking that came back."""
        return tuple(
            inner["text"] for part in parts if part["type"] == "thinking" for inner in part["thinking"]
        )

    def calls(self, script: Script) -> list[dict[str, Any]]:
        """Return the calls of an answer; ids of Mistral's kind, and no type."""
        named = [
            ScriptedCall(call.name, call.arguments, f"{call.id:0<9}".replace("_", "Q"))
            for call in script.calls
        ]
        spelled = super().calls(Script(calls=tuple(named), cut_call=script.cut_call))
        return [{key: value for key, value in call.items() if key != "type"} for call in spelled]

    def usage(self) -> dict[str, Any]:
        """Return usage without reasoning."""
        return {key: value for key, value in super().usage().items() if key != "completion_tokens_details"}

    def message(self, script: Script) -> dict[str, Any]:
        """Return a message, in blocks where the model thinks."""
        blocks = [thinking(script.reasoning), {"type": "text", "text": script.text}]
        content = blocks if script.reasoning else script.text
        return {"role": "assistant", "content": content, "tool_calls": self.calls(script) or None}

    def stream(self, script: Script) -> list[bytes]:
        """Return a stream: thinking in blocks; calls whole, with the reason and the usage."""
        chunks = [self.chunk({"role": "assistant", "content": ""})]
        chunks += [self.chunk({"content": [thinking(piece)]}) for piece in halves(script.reasoning)]
        chunks += [self.chunk({"content": piece}) for piece in halves(script.text)]
        calls = [{"index": index, **call} for index, call in enumerate(self.calls(script))]
        last = self.chunk({"content": "", "tool_calls": calls or None}, self.reason(script))
        return [*(event(chunk) for chunk in chunks), event({**last, "usage": self.usage()}), event("[DONE]")]

    def failure(self, kind: Kind, message: str) -> Reply:
        """Return how Mistral says that something is wrong."""
        if kind == "filter":
            return Reply(status=0)
        if kind == "bad_request":
            where = {
                "type": "extra_forbidden",
                "loc": ["body", "x"],
                "msg": message,
                "input": {"secret": message},
            }
            return failed(422, {"detail": [where]})
        if kind == "authentication":
            return failed(401, {"detail": message})
        status, type_, code = FAILURES[kind]
        told = (
            f"{message}: Prompt contains 9 tokens, too large for the maximum context length"
            if kind == "context"
            else message
        )
        return failed(
            status, {"object": "error", "message": told, "type": type_, "param": None, "code": code}
        )


def thinking(text: str) -> dict[str, Any]:
    """Return a block of thinking."""
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


FAILURES: Mapping[str, tuple[int, str, str]] = {
    "forbidden": (403, "forbidden", "1900"),
    "not_found": (400, "invalid_model", "1500"),
    "context": (400, "invalid_request_prompt", "3051"),
    "rate": (429, "rate_limited", "1300"),
    "quota": (402, "payment_required", "1700"),
    "overloaded": (503, "service_unavailable", "3505"),
    "server": (500, "internal_server_error", "3000"),
    "timeout": (504, "timeout", "3500"),
}
